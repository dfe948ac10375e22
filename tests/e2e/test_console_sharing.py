"""The neighbours in a real browser, in English and in French, on a telephone: what leaves, and what came in.

The hub is whole: the guard, the pages of the warning and the reading of what neighbours send are real. Needs chromium.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from account_stage import COORDINATOR, DPO, IT, night_with_account, warning_drawn
from console_stage import CHROMIUM, NARROW, PHONE, Stage, staged
from test_console_access import axe, faults  # noqa: F401 - a fixture

from garde.hub.console.site import speaker
from garde.journal import sharing_kinds as s
from garde.journal.speech import LANGUAGES
from garde.sharing.in_ import taxii
from garde.sharing.in_.neighbours import FILE

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")
STIX = json.dumps(
    {"objects": [{"type": "indicator", "pattern": "[file:name = 'drop.exe']", "pattern_type": "stix"}]}
).encode()
BUNDLE = b"sort,value,tlp\naddress,203.0.113.50,green\nending,.drilled,green\nsha256," + b"ab" * 32 + b",green\n"


@pytest.fixture
def stage(tmp_path: Path, chromium: Any) -> Iterator[Stage]:
    with staged(tmp_path, chromium, DPO, COORDINATOR, IT) as made:
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_warning_is_looked_at_released_and_told(stage: Stage, language: str) -> None:
    say = speaker(language)
    night_with_account(stage, stage.pass_time)
    warning_drawn(stage)
    page = stage.window(DPO[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/sharing")
    page.get_by_role("heading", name=say("A warning for other hospitals lies ready")).wait_for()
    assert page.locator("#changed del").count() >= 1  # what the guard took out is shown
    page.locator("#approve > summary").click()
    page.locator("#approve form").get_by_role("button").click()
    page.get_by_text(say("It is released, exactly as you saw it.")).wait_for()
    link = page.locator(f"#warning a[href$='page.{language}.html']").get_attribute("href")
    text = page.request.get(f"{stage.url}{link}").text()
    assert "ws-supplier-1" not in text and "cmoreau" not in text
    page.locator("#told > summary").click()
    form = page.locator("#told form")
    form.locator("input[name=name]").fill("Dr <b>Petit</b>")
    form.get_by_role("button", name=say("Write it down")).click()
    page.get_by_text(say("It is written down."), exact=True).wait_for()
    assert page.locator("#neighbours li.good").count() == 1
    assert stage.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_neighbour_s_file_is_taken_and_dropped_again(stage: Stage, language: str) -> None:
    say = speaker(language)
    stage.night.enrol("files-1")
    page = stage.window(IT[0], language=language, size=PHONE)
    page.goto(f"{stage.url}/sharing")
    page.get_by_role("heading", name=say("Nothing to warn of")).wait_for()
    page.locator("#take > summary").click()
    page.locator("#take input[name=source]").fill("chr-meuse")
    page.set_input_files("#take input[name=bundle]", {"name": "n.csv", "mimeType": "text/csv", "buffer": BUNDLE})
    page.locator("#take button").click()
    page.get_by_text(say("It was kept, read, and every agent is asked to watch for it.")).wait_for()
    assert "CHR de la Meuse" in page.locator("#taken li").first.inner_text()
    page.locator("#taken button").click()
    page.get_by_text(say("It counts no more.")).wait_for()
    assert page.locator("#taken button").count() == 0
    assert stage.trouble == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_neighbour_is_asked_by_a_button_and_what_nobody_can_read_is_said(
    stage: Stage, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the neighbour answers is given here: the way to it over TAXII is played by tests of two hubs."""
    say, answers = speaker(language), [b'{"objects": [', STIX, STIX]
    (stage.house.hub.deps.state / FILE).write_text(
        '[[neighbour]]\nid = "chr-meuse"\nurl = "https://10.9.0.2:8443/taxii2/"\n'
    )
    monkeypatch.setattr(taxii, "fetch", lambda source, place: place.write_bytes(answers.pop(0)))
    page = stage.window(IT[0], language=language, size=NARROW)
    for expected in (None, "It was fetched, and every agent is asked to watch for it.",
                     "It answered. It warns of nothing that does not count here already."):  # fmt: skip
        page.goto(f"{stage.url}/sharing")
        page.locator("#poll button").click()
        if expected is not None:
            page.get_by_text(say(expected)).wait_for()
    page.goto(f"{stage.url}/sharing")
    (unread,) = page.locator("#unread li").all_inner_texts()
    assert "CHR de la Meuse" in unread
    assert "CHR de la Meuse" in page.locator("#taken li").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_precaution_shows_its_price_and_is_decided_by_whoever_may(stage: Stage) -> None:
    offered = s.PrecautionOffered("p-1", "chr-meuse", ("record-1", "files-1"), ("record",), "they are under attack")
    stage.house.loop.append([offered])
    other = stage.window(IT[0], size=NARROW)
    other.goto(f"{stage.url}/sharing")
    assert other.locator("#precautions .price.bad li").count() == 1 and other.locator("#decide-p-1").count() == 0
    page = stage.window(COORDINATOR[0], size=NARROW)
    page.goto(f"{stage.url}/sharing")
    page.locator("#decide-p-1 > summary").click()
    page.locator("#decide-p-1 button[value=ready]").click()
    page.locator("#precaution-p-1 .chip", has_text="healthy, ready to cut").wait_for()
    decided = next(each.payload for each in stage.house.journal_entries() if each.kind == "precaution_decided")
    assert (decided.state, decided.by) == ("ready", COORDINATOR[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_a_small_telephone_and_axe_finds_nothing(stage: Stage, axe: str, language: str) -> None:  # noqa: F811
    night_with_account(stage, stage.pass_time)
    warning_drawn(stage)
    offered = s.PrecautionOffered("p-1", "chr-meuse", ("record-1",), ("record",), "they are under attack")
    stage.house.loop.append([offered])
    page = stage.window(
        COORDINATOR[0], language=language, size=NARROW, color_scheme="light" if language == "en" else "dark"
    )
    page.goto(f"{stage.url}/sharing")
    page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert faults(page, axe) == [] and stage.trouble == []
