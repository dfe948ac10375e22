"""The page of a ward's PC in a real browser, on a telephone's width and on a desk: entered, pressed, printed, alarmed.

The program runs as users run it; the printer is a real one (IPP). Needs chromium; the looks for accessibility need
axe-core, which `scripts/fetch-axe` brings by npm.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from console_stage import CHROMIUM, DESKTOP, PHONE  # noqa: E402
from tests.support.call_peers import ipp_printer, until  # noqa: E402
from tests.support.ward_house import Pair, make_pair, pages_in  # noqa: E402
from tests.support.ward_process import WardProcess, ward  # noqa: E402

from garde.clock import SystemClock  # noqa: E402
from garde.desk.push import post  # noqa: E402
from garde.ward.config import load_config, save_config  # noqa: E402
from garde.ward.page.words import WORDS  # noqa: E402

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")
AXE = HERE / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (only) => {
    for (const each of document.querySelectorAll("details")) each.open = true;
    const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"]});
    return found.violations.map((rule) => `${rule.id}: ${rule.help}: ` +
        rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "));
}"""
PIN = "482190"


class Room:
    """A PC that runs, its desk's files, a printer, a browser."""

    def __init__(self, pc: WardProcess, pair: Pair, printer: Any, browser: Any) -> None:
        self.pc, self.pair, self.printer, self.browser = pc, pair, printer, browser
        self.trouble: list[str] = []

    def window(self, language: str, size: dict[str, int]) -> Any:
        context = self.browser.new_context(viewport=size)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.goto(f"{self.pc.page}/language/{language}")
        return page

    def enter(self, page: Any, words: dict[str, str]) -> None:
        page.get_by_label(words["name"]).fill("nina")
        page.get_by_label(words["pin"], exact=True).fill(PIN)
        page.get_by_role("button", name=words["go"], exact=True).click()
        page.get_by_text(words["entered"].format(name="nina")).wait_for()


@pytest.fixture
def room(tmp_path: Path, chromium: Any) -> Iterator[Room]:
    pc = WardProcess(tmp_path / "ward", place="3B")
    pair = make_pair(tmp_path / "aside", SystemClock(), enrol=False)
    (told,) = ward(
        "enrol", str(pc.state / "ward.card"), "--state", str(pair.desk_state), "--out", str(tmp_path / "desk.card")
    )
    pc.command("take", told["card"])
    pc.command("account", "nina", said=f"{PIN}\n")
    pair.book.follow(pair.fold)
    with ipp_printer(tmp_path / "printer") as printer:
        save_config(pc.state, replace(load_config(pc.state), printer=printer.uri))
        with pc.running():
            yield Room(pc, pair, printer, chromium)
    pair.book.close()


def send(room: Room, **more: Any) -> str:
    manifest = room.pair.make(30, **more)
    assert post(room.pc.address, "/parcel", room.pair.parcel(manifest))[0] == 200
    return manifest.pack


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("fr", DESKTOP)])
def test_all_medication_sheets_in_one_press(room: Room, language: str, size: dict[str, int]) -> None:
    words, pack = WORDS[language], send(room)
    page = room.window(language, size)
    page.get_by_text(words["fresh"], exact=True).wait_for()
    assert page.get_by_role("button", name=words["mar"]).count() == 0
    room.enter(page, words)
    page.get_by_role("button", name=words["mar"]).click()
    page.get_by_text(re.compile(f"14 .*{pack} .*nina")).wait_for()  # it comes by itself
    assert pages_in(until(room.printer.pages)[0]) == list(range(2, 30, 2))
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert room.trouble == []


def test_it_tells_when_the_data_grow_old_without_a_press(room: Room) -> None:
    page = room.window("en", DESKTOP)
    page.get_by_text(WORDS["en"]["none"]).wait_for()
    assert page.title().startswith("⚠")
    send(room)
    page.get_by_text(WORDS["en"]["fresh"], exact=True).wait_for()
    assert not page.title().startswith("⚠")
    send(room, as_of=time.time() - 7 * 3600)
    page.get_by_text(WORDS["en"]["stale"], exact=True).wait_for()
    assert page.get_by_text("7 h 00 min old").count() == 1 and room.trouble == []


def test_the_page_works_without_a_script(room: Room) -> None:
    send(room)
    page = room.browser.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(room.pc.page)
    room.enter(page, WORDS["en"])
    page.get_by_role("button", name=WORDS["en"]["census"]).click()
    assert pages_in(until(room.printer.pages)[0]) == [1]


@pytest.mark.parametrize("language", WORDS)
def test_nothing_keeps_anybody_out(room: Room, language: str) -> None:
    done = subprocess.run([str(HERE.parents[1] / "scripts/fetch-axe")], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("axe-core could not be fetched")
    page = room.window(language, PHONE)
    axe = AXE.read_text(encoding="utf-8")
    page.evaluate(axe)
    assert page.evaluate(LOOK, TAGS) == []
    send(room, as_of=time.time() - 3 * 3600)
    page.get_by_text(WORDS[language]["old"], exact=True).wait_for()
    room.enter(page, WORDS[language])
    page.evaluate(axe)
    assert page.evaluate(LOOK, TAGS) == []
