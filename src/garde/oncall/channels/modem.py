"""A local GSM modem, through the folders of Gammu's SMS daemon (`gammu-smsd`, service = files).

Comes in: pages; the daemon's folders. Goes out: a file in its outbox for each page; replies from its inbox. It starts
no program and speaks to no modem itself: the daemon does, and goes on when the hub is down.

* A page is handed over when its file lies in the outbox under its final name: written beside it first, then renamed.
* The file's name carries the page's id: a page that lies in outbox, sent or error already is not written again.
* One that ends in the error folder, or that nobody fetched for a time, did not leave (`failures`); it is taken back
  out of the outbox, so that a modem that wakes an hour later does not call people about what is over. This holds for
  pages of before a restart as well: they are found again by their names.
* The daemon's own files are read with an end: what a modem brings in as garbage is at most a reply that nobody
  understands.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.oncall_kinds import ChannelNote
from garde.oncall.channels.base import Alive, Handed, Page, Reply, Unable, unable

LONGEST_FILE: Final = 4_096  # bytes of one message that are read
MOST_REPLIES: Final = 50  # at once
MOST_FILES: Final = 20_000  # looked through in a folder
FRESH_S: Final = 86_400.0  # a page that failed while the hub was down is told of for so long
_BOMS: Final = ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"))
_OURS: Final = re.compile(r"OUTA\S+_([0-9a-f]{32})\.txt", re.ASCII)  # others may use the same daemon
_DIALLED: Final = frozenset("+0123456789")


class ModemOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling.toml says of it. The folders are those of gammu-smsdrc."""

    outbox: str
    sent: str
    error: str
    inbox: str
    stuck_s: float = 60.0  # a page that lies in the outbox for so long is stuck


class Modem:
    """See the module. `wall` is the time that the folders' own times are compared with."""

    def __init__(self, name: str, options: ModemOptions, wall: Callable[[], float] = time.time) -> None:
        self.note = ChannelNote(name, "modem", "person", "phone")
        self._outbox, self._sent = Path(options.outbox), Path(options.sent)
        self._error, self._inbox = Path(options.error), Path(options.inbox)
        self._stuck_s, self._wall = options.stuck_s, wall
        self._waiting: dict[str, str] = {}  # id -> file name, handed over and not seen sent
        self._found = False  # what was handed over before this start is among them
        self._number = 0

    # --- out ---

    def hand(self, page: Page) -> Handed | Unable:
        number = dialled(page.address)
        if not number:
            return Unable("no telephone number")
        try:
            if found := self._where(page.id):
                return Handed(f"{found}, from before")
            name = self._name(number, page.id)
            beside = self._outbox / f".{name}"
            beside.write_bytes(b"\xfe\xff" + page.text.encode("utf-16-be", "replace"))
            beside.rename(self._outbox / name)
        except OSError as error:
            return unable(error)
        self._waiting[page.id] = name
        return Handed("in the modem's outbox")

    def failures(self) -> Sequence[tuple[str, str]]:
        self._find_again()
        found = []
        for page, name in list(self._waiting.items()):
            try:
                outcome = self._outcome(name)
            except OSError as error:
                outcome = unable(error).reason
            if outcome is not None:
                del self._waiting[page]
                if outcome:
                    found.append((page, outcome))
        return found

    def _find_again(self) -> None:
        """Wait, once, for what was handed over before a restart: it may have failed since, or fail yet."""
        if self._found:
            return
        with suppress(OSError):
            failed = [each for each in _names(self._error) if _OURS.fullmatch(each)]
            fresh = [each for each in failed if self._age(self._error / each) < FRESH_S]
            for name in [*_names(self._outbox), *fresh]:
                if ours := _OURS.fullmatch(name):
                    self._waiting.setdefault(ours[1], name)
            self._found = True

    def _outcome(self, name: str) -> str | None:
        """None: under way; "": sent; else why not."""
        if (self._error / name).exists():
            return "the modem could not send it"
        if not (self._outbox / name).exists():
            return ""
        if self._age(self._outbox / name) < self._stuck_s:
            return None
        with suppress(FileNotFoundError):  # fetched at this moment
            (self._outbox / name).unlink()
            return "nobody fetched it from the modem's outbox"
        return ""

    def _name(self, number: str, page: str) -> str:
        moment = time.strftime("%Y%m%d_%H%M%S", time.gmtime(self._wall()))
        self._number = (self._number + 1) % 100
        return f"OUTA{moment}_{self._number:02d}_{number}_{page}.txt"

    def _where(self, page: str) -> str:
        places = {self._outbox: "in the modem's outbox", self._sent: "sent", self._error: "in the modem's error folder"}
        for folder, words in places.items():
            for name in _names(folder):
                if name.startswith("OUT") and name.endswith(f"_{page}.txt"):
                    self._waiting.setdefault(page, name)  # also a failed one: `failures` says so
                    return words
        return ""

    # --- back ---

    def replies(self) -> Sequence[Reply]:
        """Parts of a long message come as files of their own; a code stands in one of them."""
        found = []
        for name in sorted(each for each in _names(self._inbox) if each.startswith("IN"))[:MOST_REPLIES]:
            with suppress(OSError):
                found.append(Reply(name, _sender(name), _read(self._inbox / name)))
        return found

    def taken(self, reply: Reply) -> None:
        path = self._inbox / Path(reply.id).name
        with suppress(OSError):
            path.rename(self._inbox / f"taken-{path.name}")

    # --- life ---

    def alive(self) -> Alive | Unable:
        try:
            for folder in (self._outbox, self._sent, self._error, self._inbox):
                if not folder.is_dir():
                    return Unable(f"{folder} is no folder")
            old = [each for each in _names(self._outbox) if each.startswith("OUT")]
            ages = [self._age(self._outbox / each) for each in old]
        except OSError as error:
            return unable(error)
        if ages and max(ages) >= self._stuck_s:
            return Unable(f"{len(ages)} pages lie in the outbox, the oldest for {max(ages):.0f} s: is gammu-smsd well?")
        return Alive()

    def close(self) -> None:
        pass

    def _age(self, path: Path) -> float:
        try:
            return self._wall() - path.stat().st_mtime
        except FileNotFoundError:
            return 0.0


def dialled(number: str) -> str:
    """Return a number as it is dialled; what else was typed into it is left out."""
    text = number.split("/", maxsplit=1)[0].split(",", maxsplit=1)[0]
    found = "".join(each for each in text if each in _DIALLED)
    return found if sum(each.isdigit() for each in found) >= 3 and "+" not in found[1:] else ""


def _names(folder: Path) -> Iterator[str]:
    for count, path in enumerate(folder.iterdir()):
        if count >= MOST_FILES:
            return
        yield path.name


def _sender(name: str) -> str:
    """`IN20260131_031502_00_+32400000001_00.txt`."""
    parts = name.split("_")
    return parts[3][:32] if len(parts) > 4 else ""


def _read(path: Path) -> str:
    with open(path, "rb") as file:
        raw = file.read(LONGEST_FILE)
    for mark, coding in _BOMS:
        if raw.startswith(mark):
            return raw[2:].decode(coding, "replace").rstrip("\0")  # the daemon ends a text as C does
    return raw.decode("utf-8", "replace").rstrip("\0")
