"""Recorded activity, played again: for tests, and for judging a recording offline.

Comes in: a file of JSON lines that `Recorder` wrote. Goes out: the same `Activity`, in order, as fast as it is read;
`at` stays what it was when it was recorded. Directory keys are paths here. It looks at no file system.

One line: {"at": 12.5, "what": ["create", "close_write"], "pid": 41, "directory": "/srv/a", "name": "x", "fid":
"00ff"}, and "new_directory", "new_name" with a rename. Bytes that are no UTF-8 stand as lone surrogates (\\udcff). A
line that can't be read is left out and counted in `skipped`, with its number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from io import BufferedReader
from typing import IO, Any, Final

from garde.errors import NotPermitted
from garde.model.activity import Activity, What
from garde.model.finding import Skipped
from garde.watch.sensors.base import Ignore, Opened, SensorOptions, is_ignored, is_under

_WORDS: Final = {
    "create": What.CREATE,
    "modify": What.MODIFY,
    "close_write": What.CLOSE_WRITE,
    "rename": What.RENAME,
    "delete": What.DELETE,
    "directory": What.DIRECTORY,
    "overflow": What.OVERFLOW,
}
_BATCH = 512  # activities a read
_LINE = 1 << 16  # bytes; a longer line is not ours
_SKIPPED_KEPT = 100


class Recorder:
    """Writes activity to a recording."""

    def __init__(self, file: IO[str], path_of: Callable[[bytes], bytes | None]) -> None:
        self._file = file
        self._path_of = path_of

    def write(self, activities: Sequence[Activity]) -> None:
        """Append activities, directory keys turned into paths."""
        for activity in activities:
            self._file.write(to_line(activity, self._path_of) + "\n")


def to_line(activity: Activity, path_of: Callable[[bytes], bytes | None] = lambda key: key) -> str:
    """Return one line (ASCII only, without its end)."""
    told: dict[str, Any] = {
        "at": activity.at,
        "what": [word for word, bit in _WORDS.items() if activity.what & bit],
        "pid": activity.pid,
        "directory": os.fsdecode(path_of(activity.directory) or b"") if activity.directory else "",
        "name": os.fsdecode(activity.name),
        "fid": activity.fid.hex(),
    }
    if activity.what & What.RENAME:
        told["new_directory"] = os.fsdecode(path_of(activity.new_directory) or b"")
        told["new_name"] = os.fsdecode(activity.new_name)
    return json.dumps(told)


def from_line(line: bytes) -> Activity:
    """Read one line; raises ValueError with the reason."""
    try:
        told = json.loads(line)
        return Activity(
            float(told["at"]),
            sum({_WORDS[word] for word in told["what"]}),
            _whole(told["pid"]),
            _raw(told["directory"]),
            _raw(told["name"]),
            bytes.fromhex(told["fid"]),
            _raw(told.get("new_directory", "")),
            _raw(told.get("new_name", "")),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


class Replay:
    """See the module's docstring."""

    name = "replay"
    has_actor = True

    def __init__(self, options: SensorOptions | None = None) -> None:
        self.own_pids: set[int] = {os.getpid()}
        self.skipped: list[Skipped] = []
        self._recording = (options or SensorOptions()).recording
        self._file: BufferedReader | None = None
        self._ready = -1  # an eventfd that stays readable until the recording ends
        self._trees: tuple[bytes, ...] = ()
        self._ignore: Ignore = lambda _: False
        self._number = 0

    def open(self, trees: Sequence[bytes], ignore: Ignore) -> Opened:
        """Open the recording; raises NotPermitted when there is none."""
        if self._recording is None:
            raise NotPermitted("the replay sensor has no recording", "name a file of recorded activity")
        try:
            self._file = self._recording.open("rb")
        except OSError as error:
            raise NotPermitted(f"{self._recording}: {error.strerror}", "name a file that can be read") from error
        self._ready = os.eventfd(1, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._trees, self._ignore = tuple(trees), ignore
        return Opened(self._trees)

    def fileno(self) -> int:
        """See `Sensor`."""
        return self._ready

    def read(self) -> list[Activity]:
        """See `Sensor`. At the end of the recording the descriptor falls silent."""
        found: list[Activity] = []
        while self._file is not None and len(found) < _BATCH:
            line = self._file.readline(_LINE)
            if not line:
                self._end()
                break
            self._number += 1
            self._take(line, found)
        return found

    def path_of(self, directory: bytes) -> bytes | None:
        """See `Sensor`: the key is the path."""
        return directory or None

    def close(self) -> None:
        """See `Sensor`."""
        self._end()
        if self._ready >= 0:
            os.close(self._ready)
        self._ready = -1

    def _take(self, line: bytes, found: list[Activity]) -> None:
        try:
            activity = from_line(line)
        except ValueError as error:
            if len(self.skipped) < _SKIPPED_KEPT:
                self.skipped.append(Skipped(f"{self._recording}:{self._number}", str(error)))
            return
        if activity.pid not in self.own_pids and self._covers(activity):
            found.append(activity)

    def _covers(self, activity: Activity) -> bool:
        if activity.what & What.OVERFLOW:
            return True
        for directory in (activity.directory, activity.new_directory):
            for tree in self._trees:
                if directory and is_under(directory, tree) and not is_ignored(directory, tree, self._ignore):
                    return True
        return False

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            os.eventfd_read(self._ready)


def _raw(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("a name must be text")
    return os.fsencode(text)


def _whole(number: Any) -> int:
    if not isinstance(number, int):
        raise TypeError("pid must be a whole number")
    return number
