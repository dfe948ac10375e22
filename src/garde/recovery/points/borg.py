"""BorgBackup: archives in a repository.

Comes in: repository, password file. Goes out: what `base.Store` says. Reading takes no lock (`--bypass-lock`). borg
removes and replaces files of a repository whenever it writes, and a deleted archive is one more entry in its log: so a
frozen repository takes nothing new until it is thawed, and what is there can be read all the while. A file whose data
are damaged ends an extraction: it is passed over, and the others are asked for again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points import run as tool
from garde.recovery.points.base import MOST_PATHS, Catalogue, Changes, Checked, Fault, Point, StoreFault
from garde.recovery.points.common import oldest_first
from garde.recovery.points.repository import Repository
from garde.recovery.points.sampling import Listed
from garde.recovery.points.tooled import Came, Watch
from garde.recovery.points.tree_freeze import Rule, immutable_everywhere

_WARNING: Final = 1  # borg ended well, and has something to say
_FAULTS: Final = (
    (b"passphrase supplied", Fault.WRONG_KEY),
    (b"Passphrase", Fault.WRONG_KEY),
    (b"does not exist", Fault.ABSENT),
    (b"is not a valid repository", Fault.ABSENT),
    (b"Failed to create/acquire the lock", Fault.LOCKED),
    (b"No space left on device", Fault.NO_SPACE),
    (b"IntegrityError", Fault.DAMAGED),
    (b"Data integrity error", Fault.DAMAGED),
    (b"checksum mismatch", Fault.DAMAGED),
)
_ROUNDS: Final = 20  # damaged files after which an extraction is given up: each costs a call
_BATCH: Final = 1000  # names in one call


class _Archive(msgspec.Struct):
    name: str
    start: str


class _Archives(msgspec.Struct):
    archives: list[_Archive]


class _Item(msgspec.Struct):
    type: str
    path: str
    size: int = 0


class _Change(msgspec.Struct):
    path: str
    changes: list[dict[str, Any]]


_ARCHIVES: Final = msgspec.json.Decoder(_Archives)
_ITEM: Final = msgspec.json.Decoder(_Item)
_CHANGE: Final = msgspec.json.Decoder(_Change)


class Borg(Repository):
    """One repository."""

    _tool = "borg"
    _well = _WARNING
    _frozen = "no new backup can be written until it is thawed"
    _trier = "borg itself"

    # --- what there is -------------------------------------------------------------------------------------------

    def points(self) -> tuple[Point, ...]:
        found = self._decoded(_ARCHIVES, self._run("list", "--json", self.settings.repository).out)
        return oldest_first(Point(id=each.name, taken_at=_seconds(each.start)) for each in found.archives)

    # --- freezing ------------------------------------------------------------------------------------------------

    @property
    def _rule(self) -> Rule:
        return immutable_everywhere

    def _try_itself(self) -> Check:
        """Whether borg gets the lock that every change needs; nothing is changed with it."""
        words = [self._program, "with-lock", self.settings.repository, "/bin/true"]
        done = tool.run(words, self._variables())
        if done.code != 0 and self._fault_of(done) not in {Fault.LOCKED, None}:
            self._accept(done)
        return Check("borg itself could take the lock for a change", False, done.code == 0)

    # --- judging -------------------------------------------------------------------------------------------------

    def check(self, point: Point) -> Checked:
        done = self._verdict("--archives-only", self._archive(point))
        if done.code != 0:
            return Checked(Catalogue.DAMAGED, done.last_words)
        return Checked(Catalogue.WHOLE, self._locks())

    def _locks(self) -> str:
        if self._folder is None or not os.path.exists(self._folder + b"/lock.exclusive"):
            return ""
        return "a lock lies in the repository: it was read without minding it"

    def changes(self, point: Point, before: Point) -> Changes | Skipped:
        counts = {"modified": 0, "added": 0, "removed": 0}
        paths: list[bytes] = []
        size = 0
        words = ("--json-lines", "--content-only", self._archive(before), self._known(point))
        for found in self._lines(_CHANGE, "diff", *words):
            for change in found.changes:
                kind = str(change.get("type", ""))
                if kind in counts:
                    counts[kind] += 1
                    size += int(change.get("added", change.get("size", 0)) or 0) if kind != "removed" else 0
                    if kind != "removed" and len(paths) < MOST_PATHS:
                        paths.append(b"/" + os.fsencode(found.path))
        return Changes(counts["modified"], counts["added"], counts["removed"], size, tuple(paths))

    def _bring(self, point: Point, place: Path, paths: Sequence[bytes]) -> Mapping[bytes, str]:
        return self._extract(point, place, paths, keep=())

    def _catalogue(self, point: Point) -> Iterator[Listed]:
        for item in self._lines(_ITEM, "list", "--json-lines", self._archive(point)):
            if item.type in {"-", "h"}:
                yield Listed(b"/" + os.fsencode(item.path), item.size)

    # --- bringing back -------------------------------------------------------------------------------------------

    def _bring_all(self, point: Point, scratch: Path, watch: Watch, lock: int) -> Came:
        done = self._call(point, scratch, self._includes(point), keep=(lock,), watch=watch)
        failed = {} if done.code <= _WARNING else self._rest(point, scratch, done, keep=(lock,))
        return Came(failed, self._locks())

    def _rest(self, point: Point, scratch: Path, done: tool.Done, *, keep: Sequence[int]) -> dict[bytes, str]:
        """It ended at a damaged file: bring all that are not there yet, and say which cannot be."""
        if self._fault_of(done) is not Fault.DAMAGED:
            self._accept(done)
        return self._extract(point, scratch, [each.path for each in self._lacking(point, scratch)], keep=keep)

    def _extract(self, point: Point, place: Path, paths: Sequence[bytes], *, keep: Sequence[int]) -> dict[bytes, str]:
        """Bring just these; a call that ends at a damaged file is followed by one for those after it."""
        failed: dict[bytes, str] = {}
        left = list(paths)
        for _ in range(_ROUNDS):
            if not left:
                return failed
            done = self._call(point, place, left[:_BATCH], keep=keep, exact=True)
            if done.code <= _WARNING:
                left = left[_BATCH:]
                continue
            if self._fault_of(done) is not Fault.DAMAGED:
                self._accept(done)
            stopped = _stopped_at(done, left) or left[0]
            failed[stopped] = done.last_words if b"Error" in done.told else "its data are damaged"
            left = [path for path in left if path != stopped and not os.path.lexists(os.fsencode(place) + path)]
        return failed | dict.fromkeys(left, "given up after too many damaged files")

    def _call(
        self,
        point: Point,
        place: Path,
        paths: Sequence[bytes],
        *,
        keep: Sequence[int] = (),
        watch: Watch = None,
        exact: bool = False,
    ) -> tool.Done:
        style = b"pf:" if exact else b"pp:"
        words = self._words("extract", "--numeric-ids", "--list", self._archive(point))
        patterns = [style + path.lstrip(b"/") for path in paths]
        return tool.run(
            [*words, *patterns], self._variables(), seconds=tool.LONG_S, cwd=str(place), watch=watch, keep=keep
        )

    def _tar(self, point: Point) -> list[str]:
        return self._words("export-tar", self._archive(point), "-")

    # --- the tool ------------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> bytes | None:
        where = self.settings.repository
        return os.fsencode(where) if where.startswith("/") else None

    @property
    def _program(self) -> str:
        return tool.find_program("borg", self.settings.program)

    def _words(self, command: str, *words: str) -> list[str]:
        return [self._program, command, "--bypass-lock", *words]

    def _variables(self) -> dict[str, str]:
        return {
            "HOME": str(self._room.work),
            "BORG_BASE_DIR": str(self._room.work / "borg"),
            "BORG_PASSPHRASE": self._password(),
            # Asked at no terminal: a repository that was moved, or that was never encrypted, is read all the same.
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        }

    def _password(self) -> str:
        if not self.settings.password_file:
            return ""
        try:
            return Path(self.settings.password_file).read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreFault(Fault.WRONG_KEY, f"{self.settings.password_file}: {error}") from error

    def _fault_of(self, done: tool.Done) -> Fault | None:
        return done.find_fault(_FAULTS) if done.code > _WARNING else None

    def _words_of(self, done: tool.Done) -> str:
        """borg ends with a traceback and its surroundings: the line that says what was wrong stands before."""
        signs = (b"Error", b"rror:", b"incorrect")
        lines = [line for line in done.told.splitlines() if any(sign in line for sign in signs)]
        return plain(lines[-1].strip(), 300) if lines else done.last_words

    def _archive(self, point: Point) -> str:
        return f"{self.settings.repository}::{self._known(point)}"

    def _known(self, point: Point) -> str:
        """A name that is in the repository: a hostile order names whatever it likes."""
        if not point.id or point.id.startswith("-") or "::" in point.id or not point.id.isprintable():
            raise StoreFault(Fault.ABSENT, f"no archive {plain(point.id)}")
        return point.id


def _stopped_at(done: tool.Done, paths: Sequence[bytes]) -> bytes | None:
    """The last of these that borg named before it ended."""
    known = {path.lstrip(b"/"): path for path in paths}
    return next((known[line] for line in reversed(done.told.splitlines()) if line in known), None)


def _seconds(text: str) -> float:
    """borg writes local time without saying so; it was told that it is UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise StoreFault(Fault.DAMAGED, f"an archive with no time: {plain(text, 60)}") from error
