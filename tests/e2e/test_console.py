"""The console in a real browser: sign in, watch an incident arrive, approve a cut, see it proven, undo it.

The hub is whole (journal, capabilities, TLS, event stream); what agents would say is said in their place. Needs
chromium.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from console_stage import CHROMIUM, PASSWORD, ConsoleHouse, Stage

from garde.clock import SystemClock

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")


@pytest.fixture
def stage(tmp_path: Path, chromium: Any) -> Iterator[Stage]:
    with ConsoleHouse(tmp_path / "hub", SystemClock()) as house, house.serving() as url:
        made = Stage(house, url, chromium)
        made.night.enrol("files-1", "files-2", "files-3")
        yield made
        made.close()


def test_sign_in_watch_approve_prove_undo(stage: Stage) -> None:
    stage.house.account("llemaire", "operator")
    page = stage.window()
    page.goto(f"{stage.url}/")
    page.get_by_label("Login").fill("llemaire")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="All quiet").wait_for()

    stage.night.strike("files-1")  # nothing is pressed: it comes by itself
    page.get_by_role("heading", name="Being cut off").wait_for()
    page.get_by_role("link", name="Look", exact=True).click()
    page.get_by_role("heading", name="Being cut off").wait_for()
    stage.night.strike("files-2")
    page.locator("svg.graph text", has_text="Files of the admin").first.wait_for()
    stage.night.obey()
    page.get_by_role("heading", name="Stopped").wait_for()

    card = page.locator("article.cut", has_text="Shut the account cmoreau")
    card.get_by_role("button", name="Yes, do it").click()
    page.get_by_text("Your yes is written down.").wait_for()
    card.get_by_text("ordered", exact=True).wait_for()
    stage.night.obey()
    card.get_by_text("proven", exact=True).wait_for()
    assert card.locator(".tracker .done").count() == 3
    card.get_by_text("Undo…").click()
    card.get_by_role("button", name="Undo it").click()
    page.get_by_text("It is being undone.").wait_for()
    stage.night.obey()
    page.get_by_text("other cut").first.click()
    page.locator("#other-cuts .chip", has_text="undone").wait_for()
    said = [entry.payload.decision for entry in stage.house.journal_entries() if entry.kind == "cut_decided"]  # type: ignore[attr-defined]
    assert said == ["approve", "undo"]
    assert stage.trouble == []


def test_with_the_keyboard_alone(stage: Stage) -> None:
    stage.house.account("llemaire", "operator")
    stage.night.strike("files-1")
    page = stage.window("llemaire")
    page.goto(f"{stage.url}/incidents/{stage.incident()}")
    wanted, reached = "Yes, do it", ""
    for _ in range(60):
        page.keyboard.press("Tab")
        reached = page.evaluate("document.activeElement.innerText")
        if reached == wanted:
            break
    assert reached == wanted
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_text("Your yes is written down.").wait_for()


def test_what_somebody_types_and_has_open_survives_the_news(stage: Stage) -> None:
    stage.house.account("llemaire", "operator")
    stage.night.strike("files-1")
    page = stage.window("llemaire")
    page.goto(f"{stage.url}/incidents/{stage.incident()}")
    card = page.locator("#cuts article.cut").first
    card.get_by_text("Undo…").click()
    card.get_by_label("Why (may stay empty)").fill("the scanner needs it")
    stage.night.obey()
    card.get_by_text("proven", exact=True).wait_for()
    assert card.get_by_label("Why (may stay empty)").input_value() == "the scanner needs it"
    assert page.evaluate("document.activeElement.name") == "note"


def test_a_hub_that_is_gone_is_said(tmp_path: Path, chromium: Any) -> None:
    with ConsoleHouse(tmp_path / "hub", SystemClock()) as house:
        house.account("llemaire", "operator")
        with house.serving() as url:
            stage = Stage(house, url, chromium)
            page = stage.window("llemaire")
            page.clock.install()
            page.goto(f"{url}/")
            assert page.locator(".lost-note").is_hidden()
        page.clock.run_for(30_000)
        page.locator(".lost-note").wait_for()
        assert "this page is old" in page.locator(".lost-note").inner_text()
        stage.windows[0].close()


def test_without_script_it_works_as_well(stage: Stage) -> None:
    stage.house.account("llemaire", "operator")
    stage.night.strike("files-1")
    page = stage.window("llemaire", java_script_enabled=False)
    page.goto(f"{stage.url}/incidents/{stage.incident()}")
    page.locator("#decide").get_by_role("button", name="Yes, do it").first.click()
    page.get_by_text("Your yes is written down.").wait_for()
    assert [each.kind for each in stage.house.journal_entries()].count("cut_decided") == 1


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_nothing_is_wider_than_a_telephone(stage: Stage, language: str, scheme: str) -> None:
    stage.house.account("ejanssens", "it_director")
    stage.night.strike("files-1")
    stage.night.obey(but="files-2")
    page = stage.window("ejanssens", language=language, color_scheme=scheme)
    cut = next(iter(stage.house.loop.look("board", lambda board: dict(board.cuts))))
    incident = f"/incidents/{stage.incident()}"
    for path in (
        "/",
        "/wall",
        "/map",
        "/plan",
        "/services",
        "/services?wall=1",
        "/diversion",
        "/calls",
        "/start",
        incident,
        f"{incident}/files",
        f"/cuts/{cut}",
        "/journal",
        "/accounts",
        "/me",
        "/machines/files-1",
    ):
        page.goto(stage.url + path)
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        small = page.evaluate("""[...document.querySelectorAll('main button, main summary, nav a')]
            .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 24)
            .map((each) => each.innerText)""")  # WCAG 2.2, 2.5.8
        assert small == [], path
    assert stage.trouble == []


def test_every_report_comes_onto_an_open_page(stage: Stage) -> None:
    stage.house.account("llemaire", "operator")
    stage.night.strike("files-1")
    page = stage.window("llemaire")
    page.goto(f"{stage.url}/incidents/{stage.incident()}")
    for number in range(15):
        stage.night.strike("files-1", user=f"user{number}", files=1)
    for number in range(15):
        page.locator("#timeline", has_text=f"user{number}").wait_for()
    assert page.locator("#timeline li", has_text="Judged an attack").count() == 16  # nothing lost, nothing twice
    assert stage.trouble == []
