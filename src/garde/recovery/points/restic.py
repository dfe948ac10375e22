"""restic: snapshots in a repository, in a folder of this machine or wherever restic reaches.

Comes in: repository, password file. Goes out: what `base.Store` says. Reading takes no lock and minds none
(`--no-lock`): an attacker's session may hold one. A repository in a folder here is frozen by `tree_freeze`: its files
immutable, its top folders append-only, so that new backups still come in and nothing goes; `forget` and `prune` fail.
One that is elsewhere is frozen where it lies. What a snapshot says of its own time is only what somebody said: when its
file was written stands beside it (`Point.written_at`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points import run as tool
from garde.recovery.points.base import MOST_PATHS, Catalogue, Changes, Checked, Fault, Point, Room, StoreFault
from garde.recovery.points.common import oldest_first
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.flags import APPEND, IMMUTABLE, Thing
from garde.recovery.points.repository import Repository
from garde.recovery.points.sampling import Listed
from garde.recovery.points.tooled import Came, Watch
from garde.recovery.points.tree_freeze import Rule

_FAULTS: Final = (
    (b"wrong password or no key found", Fault.WRONG_KEY),
    (b"an empty password is not a password", Fault.WRONG_KEY),
    (b"Resolving password failed", Fault.WRONG_KEY),
    (b"does not exist", Fault.ABSENT),
    (b"unable to open config file", Fault.ABSENT),
    (b"no matching ID found", Fault.ABSENT),
    (b"no snapshot found", Fault.ABSENT),
    (b"repository is already locked", Fault.LOCKED),
    (b"no space left on device", Fault.NO_SPACE),
    (b"ciphertext verification failed", Fault.DAMAGED),
    (b"invalid data returned", Fault.DAMAGED),
    (b"unexpected EOF", Fault.DAMAGED),
)
_TRY_S: Final = 30.0  # restic repeats a removal that was refused for most of a minute: the first refusal is enough
_BEGUN: Final = b"returned error, retrying"
_REFUSED: Final = b"operation not permitted"


class _Snapshot(msgspec.Struct):
    id: str
    time: str
    paths: list[str] = []
    hostname: str = ""
    username: str = ""
    tags: list[str] = []
    summary: dict[str, Any] = {}


class _Node(msgspec.Struct):
    struct_type: str = ""
    path: str = ""
    type: str = ""
    size: int = 0


class _Diff(msgspec.Struct):
    message_type: str
    path: str = ""
    modifier: str = ""
    added: dict[str, int] = {}


_SNAPSHOTS: Final = msgspec.json.Decoder(list[_Snapshot] | None)
_NODE: Final = msgspec.json.Decoder(_Node)
_DIFF: Final = msgspec.json.Decoder(_Diff)


class Restic(Repository):
    """One repository."""

    _tool = "restic"
    _frozen = "new backups can still be written; forget and prune fail until it is thawed"
    _trier = "restic's own forget"

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        super().__init__(settings, room)
        self._checked: Checked | None = None

    # --- what there is -------------------------------------------------------------------------------------------

    def points(self) -> tuple[Point, ...]:
        done = self._run("snapshots", "--json")
        return oldest_first(map(self._point, self._decoded(_SNAPSHOTS, done.out or b"[]") or []))

    def _point(self, found: _Snapshot) -> Point:
        return Point(
            id=found.id,
            taken_at=_seconds(found.time),
            files=int(found.summary.get("total_files_processed", -1)),
            size=int(found.summary.get("total_bytes_processed", -1)),
            paths=tuple(map(os.fsencode, found.paths)),
            label=" ".join([f"{found.username}@{found.hostname}", *found.tags]),
            written_at=self._written_at(found.id),
        )

    def _written_at(self, name: str) -> float:
        """When the snapshot's file came into the folder: its own time is whatever its maker chose."""
        if self._folder is None or not name.isalnum():
            return 0.0
        try:
            return os.stat(self._folder + b"/snapshots/" + name.encode()).st_mtime
        except OSError:
            return 0.0

    # --- freezing ------------------------------------------------------------------------------------------------

    @property
    def _rule(self) -> Rule:
        return frozen_marks

    def _try_itself(self) -> Check:
        """Let restic forget the oldest snapshot. Its file was copied before, and would be put back."""
        points = self.points()
        if not points or self._folder is None:
            raise StoreFault(Fault.ABSENT, "there is no snapshot")
        file = Path(os.fsdecode(self._folder)) / "snapshots" / points[0].id
        copy = self._room.state / "tried-snapshot"
        shutil.copyfile(file, copy)
        words = self._words("forget", points[0].id, locked=True)
        done = tool.run_until(words, self._variables(), until=_is_refused, seconds=_TRY_S)
        forgotten = not file.exists()
        if forgotten:
            shutil.copyfile(copy, file)
        else:
            copy.unlink()
            if _REFUSED not in done.told and b"ermission denied" not in done.told:
                raise StoreFault(Fault.FAILED, done.last_words)
        return Check("restic itself could forget a snapshot", False, forgotten)

    # --- judging -------------------------------------------------------------------------------------------------

    def check(self, point: Point) -> Checked:
        """restic's check speaks of the whole repository: it is asked once."""
        self._known(point)
        if self._checked is None:
            done = self._verdict()
            state = Catalogue.WHOLE if done.code == 0 else Catalogue.DAMAGED
            words = (done.last_words if done.code else "", self._locks())
            self._checked = Checked(state, "; ".join(filter(None, words)))
        return self._checked

    def _locks(self) -> str:
        try:
            count = len(os.listdir(self._folder + b"/locks")) if self._folder is not None else 0
        except OSError:
            count = 0
        lie = "1 lock lies" if count == 1 else f"{count} locks lie"
        return f"{lie} in the repository: it was read without minding that" if count else ""

    def changes(self, point: Point, before: Point) -> Changes | Skipped:
        self._known(point)
        self._known(before)
        changed = added = removed = 0
        size = -1
        paths: list[bytes] = []
        for found in self._lines(_DIFF, "diff", "--json", before.id, point.id):
            if found.message_type == "statistics":
                size = found.added.get("bytes", -1)
            elif found.message_type == "change" and not found.path.endswith("/"):
                kinds = set(found.modifier)
                changed += "M" in kinds or "T" in kinds
                added += "+" in kinds
                removed += "-" in kinds
                if kinds & {"M", "+"} and len(paths) < MOST_PATHS:
                    paths.append(os.fsencode(found.path))
        return Changes(changed, added, removed, size, tuple(paths))

    def _bring(self, point: Point, place: Path, paths: Sequence[bytes]) -> Mapping[bytes, str]:
        words = [word for path in paths for word in ("--include", _pattern(path))]
        done = tool.run(self._words("restore", point.id, "--target", str(place), *words), self._variables())
        if done.code != 0 and b"There were" not in done.told:
            self._accept(done)
        return {path: why for path in paths if (why := _why(path, done.told))}

    def _catalogue(self, point: Point) -> Iterator[Listed]:
        self._known(point)
        for node in self._lines(_NODE, "ls", "--json", point.id):
            if node.type == "file":
                yield Listed(os.fsencode(node.path), node.size)

    # --- bringing back -------------------------------------------------------------------------------------------

    def _bring_all(self, point: Point, scratch: Path, watch: Watch, lock: int) -> Came:
        words = [word for top in self._includes(point) for word in ("--include", _pattern(top))]
        done = tool.run(
            self._words("restore", point.id, "--target", str(scratch), *words),
            self._variables(),
            seconds=tool.LONG_S,
            watch=watch,
            keep=(lock,),
        )
        failed = _failed(done.told)
        if done.code != 0 and not failed:
            self._accept(done)
        if self._fault_of(done) is Fault.NO_SPACE:
            raise StoreFault(Fault.NO_SPACE, f"no space left at {plain(str(scratch))}")
        return Came(failed, self._locks())

    def _tar(self, point: Point) -> list[str]:
        self._known(point)
        return self._words("dump", "--archive", "tar", point.id, "/")

    # --- the tool ------------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> bytes | None:
        """The repository's folder, where it is one of this machine."""
        where = self.settings.repository.removeprefix("local:")
        return os.fsencode(where) if where.startswith("/") else None

    def _words(self, command: str, *words: str, locked: bool = False) -> list[str]:
        program = tool.find_program("restic", self.settings.program)
        settings = ["-r", self.settings.repository, "--password-file", self.settings.password_file]
        # A local repository is read itself: a cache could hide what has happened to it since.
        cache = ["--no-cache"] if self._folder is not None else ["--cache-dir", str(self._room.work / "cache")]
        return [program, *settings, *cache, *([] if locked else ["--no-lock"]), command, *words]

    def _variables(self) -> dict[str, str]:
        return {"HOME": str(self._room.work), "TMPDIR": str(self._room.work)}

    def _fault_of(self, done: tool.Done) -> Fault | None:
        return done.find_fault(_FAULTS) if done.code != 0 else None

    def _known(self, point: Point) -> None:
        """An id is one of restic's own, and no option: a hostile order names whatever it likes."""
        if not point.id.isalnum():
            raise StoreFault(Fault.ABSENT, f"no snapshot {plain(point.id)}")


