"""Any other backup, by a program of the hospital's own: the hook.

Comes in: the hook's words from the settings. Goes out: what `base.Store` says. The hook is called as `COMMAND STEP`
and further words (below); an example to begin with stands in the tests (tests/support/hook_example.py). It answers in
JSON lines on standard output; its exit code is 0 (done), 1 (damaged), 2 (no such point), 3 (cannot do this step), 4 (no
space), 5 (wrong key), anything else (failed, its last line says why). What it proves is its own word: each try that it
made, with what was wanted and what was seen.

    points                                 {"id", "taken_at", "label"?, "paths"?, "written_at"?}, oldest first or not
    files POINT                            {"path", "size", "tag"?}: a tag is another where the content is
    fetch POINT DIRECTORY LIST             bring the files that LIST names, each ended by a NUL, below DIRECTORY
    restore POINT DIRECTORY                bring all of it
    tar POINT                              all of it as a tar stream, for the verification
    check POINT                            exit code 0: its catalogue is whole, 1: damaged
    freeze, thaw                           {"marked", "detail"?}
    try                                    {"what", "wanted", "seen"}: one for each way to shorten retention
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.private import write_private
from garde.recovery.points import run as tool
from garde.recovery.points.base import (
    MOST_PATHS,
    Catalogue,
    Changes,
    Checked,
    Fault,
    Freezing,
    Point,
    Proof,
    Room,
    StoreFault,
    Thawed,
)
from garde.recovery.points.common import oldest_first
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.sampling import Listed
from garde.recovery.points.tooled import Came, Tooled, Watch

_FAULTS: Final = {
    1: Fault.DAMAGED,
    2: Fault.ABSENT,
    3: Fault.CANNOT,
    4: Fault.NO_SPACE,
    5: Fault.WRONG_KEY,
}


class _Point(msgspec.Struct):
    id: str
    taken_at: float
    label: str = ""
    paths: list[str] = []
    written_at: float = 0.0


class _File(msgspec.Struct):
    path: str
    size: int
    tag: str = ""


class _Marked(msgspec.Struct):
    marked: int
    detail: str = ""


class _Try(msgspec.Struct):
    what: str
    wanted: bool
    seen: bool


class Hook(Tooled):
    """One store behind the hospital's own program."""

    def __init__(self, settings: StoreSettings, room: Room) -> None:
        super().__init__(settings, room)
        self._named: set[str] = set()  # ids that the hook has said

    def points(self) -> tuple[Point, ...]:
        found = [
            Point(
                id=each.id,
                taken_at=each.taken_at,
                paths=tuple(map(os.fsencode, each.paths)),
                label=each.label,
                written_at=each.written_at,
            )
            for each in self._ask(_Point, "points")
        ]
        self._named = {point.id for point in found}
        return oldest_first(found)

    # --- freezing ------------------------------------------------------------------------------------------------

    @property
    def _note_file(self) -> Path:
        return self._room.state / "frozen"

    def freeze(self) -> Freezing:
        fresh = not self._note_file.exists()
        if fresh:  # written down before it is done: a freeze that was cut short is asked for again, or thawed
            try:
                write_private(self._note_file, b"")
            except OSError as error:
                raise StoreFault(Fault.NO_SPACE, f"the note of the freeze cannot be written: {error}") from error
        marked, detail = self._marked("freeze")
        return Freezing(marked, marked if fresh else 0, detail)

    def is_frozen(self) -> bool:
        return self._note_file.exists()

    def thaw(self) -> Thawed:
        if not self.is_frozen():
            return Thawed(0, "it was not frozen")
        marked, detail = self._marked("thaw")
        self._note_file.unlink(missing_ok=True)
        return Thawed(marked, detail)

    def prove_frozen(self) -> Proof:
        if not self.is_frozen():
            return Proof((), "it is not frozen")
        tries = self._ask(_Try, "try")
        checks = tuple(Check(plain(each.what, 200), each.wanted, each.seen) for each in tries)
        return Proof(checks, "the hook's own word")

    def _marked(self, step: str) -> tuple[int, str]:
        answers = self._ask(_Marked, step)
        return sum(each.marked for each in answers), plain("; ".join(each.detail for each in answers if each.detail))

    # --- judging -------------------------------------------------------------------------------------------------

    def check(self, point: Point) -> Checked:
        done = tool.run(self._words("check", self._known(point)), self._variables(), seconds=tool.LONG_S)
        if _FAULTS.get(done.code) not in {Fault.DAMAGED, Fault.CANNOT}:
            self._accept(done)
        state = {0: Catalogue.WHOLE, 1: Catalogue.DAMAGED}.get(done.code, Catalogue.NOT_CHECKED)
        return Checked(state, done.last_words if done.code == 1 else "")

    def changes(self, point: Point, before: Point) -> Changes | Skipped:
        old, new = ({each.path: each for each in self._files(which)} for which in (before, point))
        changed = sorted(path for path in new.keys() & old.keys() if new[path] != old[path])
        added = sorted(new.keys() - old.keys())
        paths = [os.fsencode(path) for path in (*changed, *added)]
        size = sum(new[path].size for path in (*changed, *added))
        return Changes(len(changed), len(added), len(old.keys() - new.keys()), size, tuple(paths[:MOST_PATHS]))

    def _catalogue(self, point: Point) -> Iterator[Listed]:
        return (Listed(os.fsencode(each.path), each.size) for each in self._files(point))

    def _files(self, point: Point) -> list[_File]:
        return self._ask(_File, "files", self._known(point))

    def _bring(self, point: Point, place: Path, paths: Sequence[bytes]) -> Mapping[bytes, str]:
        names = self._room.work / "names"
        write_private(names, b"".join(path + b"\0" for path in paths))
        done = tool.run(
            self._words("fetch", self._known(point), str(place), str(names)), self._variables(), seconds=tool.LONG_S
        )
        if done.code not in {0, 1}:  # 1: some of them are damaged, and are missing
            self._accept(done)
        return {}

    # --- bringing back -------------------------------------------------------------------------------------------

    def _bring_all(self, point: Point, scratch: Path, watch: Watch, lock: int) -> Came:
        words = self._words("restore", self._known(point), str(scratch))
        done = tool.run(words, self._variables(), seconds=tool.LONG_S, watch=watch, keep=(lock,))
        if done.code not in {0, 1}:
            self._accept(done)
        lacking = self._lacking(point, scratch)
        failed = {each.path: "it did not come" for each in lacking}
        return Came(failed, done.last_words if done.code else "", sum(each.size for each in lacking))

    def _tar(self, point: Point) -> list[str]:
        return self._words("tar", self._known(point))

    # --- the program ---------------------------------------------------------------------------------------------

    def _words(self, *words: str) -> list[str]:
        return [*self.settings.command, *words]

    def _variables(self) -> dict[str, str]:
        return {"HOME": str(self._room.work), "TMPDIR": str(self._room.work), "GARDE_STORE": self.settings.id}

    def _ask(self, kind: type[Any], *words: str) -> list[Any]:
        done = tool.run(self._words(*words), self._variables())
        self._accept(done)
        try:
            return [msgspec.json.decode(line, type=kind) for line in done.out.splitlines() if line.strip()]
        except msgspec.MsgspecError as error:
            why = plain(str(error), 200)
            raise StoreFault(Fault.FAILED, f"the hook's answer to {words[0]} is not understood: {why}") from error

    def _accept(self, done: tool.Done) -> None:
        if done.code != 0:
            raise StoreFault(_FAULTS.get(done.code, Fault.FAILED), f"the hook: {done.last_words}")

    def _known(self, point: Point) -> str:
        """Only what the hook itself has named is said to it; it is asked again where it has not named this one."""
        if point.id not in self._named:
            self.points()
        if point.id not in self._named:
            raise StoreFault(Fault.ABSENT, f"no point {plain(point.id)}")
        return point.id
