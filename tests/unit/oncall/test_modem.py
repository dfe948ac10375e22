"""The modem's folders without a daemon: what becomes of a page across a restart of the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.oncall.channels.base import Handed, Page
from garde.oncall.channels.modem import FRESH_S, Modem, ModemOptions

FAILED, UNFETCHED = "the modem could not send it", "nobody fetched it from the modem's outbox"
PAGE = Page("c" * 32, "GARDE", ("GARDE",), "+32 400 00 00 01", "ann")


class Folders:
    """The daemon's folders, its part played by hand, and a clock on their files' own times."""

    def __init__(self, folder: Path) -> None:
        self.at = {name: folder / name for name in ("outbox", "sent", "error", "inbox")}
        for each in self.at.values():
            each.mkdir()
        self.later_s = 0.0

    def start(self) -> Modem:
        options = ModemOptions(*(str(each) for each in self.at.values()))
        return Modem("modem", options, wall=lambda: self.now() + self.later_s)

    def now(self) -> float:
        """The time of the newest file."""
        return max((each.stat().st_mtime for folder in self.at.values() for each in folder.iterdir()), default=0.0)

    def move(self, where: str) -> None:
        """What the daemon does with the one page in its outbox."""
        (page,) = self.at["outbox"].glob("OUT*")
        page.rename(self.at[where] / page.name)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders(tmp_path)
    assert isinstance(found.start().hand(PAGE), Handed)
    return found


def test_a_page_that_fails_after_a_restart_is_told_of_once(folders: Folders) -> None:
    modem = folders.start()
    assert not modem.failures()
    folders.move("error")
    assert modem.failures() == [(PAGE.id, FAILED)] and not modem.failures()


def test_a_page_that_failed_while_the_hub_was_down_is_told_of_for_a_day(folders: Folders) -> None:
    folders.move("error")
    folders.later_s = FRESH_S - 1
    assert folders.start().failures() == [(PAGE.id, FAILED)]
    folders.later_s = FRESH_S
    assert not folders.start().failures()


def test_a_page_that_got_stuck_before_a_restart_is_taken_back(folders: Folders) -> None:
    folders.later_s = 60.0
    assert folders.start().failures() == [(PAGE.id, UNFETCHED)]
    assert not list(folders.at["outbox"].iterdir())


def test_a_page_that_was_sent_meanwhile_is_no_failure(folders: Folders) -> None:
    modem = folders.start()
    assert not modem.failures()
    folders.move("sent")
    assert not modem.failures() and not folders.start().failures()


def test_a_page_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    for name in ("OUTC20261128_030000_00_+32400_sms0.txt", f"notes_{'a' * 32}.txt"):
        (folders.at["outbox"] / name).write_text("x")
        (folders.at["error"] / name).write_text("x")
    folders.later_s = 3_600.0
    assert not folders.start().failures() and len(list(folders.at["outbox"].iterdir())) == 2


def test_the_same_page_again_is_found_failed_and_told_of(folders: Folders) -> None:
    folders.move("error")
    folders.later_s = FRESH_S + 1
    modem = folders.start()
    assert modem.hand(PAGE) == Handed("in the modem's error folder, from before")
    assert modem.failures() == [(PAGE.id, FAILED)]


def test_folders_that_come_later_are_looked_through_then(folders: Folders) -> None:
    folders.move("error")
    modem, away = folders.start(), folders.at["error"].with_name("away")
    folders.at["error"].rename(away)
    assert not modem.failures()
    away.rename(folders.at["error"])
    assert modem.failures() == [(PAGE.id, FAILED)]