def frozen_marks(thing: Thing) -> int:
    """restic writes new files beside the old ones and renames them; it makes and removes locks all the time.

    So its files are immutable, and of its folders those that hold folders are append-only: none can be moved away.
    """
    top, _, name = thing.path.partition(b"/")
    if top == b"locks" or b"-tmp-" in name.rpartition(b"/")[2]:
        return 0
    if thing.is_dir:
        return APPEND if thing.path in {b"", b"data"} else 0
    return IMMUTABLE


def _is_refused(told: bytes) -> bool:
    return _BEGUN in told and _REFUSED in told


def _pattern(path: bytes) -> str:
    """The path as a pattern that means just this path (Go's filepath.Match)."""
    text = os.fsdecode(path)
    return "".join(f"\\{sign}" if sign in "\\*?[]" else sign for sign in text)


def _why(path: bytes, told: bytes) -> str:
    _, found, rest = told.partition(b"error for " + path + b": ")
    return plain(rest.partition(b"\n")[0], 200) if found else ""


def _failed(told: bytes) -> dict[bytes, str]:
    """Path → what restic told of it; one file may be told of more than once."""
    failed: dict[bytes, str] = {}
    for line in told.split(b"\n"):
        _, found, rest = line.partition(b"error for /")
        if found:
            path, _, why = rest.partition(b": ")
            failed.setdefault(b"/" + path, plain(why, 200))
    return failed


def _seconds(text: str) -> float:
    """RFC 3339 with nanoseconds, which Python 3.11 reads to the microsecond."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise StoreFault(Fault.DAMAGED, f"a snapshot with no time: {plain(text, 60)}") from error
