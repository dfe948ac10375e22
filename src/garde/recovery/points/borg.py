"""BorgBackup: archives in a repository.

Comes in: repository, password file. Goes out: what `base.Store` says. Reading takes no lock (`--bypass-lock`). borg
removes and replaces files of a repository whenever it writes, and a deleted archive is one more entry in its log: so a
frozen repository takes nothing new until it is thawed, and what is there can be read all the while. A file whose data
are damaged ends an extraction: it is passed over, and the others are asked for again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.journal.hub_kinds import Check
from garde.journal.recovery_kinds import StoreNote
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points import run as tool
from garde.recovery.points.base import (
    Brought,
    Catalogue,
    Changes,
    Checked,
    Fault,
    Freezing,
    Point,
    Progress,
    Proof,
    StoreFault,
    Thawed,
    Verified,
)
from garde.recovery.points.sampling import Listed
from garde.recovery.points.scratch import held, make_scratch
from garde.recovery.points.tooled import Tooled
from garde.recovery.points.tree_freeze import TreeFreeze, immutable_everywhere

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
_CHANGES: Final = 10_000
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


class Borg(Tooled):
    """One repository."""

    # --- what there is -------------------------------------------------------------------------------------------

    def note(self) -> StoreNote:
        return StoreNote(self.settings.id, "borg", self.settings.covers, freezes=self._folder is not None)

    def points(self) -> tuple[Point, ...]:
        found = _decode(self._run("list", "--json", self.settings.repository).out, _Archives)
        points = [Point(id=each.name, taken_at=_seconds(each.start)) for each in found.archives]
        return tuple(sorted(points, key=lambda point: (point.taken_at, point.id)))

    # --- freezing ------------------------------------------------------------------------------------------------

    def freeze(self) -> Freezing:
        return self._tree().freeze("no new backup can be written until it is thawed")

    def is_frozen(self) -> bool:
        return self._folder is not None and self._tree().is_frozen()

    def thaw(self) -> Thawed:
        return self._tree().thaw()

    def prove_frozen(self) -> Proof:
        proof = self._tree().prove()
        if not proof.proven:
            return proof
        try:
            taken = self._can_lock()
        except StoreFault as fault:
            return Proof(proof.checks, f"{proof.detail}; borg itself could not be tried: {fault.detail}")
        return Proof((*proof.checks, Check("borg itself could take the lock for a change", False, taken)), proof.detail)

    def _can_lock(self) -> bool:
        """Whether borg gets the lock that every change needs; nothing is changed with it."""
        words = [self._program, "with-lock", self.settings.repository, "/bin/true"]
        done = tool.run(words, self._variables())
        if done.code != 0 and _fault_of(done) not in {Fault.LOCKED, None}:
            self._accept(done)
        return done.code == 0

    def _tree(self) -> TreeFreeze:
        if self._folder is None:
            raise StoreFault(Fault.CANNOT, f"{self._where} is not a folder of this machine: freeze it where it lies")
        return TreeFreeze(self._folder, immutable_everywhere, self._room.state / "freeze.json", self._room.clock)

    # --- judging -------------------------------------------------------------------------------------------------

    def check(self, point: Point) -> Checked:
        done = tool.run(
            self._words("check", "--archives-only", self._archive(point)), self._variables(), seconds=tool.LONG_S
        )
        fault = _fault_of(done)
        if fault in {Fault.WRONG_KEY, Fault.ABSENT, Fault.NO_SPACE, Fault.LOCKED}:
            raise StoreFault(fault, done.last_words)
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
        words = self._words("diff", "--json-lines", "--content-only", self._archive(before), self._known(point))
        with tool.streamed(words, self._variables()) as (stream, end):
            for line in stream:
                found = _decode(line, _Change)
                for change in found.changes:
                    kind = str(change.get("type", ""))
                    if kind in counts:
                        counts[kind] += 1
                        size += int(change.get("added", change.get("size", 0)) or 0) if kind != "removed" else 0
                        if kind != "removed" and len(paths) < _CHANGES:
                            paths.append(b"/" + os.fsencode(found.path))
            self._accept(end())
        return Changes(counts["modified"], counts["added"], counts["removed"], size, tuple(paths))

    def _bring(self, point: Point, place: Path, paths: Sequence[bytes]) -> Mapping[bytes, str]:
        return self._extract(point, place, paths, keep=())

    def _catalogue(self, point: Point) -> Iterator[Listed]:
        words = self._words("list", "--json-lines", self._archive(point))
        decode = msgspec.json.Decoder(_Item).decode
        with tool.streamed(words, self._variables()) as (stream, end):
            for line in stream:
                item = _guarded(decode, line)
                if item.type in {"-", "h"}:
                    yield Listed(b"/" + os.fsencode(item.path), item.size)
            self._accept(end())

    # --- bringing back -------------------------------------------------------------------------------------------

    def restore(self, point: Point, scratch: Path, progress: Progress | None = None) -> Brought:
        begun = time.monotonic()
        files = self._list(point)
        size = sum(each.size for each in files)
        make_scratch(scratch, size)
        watch = None if progress is None else lambda pid: progress(min(tool.written_by(pid), size), size)
        with held(scratch) as lock:
            done = self._call(point, scratch, self._includes(point), keep=(lock,), watch=watch)
            failed = {} if done.code <= _WARNING else self._rest(point, scratch, files, done, keep=(lock,))
        return Brought(
            files=len(files) - len(failed),
            bytes=size,
            failed=len(failed),
            seconds=time.monotonic() - begun,
            restored_to=point.taken_at,
            skipped=tuple(Skipped(plain(path), why) for path, why in list(failed.items())[:50]),
            detail=self._locks(),
        )

    def _rest(
        self, point: Point, scratch: Path, files: Sequence[Listed], done: tool.Done, *, keep: Sequence[int]
    ) -> dict[bytes, str]:
        """It ended at a damaged file: bring all that are not there yet, and say which cannot be."""
        if _fault_of(done) is not Fault.DAMAGED:
            self._accept(done)
        there = os.fsencode(scratch)
        return self._extract(point, scratch, [each.path for each in files if not _is_there(there, each)], keep=keep)

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
            if _fault_of(done) is not Fault.DAMAGED:
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
        watch: Any = None,
        exact: bool = False,
    ) -> tool.Done:
        style = b"pf:" if exact else b"pp:"
        words = self._words("extract", "--numeric-ids", "--list", self._archive(point))
        patterns = [style + path.lstrip(b"/") for path in paths]
        return tool.run(
            [*words, *patterns], self._variables(), seconds=tool.LONG_S, cwd=str(place), watch=watch, keep=keep
        )

    def verify(self, point: Point, scratch: Path, progress: Progress | None = None) -> Verified:
        words = self._words("export-tar", self._archive(point), "-")
        with tool.streamed(words, self._variables()) as (stream, end):
            return self._compare(stream, end, scratch, progress)

    # --- the tool ------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return plain(self.settings.repository)

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

    def _run(self, *words: str) -> tool.Done:
        done = tool.run(self._words(*words), self._variables())
        self._accept(done)
        return done

    def _accept(self, done: tool.Done) -> None:
        if done.code > _WARNING or done.code < 0:
            raise StoreFault(_fault_of(done) or Fault.FAILED, f"borg, {self._where}: {_words_of(done)}")

    def _archive(self, point: Point) -> str:
        return f"{self.settings.repository}::{self._known(point)}"

    def _known(self, point: Point) -> str:
        """A name that is in the repository: a hostile order names whatever it likes."""
        if not point.id or point.id.startswith("-") or "::" in point.id or not point.id.isprintable():
            raise StoreFault(Fault.ABSENT, f"no archive {plain(point.id)}")
        return point.id


def _fault_of(done: tool.Done) -> Fault | None:
    return next((fault for words, fault in _FAULTS if words in done.told), None) if done.code > _WARNING else None


def _words_of(done: tool.Done) -> str:
    """borg ends with a traceback and its surroundings: the line that says what was wrong stands before."""
    lines = [line for line in done.told.splitlines() if b"Error" in line or b"rror:" in line or b"incorrect" in line]
    return plain(lines[-1].strip(), 300) if lines else done.last_words


def _is_there(scratch: bytes, listed: Listed) -> bool:
    try:
        return os.lstat(scratch + listed.path).st_size == listed.size
    except OSError:
        return False


def _stopped_at(done: tool.Done, paths: Sequence[bytes]) -> bytes | None:
    """The last of these that borg named before it ended."""
    known = {path.lstrip(b"/"): path for path in paths}
    return next((known[line] for line in reversed(done.told.splitlines()) if line in known), None)


def _decode(data: bytes, kind: Any) -> Any:
    return _guarded(lambda each: msgspec.json.decode(each, type=kind), data)


def _guarded(decode: Any, data: bytes) -> Any:
    try:
        return decode(data)
    except msgspec.MsgspecError as error:
        raise StoreFault(Fault.DAMAGED, f"borg's answer is not understood: {plain(str(error), 200)}") from error


def _seconds(text: str) -> float:
    """borg writes local time without saying so; it was told that it is UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise StoreFault(Fault.DAMAGED, f"an archive with no time: {plain(text, 60)}") from error
