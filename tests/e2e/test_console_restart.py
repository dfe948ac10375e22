"""The way back in a real browser, from judged points to an opened server and a relapse, in English and in French.

The hub and its engine are whole, on a clock that stands still until it is told to go on; what agents would say is said
in their place. Needs chromium.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from console_stage import CHROMIUM, DESKTOP, NARROW, PHONE, Stage, staged
from way_stage import CARE, IT, H, People, harm_before, relapse

from garde.hub.console.site import speaker
from garde.journal.speech import LANGUAGES, Say
from garde.model.restart import Item
from garde.model.restart import Stage as Stages

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")


@pytest.fixture
def stage(tmp_path: Path, chromium: Any) -> Iterator[Stage]:
    with staged(tmp_path, chromium, IT, CARE) as made:
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_judged_points_to_listed_flows_and_cut_again(stage: Stage, language: str) -> None:
    say = speaker(language)
    people = harm_before(stage)
    people.plan()
    size = PHONE if language == "en" else DESKTOP
    page = stage.window(IT[0], language=language, size=size)
    _points_arrive(stage, people, page, say)
    _begin(stage, people, page, say)
    _put_in_place(stage, people, page, say)
    _answer(stage, people, page, say)
    _two_sign(stage, people, page, say, language)
    page.locator("#gate-head .chip", has_text=say("listed flows")).wait_for()
    _a_relapse_is_loud(stage, people, page, say)
    assert stage.trouble == []


def _points_arrive(stage: Stage, people: People, page: Any, say: Say) -> None:
    page.goto(f"{stage.url}/points")
    page.get_by_role("heading", name=say("Retention is frozen: proven")).wait_for()
    page.locator("#of-files-1").get_by_role("button", name=say("List and judge them")).click()
    page.get_by_text(say("They are being judged. Each is here as soon as it is.")).wait_for()
    assert page.locator("#of-files-1 .point").count() == 0
    people.way.do("judge")  # nothing is pressed: they come by themselves
    page.locator("#of-files-1 .point").nth(3).wait_for()
    assert page.locator("#of-files-1 svg.shelf .mark").count() == 4
    assert page.locator("#of-files-1 .point.bad button").count() == 0


def _begin(stage: Stage, people: People, page: Any, say: Say) -> None:
    page.goto(f"{stage.url}/restart/files-1")
    page.locator("#step-begin > summary").click()
    form = page.locator("#step-begin form")
    services = stage.house.loop.estate.label("documents", say.language, "services")
    assert services in form.inner_text() or form.get_by_text(say("No clinical service lives on it.")).count()
    form.get_by_role("button", name=say("Begin its way back")).click()
    page.get_by_text(say("It begins: its isolation is being proven.")).wait_for()
    people.way.settle()
    page.locator("#gate-head .chip", has_text=say("isolated")).wait_for()


def _put_in_place(stage: Stage, people: People, page: Any, say: Say) -> None:
    page.goto(f"{stage.url}/points")
    point = page.locator("#point-files-1-3")
    point.get_by_role("button", name=say("Try it in a scratch place")).click()
    page.get_by_text(say("It is brought to a scratch place and verified. That takes its time.")).wait_for()
    people.way.settle()
    point.get_by_text(say("tried, whole")).wait_for()
    point.locator(".confirm > summary").click()
    point.get_by_role("button", name=say("Put it in place"), exact=True).click()
    page.get_by_text(say("It is put in place. What it replaces is kept as evidence.")).wait_for()
    people.way.settle()
    point.get_by_text(say("in place, verified")).wait_for()
    page.locator("#of-files-1 > .again").wait_for()  # from when on the wards have to enter data again


def _answer(stage: Stage, people: People, page: Any, say: Say) -> None:
    people.change_credentials("files-1")
    people.answer("files-1", Item.EVIDENCE, Item.REBUILT)
    people.answer("files-1", Item.CLINICIAN, who=CARE)
    page.goto(f"{stage.url}/restart/files-1")
    item = page.locator("#item-entry")
    item.get_by_text(say("Answer…")).click()
    item.get_by_label(say("yes"), exact=True).check()
    item.get_by_role("textbox").first.fill("a supplier’s <account>")
    item.get_by_role("button", name=say("Say so")).click()
    page.get_by_text(say("Your answer is written down.")).wait_for()
    page.locator("#item-entry", has_text="a supplier’s <account>").wait_for()
    people.way.settle()
    page.locator("#gate-head .chip", has_text=say("watched")).wait_for()
    assert page.locator("#signatures button").count() == 0  # it is signed when the watch is over


def _two_sign(stage: Stage, people: People, page: Any, say: Say, language: str) -> None:
    people.pass_time(4 * H)
    page = stage.window(IT[0], language=language)
    page.goto(f"{stage.url}/restart/files-1")
    page.locator("#sign-it").get_by_role("button", name=say("Sign")).click()
    page.locator("#sign-it", has_text="Luc Lemaire").wait_for()
    assert page.locator("#sign-service button").count() == 0  # one person, one side
    other = stage.window(CARE[0], language=language)
    other.goto(f"{stage.url}/restart/files-1")
    other.locator("#sign-service").get_by_role("button", name=say("Sign")).click()
    page.locator("#sign-service", has_text="Sami Haddad").wait_for()
    people.way.settle()
    assert people.stage_of("files-1") == Stages.LISTED


def _a_relapse_is_loud(stage: Stage, people: People, page: Any, say: Say) -> None:
    wall = stage.window(CARE[0], language=say.language, size=DESKTOP)
    wall.goto(f"{stage.url}/wall")
    wall.locator(".wayline").wait_for()
    relapse(people)
    page.locator(".loud[role=alert]", has_text=say("CUT AGAIN")).wait_for()
    wall.locator(".wayline.bad", has_text="Files of the wards").wait_for()
    assert page.locator("#signatures button").count() == 0 and page.locator("#step-again").count() == 1
    page.goto(f"{stage.url}/restart")
    page.locator(".loud h1").wait_for()
    assert page.locator(".lanes .how.bad").count() == 1  # only what had begun of its wave was cut again


def test_the_order_without_script_and_with_the_keyboard_alone(stage: Stage) -> None:
    harm_before(stage)
    page = stage.window(IT[0], size=NARROW, java_script_enabled=False)
    page.goto(f"{stage.url}/restart")
    page.locator("#reorder > summary").focus()
    page.keyboard.press("Enter")
    page.locator("select[name='wave.record-1']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")  # the first wave: before the database that it needs
    page.get_by_role("button", name="Decide this order").focus()
    page.keyboard.press("Enter")
    page.locator(".notice.warn", has_text="would start without").first.wait_for()
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Decide this order").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The order is decided. Open a server of the first wave and begin.").wait_for()
    planned = next(entry.payload for entry in stage.house.journal_entries() if entry.kind == "restart_planned")
    assert "record-1" in planned.waves[0] and planned.warnings  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_wider_than_a_small_telephone(stage: Stage, language: str) -> None:
    people = harm_before(stage, unfrozen=("nightly",))
    people.plan()
    people.judge("files-1", "record-1")
    people.begin("files-1", "db-1")
    relapse(people)
    page = stage.window(IT[0], language=language, size=NARROW)
    for path in ("/restart", "/restart/files-1", "/restart/db-1", "/points", "/credentials", "/"):
        page.goto(stage.url + path)
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= NARROW["width"], (path, wide)
        assert len(page.content().encode()) < 300_000
