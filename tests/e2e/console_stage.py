"""A hub that serves, browser windows on it, and a night to look at: shared by the browser tests and the pictures.

The hub is whole (journal, capabilities, TLS, event stream); what agents would say is said in their place.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit/hub/console"))

from console_house import COOKIE, PASSWORD, ConsoleHouse, Night, empty_house

from garde.clock import VirtualClock
from garde.hub.deps import Caller
from garde.hub.plan_acts import Desk
from garde.journal import hub_kinds as h
from garde.oncall.codes import codes_in

__all__ = [
    "BEGAN", "CHROMIUM", "DESKTOP", "NARROW", "PASSWORD", "PHONE", "WALL", "ConsoleHouse", "Stage", "empty_house",
    "hospital_in_crisis", "launched", "night_in_progress", "staged",
]  # fmt: skip

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
BEGAN = 1_731_899_460.0  # where a clock that stands still stands
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 360, "height": 780}
DESKTOP = {"width": 1366, "height": 900}
WALL = {"width": 1920, "height": 1080}
OTHERS = "ERR_NETWORK_CHANGED"  # somebody else on this machine made or took away a network interface
SLOW_S = 20.0  # for a busy machine; what must be quick is measured apart


@contextmanager
def launched() -> Iterator[Any]:
    """Chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Stage:
    """A hub that serves, browser windows, and everything that went wrong in them."""

    def __init__(self, house: ConsoleHouse, url: str, chromium: Any) -> None:
        self.house, self.night, self.url, self.chromium = house, Night(house), url, chromium
        self.trouble: list[str] = []
        self.windows: list[Any] = []

    def window(self, login: str = "", *, language: str = "en", size: Any = None, **more: Any) -> Any:
        context = self.chromium.new_context(ignore_https_errors=True, locale=language, viewport=size or PHONE, **more)
        self.windows.append(context)
        context.set_default_timeout(SLOW_S * 1000)
        context.add_cookies([{"name": "garde-language", "value": language, "url": self.url}])
        if login:
            token = self.house.accounts.begin(login, "password", "127.0.0.1")
            context.add_cookies([{"name": COOKIE, "value": token, "url": self.url, "secure": True, "httpOnly": True}])
        page = context.new_page()
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda line: self._complain(line.type, line.text))
        return page

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and OTHERS not in text:
            self.trouble.append(text)

    def close(self) -> None:
        for window in self.windows:
            window.close()

    def pass_time(self, seconds: float) -> None:
        """Let time pass on a clock that stands still, and the hub see that it did."""
        self.clock.advance(seconds)
        self.house.hub.tick()

    @property
    def clock(self) -> VirtualClock:
        assert isinstance(self.house.clock, VirtualClock)
        return self.house.clock

    def incident(self) -> str:
        return next(iter(self.house.loop.look("board", lambda board: dict(board.incidents))))

    def cut(self, action: str = "") -> str:
        cuts = self.house.loop.look("board", lambda board: dict(board.cuts))
        return next(name for name, cut in cuts.items() if action in ("", cut.proposal["action"]))


@contextmanager
def staged(folder: Path, chromium: Any, *accounts: tuple[str, str], calling: bool = False) -> Iterator[Stage]:
    """A hub that serves, on a clock that stands still until it is told to go on."""
    with ConsoleHouse(folder / "hub", VirtualClock(BEGAN), calling=calling) as house, house.serving() as url:
        stage = Stage(house, url, chromium)
        for who in accounts:
            house.account(*who)
        yield stage
        stage.close()


def night_in_progress(night: Night, pass_time: Callable[[float], object] = lambda seconds: None) -> None:
    """Harm on three servers, two of them put back, one cut that does not hold, and something to decide."""
    night.enrol()
    for files, back in ((24, True), (17, False), (41, True)):
        night.strike("files-1", files=files)
        pass_time(2)
        if back:
            night.put_back("files-1")
    pass_time(3)
    night.strike("files-2", files=61, share="radiology")
    pass_time(4)
    night.put_back("files-2", failed=2)
    night.obey(but="files-2")
    pass_time(9)
    night.strike("files-1", machine="ws-accounts-1", user="avermeulen", files=9)
    night.strike("files-3", files=38, share="research")


def hospital_in_crisis(stage: Stage, pass_time: Callable[[float], object] = lambda seconds: None) -> None:
    """A night, and what people make of it: one was called and knows, the plan is in force, ambulances are diverted.

    The medical record is cut off by a person, radiology works with less because somebody says so, a report was made.
    """
    house = stage.house
    night_in_progress(stage.night, pass_time)
    _tick(house, pass_time, 2)
    house.wait_for("command_done", lambda payload: "outbox" in payload.detail)
    house.hub.deps.replies.give(codes_in(house.pages()[0])[0], "ack", "phone", "local")
    pass_time(100)
    house.loop.append([h.MachineCut("record-1", "by-hand", "isolate")])
    desk = Desk(house.hub.deps, Caller("shaddad", "crisis_coordinator", "session"))
    desk.trigger("action", "the medical record is gone")
    _tick(house, pass_time, 200)
    desk.task("tell-112", "done", "operator 12")
    desk.task("crisis-team", "take", "")
    desk.divert("ambulances", "diverted", "no medical record", None)
    desk.divert("stroke", "limited", "scanner by hand", None)
    desk.told("ambulances", "112", "phone")
    desk.understood("ambulances", "112", "operator 12")
    desk.told("ambulances", "smur", "radio")
    desk.service("radiology", "degraded", "images on the scanner only", 14_400)
    desk.criterion("night", True, "")
    house.wait_for("report_made")
    _tick(house, pass_time, 700)


def _tick(house: ConsoleHouse, pass_time: Callable[[float], object], seconds: float) -> None:
    """Let time pass, and the hub see that it did."""
    pass_time(seconds)
    house.hub.tick()
