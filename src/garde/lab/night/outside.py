"""The witness of calling: what left the modem, what came out of the crisis room's printer, and when.

Comes in: the lab's plan. Goes out: each message and each printed page once, with CLOCK_MONOTONIC of when it was first
seen, in a thread of its own. It reads the folders of gammu-smsd and the spool of ippeveprinter, and nothing of Garde's.
`codes_to_know` and `code_to_approve` read a message as the person does who holds the telephone.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.lab.hospital.plan import Plan

LOOK_S: Final = 0.02
_CODE: Final = r"([0-9]{3} [0-9]{3} [0-9]{3})"
_KNOW: Final = re.compile(rf"{_CODE}\s:")  # "Answer 482 190 375 : you know"; in French the blank is a narrow one
_YES: Final = re.compile(rf"YES {_CODE}")


@dataclass(frozen=True, slots=True)
class Message:
    """One message that the modem was given."""

    at: float
    number: str
    name: str  # of its file


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document that was printed."""

    at: float
    name: str


def wait_until(ready: Callable[[], bool], seconds: float, look_s: float = LOOK_S) -> bool:
    """Wait until something is so; False when time is up."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            return False
        time.sleep(look_s)
    return True


class Outside:
    """Looks on for the length of a `with`. `rang` and `printed` are told of each, in the thread that looks."""

    def __init__(
        self,
        plan: Plan,
        rang: Callable[[Message], None] = lambda message: None,
        printed: Callable[[Sheet], None] = lambda sheet: None,
    ) -> None:
        self._folders = [plan.modem("outbox"), plan.modem("sent")]  # a message moves from the one to the other
        self._plan, self._spool, self._say_rang, self._say_printed = plan, plan.spool, rang, printed
        self._messages: dict[str, Message] = {}
        self._sheets: dict[str, Sheet] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Outside:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10.0)

    @property
    def messages(self) -> list[Message]:
        """Every message until now, as they came."""
        return list(self._messages.values())

    @property
    def sheets(self) -> list[Sheet]:
        """Every printed document until now, as they came."""
        return list(self._sheets.values())

    @staticmethod
    def number_of(plan: Plan, person: str) -> str:
        """A person's telephone, as it is dialled; "" where there is none."""
        phones = next((each.phones for each in plan.estate.people if each.id == person), ())
        return phones[0].replace(" ", "") if phones else ""

    def text(self, message: Message) -> str:
        """What a message says; "" where it is neither sent nor waiting."""
        for folder in self._folders:
            try:
                raw = (folder / message.name).read_bytes()
            except OSError:
                continue
            return raw.removeprefix(b"\xfe\xff").decode("utf-16-be", "replace").rstrip("\0")
        return ""

    def file(self, sheet: Sheet) -> Path:
        return self._spool / sheet.name

    def rang(self, person: str, since: float = 0.0) -> bool:
        """Whether a person was sent a message since then (CLOCK_MONOTONIC)."""
        number = self.number_of(self._plan, person)
        return any(each.at > since and each.number == number for each in self.messages)

    def _run(self) -> None:
        while not self._over.wait(LOOK_S):
            for folder in self._folders:
                for name in _names(folder):
                    parts = name.split("_")
                    if name.startswith("OUT") and len(parts) > 3 and name not in self._messages:
                        self._messages[name] = found = Message(time.monotonic(), parts[3], name)
                        self._say_rang(found)
            for name in _names(self._spool):
                # It keeps a page under a name that ends in .prn or the like until it is done; empty files are none.
                if name not in self._sheets and _size(self._spool / name):
                    self._sheets[name] = sheet = Sheet(time.monotonic(), name)
                    self._say_printed(sheet)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def codes_to_know(text: str) -> list[str]:
    """The codes by which whoever reads this says that they know."""
    return _KNOW.findall(text)


def code_to_approve(text: str, asked: str) -> str:
    """The code of the cut whose question holds these words; "" where the message asks no such thing."""
    _, found, rest = text.partition(asked)
    code = _YES.search(rest) if found else None
    return code[1] if code else ""
