"""The plan, the diversion, the services and a call in a real browser, each from its beginning to its end, twice: in
English and in French.

The hub is whole, on a clock that stands still until it is told to go on; the modem is a folder. Needs chromium.
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

from console_stage import BEGAN, CHROMIUM, DESKTOP, PHONE, Stage, staged

from garde.emergency.words import EMERGENCY_LOCALE
from garde.hub.console.site import speaker
from garde.journal import hub_kinds as h
from garde.journal.speech import LANGUAGES, Say, say_in
from garde.oncall.codes import codes_in, shown

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")
A_DAY_S = 90_000.0


@pytest.fixture
def stage(tmp_path: Path, chromium: Any) -> Iterator[Stage]:
    with staged(tmp_path, chromium, ("shaddad", "crisis_coordinator"), calling=True) as made:
        made.night.enrol("files-1", "files-2", "files-3")
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_coordinator_and_the_plan(stage: Stage, language: str) -> None:
    say = speaker(language)
    page = stage.window("shaddad", language=language, size=PHONE if language == "en" else DESKTOP)
    page.goto(f"{stage.url}/plan")
    stage.house.loop.append([h.MachineCut("record-1", "by-hand", "isolate")])  # nothing is pressed: it comes by itself
    page.get_by_role("heading", name=say("The emergency plan should be triggered")).wait_for()
    _trigger(page, say)
    _a_task(page, say)
    _ambulances(stage, page, say)
    _radiology(stage, page, say)
    _keep_and_lift(stage, page, say, language)
    kinds = [entry.kind for entry in stage.house.journal_entries()]
    wanted = ["plan_proposed", "plan_triggered", "task_taken", "task_done", "diversion_changed", "diversion_told",
              "diversion_acknowledged", "service_overridden", "plan_held", "plan_stood_down"]  # fmt: skip
    assert [kinds.index(each) for each in wanted] == sorted(kinds.index(each) for each in wanted)
    assert [line for line in stage.trouble if "409" not in line] == []  # lifting it while it is held was refused


def _trigger(page: Any, say: Say) -> None:
    page.locator("#to-action > summary").click()
    page.locator("#to-action").get_by_role("button", name=say("Decide: {phase}", phase="Action")).click()
    page.get_by_text(say("It is written down. The plan is in this phase now.")).wait_for()
    page.get_by_role("heading", name=say("The emergency plan is in force: {phase}", phase="Action")).wait_for()


def _a_task(page: Any, say: Say) -> None:
    card = page.locator("#tasks article", has=page.locator("input[name=task][value=crisis-team]"))
    card.get_by_role("button", name=say("I do it")).click()
    card.get_by_text(say("taken by {who}", who="Sami Haddad")).wait_for()
    card.get_by_role("button", name=say("Done")).click()
    page.get_by_text(say.many("{n} task is over", "{n} tasks are over", 1)).wait_for()
    assert card.count() == 0


def _ambulances(stage: Stage, page: Any, say: Say) -> None:
    page.get_by_role("navigation").get_by_role("link", name=say("Diversion")).click()
    way = page.locator("#way-ambulances")
    way.get_by_text(say("Change…")).click()
    way.get_by_label(say("Reason, as it is read out")).fill("no <record>")
    way.get_by_role("button", name=say("Divert"), exact=True).click()
    way.locator("blockquote", has_text="no <record>").first.wait_for()  # what is read on the telephone
    line = way.locator("li", has=page.locator("input[name=recipient][value='112']"))
    line.get_by_role("button", name=say("Told by phone")).click()
    at = datetime.fromtimestamp(BEGAN).strftime("%H:%M:%S")
    line.get_by_text(say("told {time} by {who}", time=at, who="Sami Haddad")).wait_for()
    line.get_by_text(say("Understood…")).click()
    line.get_by_label(say("Who spoke there")).fill("operator 12")
    line.get_by_role("button", name=say("They have understood")).click()
    way.get_by_text("operator 12").wait_for()
    stands = stage.house.loop.look("emergency", lambda state: state.diversions["ambulances"].heard["112"].name)
    assert stands == "operator 12"


def _radiology(stage: Stage, page: Any, say: Say) -> None:
    page.get_by_role("navigation").get_by_role("link", name=say("Services"), exact=True).click()
    board = say_in(say.language, EMERGENCY_LOCALE)
    row = page.locator("#service-radiology")
    assert row.locator(".state").inner_text() == board("works")
    assert page.locator("#service-record .state").inner_text() == board("on paper")
    row.locator("summary").click()
    row.get_by_label(say("How it stands")).select_option("degraded")
    row.get_by_label(say("Why"), exact=True).fill("images on the scanner only")
    row.get_by_role("button", name=say("Say so")).click()
    page.locator("#service-radiology", has_text="images on the scanner only").wait_for()
    assert row.locator(".state").inner_text() == board("works with less")


def _keep_and_lift(stage: Stage, page: Any, say: Say, language: str) -> None:
    page.goto(f"{stage.url}/plan")
    page.locator("#hold > summary").click()
    page.locator("#hold input[name=until]").fill("07:00")
    page.locator("#hold button").click()
    page.get_by_text(say("It is written down. The plan is kept until then.")).wait_for()
    _lift(page, say)
    page.get_by_text(say.known("the plan is kept until a set time")).wait_for()  # nothing is lifted before
    page.close()
    stage.pass_time(A_DAY_S)
    page = stage.window("shaddad", language=language)  # nobody stays signed in for so long
    page.goto(f"{stage.url}/plan")
    _lift(page, say)
    page.get_by_text(say("The plan is lifted.")).wait_for()
    page.get_by_role("heading", name=say("The emergency plan is not in force")).wait_for()


def _lift(page: Any, say: Say) -> None:
    page.locator("#lift > summary").click()
    page.get_by_label(say("I accept that, and say why")).check()
    page.locator("#lift input[name=note]").fill("the direction accepts it")
    page.locator("#lift button").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_that_is_read_out(stage: Stage, language: str) -> None:
    say = speaker(language)
    page = stage.window("shaddad", language=language)
    page.goto(f"{stage.url}/calls")
    stage.night.strike("files-1")
    stage.pass_time(2.0)
    page.locator("#called article.warn", has_text="Files of the wards").first.wait_for()  # it came by itself
    stage.house.wait_for("command_done", lambda payload: "outbox" in payload.detail)
    (code, *_) = codes_in(stage.house.pages()[0])
    page.get_by_label(say("A code that somebody reads out to you (nine digits)")).fill(shown(code))
    page.get_by_role("button", name=say("They know")).click()
    page.get_by_text(say("The code is taken: that person knows.")).wait_for()
    page.goto(stage.url)
    page.locator("#glance li", has_text="Ngozi Okafor").wait_for()
    assert stage.trouble == []
