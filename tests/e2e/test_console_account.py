"""The account, the clocks and the drafts in a real browser, in English and in French, on a telephone.

The hub is whole, on a clock that stands still until it is told to go on; what agents would say is said in their place.
Needs chromium; axe-core where it can be fetched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from account_stage import COORDINATOR, DIRECTOR, DPO, IT, OUTSIDE, H, looked, night_with_account
from console_stage import CHROMIUM, NARROW, PHONE, Stage, staged
from test_console_access import axe, faults  # noqa: F401 - a fixture

from garde.hub.console.site import speaker
from garde.journal.speech import LANGUAGES, Say

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")


@pytest.fixture
def stage(tmp_path: Path, chromium: Any) -> Iterator[Stage]:
    with staged(tmp_path, chromium, DPO, DIRECTOR, COORDINATOR, IT) as made:
        yield made


def minute(stage: Stage, before: float = 0.0) -> str:
    return datetime.fromtimestamp(stage.house.clock.now() - before).strftime("%Y-%m-%d %H:%M")


def kinds(stage: Stage) -> list[str]:
    return [each.kind for each in stage.house.journal_entries()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_account_says_what_it_knows_and_what_it_does_not(stage: Stage, language: str) -> None:
    say = speaker(language)
    incident = night_with_account(stage, stage.pass_time)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/account")
    page.get_by_role("heading", name=say("No sign that data left, so far")).wait_for()
    assert "Drill" in page.locator("#what").inner_text() and OUTSIDE in page.locator("#what").inner_text()
    assert page.locator("#left svg .watched").count() == 3  # two lanes and the key
    assert page.locator("#evidence li").count() >= 3
    assert "<b>gone" not in page.content()
    looked(stage, incident, "blind")  # nothing is pressed: it comes by itself
    page.get_by_role("heading", name=say("Whether data left cannot be told")).wait_for()
    assert page.locator("#left svg .blind").count() == 2
    page.get_by_role("link", name=say("Report to the board of directors")).click()
    page.locator("#unseen").wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('.figures')).display") == "grid"
    answer = page.request.get(f"{stage.url}/account/report.pdf")
    assert answer.body().startswith(b"%PDF")
    assert stage.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_evidence_is_referred_to_and_put_into_one_bundle(stage: Stage, language: str) -> None:
    say = speaker(language)
    night_with_account(stage, stage.pass_time)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/account")
    page.locator("#refer > summary").click()
    page.locator("#refer input[name=name]").fill("disk <12>")
    page.locator("#refer input[name=place]").fill("safe of the director")
    page.locator("#refer button").click()
    page.get_by_text(say("It is written down as evidence.")).wait_for()
    page.locator("#bundle > summary").click()
    page.locator("#bundle button").click()
    page.get_by_text(say("The bundle is being made. It is here in a moment.")).wait_for()
    stage.house.wait_for("bundle_made")
    page.locator("#evidence.good").wait_for()  # nothing is pressed: it comes by itself
    assert stage.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_somebody_is_aware_and_the_clocks_run_and_run_out(stage: Stage, language: str) -> None:
    say = speaker(language)
    night_with_account(stage, stage.pass_time)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/clocks")
    page.get_by_role("heading", name=say("Nobody has said since when the hospital is aware")).wait_for()
    form = page.locator("#say-aware form")
    form.get_by_label(say("Since (06:10, or 2026-11-24 06:10)")).fill(minute(stage, 600))
    form.get_by_role("button").click()
    page.locator("#clock-gdpr_33 progress").wait_for()
    assert page.locator("#clock-gdpr_33 .left").inner_text().startswith(("71 h", "reste 71 h"))
    assert "aware_said" in kinds(stage) and "clock_started" in kinds(stage)
    _does_not_apply(page, say)
    page.close()  # its session ends with the time that passes, and a page that is open would go on asking
    stage.pass_time(60 * H)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/clocks")
    page.locator("#clock-gdpr_33.warn").wait_for()
    page.close()
    stage.pass_time(20 * H)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/clocks")
    page.locator("#clock-gdpr_33.bad", has_text=say("OVERDUE")).wait_for()
    page.locator(".headline.bad").wait_for()
    assert stage.trouble == []


def _does_not_apply(page: Any, say: Say) -> None:
    page.locator("#waiting > summary").click()
    waiting = page.locator("#waiting .card").first
    waiting.locator(".confirm > summary").click()
    waiting.get_by_label(say("it does not apply"), exact=True).check()
    waiting.get_by_label(say("Why"), exact=True).fill("no such <contract>")
    waiting.get_by_role("button", name=say("Write it down")).click()
    page.get_by_text(say("It is written down."), exact=True).wait_for()
    page.locator("#waiting > summary").click()
    page.locator("#waiting .card", has_text="no such <contract>").first.wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_is_filled_completed_signed_and_handed_in_and_amended(stage: Stage, language: str) -> None:
    say = speaker(language)
    incident = night_with_account(stage, stage.pass_time)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/drafts")
    card = page.locator("#form-gdpr_33")
    assert card.locator("select").input_value() == language
    card.get_by_role("button", name=say("Fill it")).click()
    page.locator("#field-data_left .rests a").first.wait_for()
    assert page.locator("#field-subjects_count .none").count() == 1  # unknown stays unknown
    for name, begin in (("paper.pdf", b"%PDF"), ("draft.json", b"{"), ("draft.txt", b"")):
        answer = page.request.get(page.url.partition("?")[0] + "/" + name)
        assert answer.ok and answer.body().startswith(begin), name
    assert page.request.get(f"{stage.url}/clocks/paper.pdf").body().startswith(b"%PDF")
    _complete(page, say)
    page.locator("#sign > summary").click()
    page.locator("#sign form").get_by_role("button").click()
    page.get_by_text(say("You have signed exactly this version.")).wait_for()
    page.locator("#submit > summary").click()
    form = page.locator("#submit form")
    form.locator("input[name=at]").fill(minute(stage, 60))
    form.locator("input[name=channel]").fill("web <form>")
    form.locator("input[name=reference]").fill("2024/77")
    form.get_by_role("button").click()
    page.locator("#hand-in", has_text="web <form> 2024/77").wait_for()
    assert page.locator(".field .confirm").count() == 0  # what was handed in is never edited
    looked(stage, incident, "seen")  # later it turns out that data left
    page.locator(".loud[role=alert]").get_by_role("button", name=say("Make the amendment")).click()
    page.get_by_text(say("It amends")).wait_for()
    assert page.locator("#field-subjects_count .value").inner_text() == "about <160>"
    assert stage.trouble == []


def _complete(page: Any, say: Say) -> None:
    field = page.locator("#field-subjects_count")
    field.locator(".confirm > summary").click()
    field.locator("textarea").fill("about <160>")
    field.get_by_role("button", name=say("Write it down")).click()
    page.locator("#field-subjects_count", has_text="about <160>").wait_for()
    assert page.locator("#field-subjects_count .chip.note").count() == 1


def test_the_ransom_is_decided_by_whoever_may_and_by_nobody_else(stage: Stage) -> None:
    night_with_account(stage, stage.pass_time)
    other = stage.window(IT[0], size=PHONE)
    other.goto(f"{stage.url}/clocks")
    assert other.locator("#decide-ransom").count() == 0 and other.locator("#say-aware").count() == 0
    assert other.locator("#ransom .why-not").count() == 1
    page = stage.window(COORDINATOR[0], size=NARROW, java_script_enabled=False)
    page.goto(f"{stage.url}/clocks")
    page.locator("#decide-ransom > summary").focus()
    page.keyboard.press("Enter")
    page.locator("#decide-ransom button").focus()
    page.keyboard.press("Enter")
    page.locator("#ransom", has_text="Paying guarantees neither").wait_for()
    assert kinds(stage).count("ransom_decided") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_fit_a_small_telephone_and_axe_finds_nothing(stage: Stage, axe: str, language: str) -> None:  # noqa: F811
    night_with_account(stage, stage.pass_time, upload=True)
    page = stage.window(DPO[0], language=language, size=NARROW, color_scheme="light" if language == "en" else "dark")
    page.goto(f"{stage.url}/drafts")
    page.locator("#form-gdpr_33 button").click()
    page.locator("#fields").wait_for()
    draft = page.url.removeprefix(stage.url).partition("?")[0]
    wrong: dict[str, list[str]] = {}
    for path in ("/account", "/clocks", "/drafts", draft, "/account/report"):
        page.goto(stage.url + path)
        if path != "/account/report":
            page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= NARROW["width"], (path, wide)
        if path != "/account/report":  # its policy lets no script in: it is looked at as a file
            wrong[path] = faults(page, axe)
    text = page.request.get(f"{stage.url}/account/report").text()
    page.goto("about:blank")
    page.set_content(text.replace("default-src 'none'; style-src 'unsafe-inline'", "default-src * 'unsafe-inline'"))
    wrong["report"] = faults(page, axe)
    assert [f"{path}: {each}" for path, found in wrong.items() for each in found] == []
    assert stage.trouble == []
