"""The fallback where the kernel refuses fanotify: inotify, through watchfiles. It sees what, never who.

Comes in: changes as watchfiles groups them (a thread of ours waits for them). Goes out: `Activity` with pid 0 and
the path as directory key. It cannot hold anybody: whoever runs it says so loudly.

Known limits: one watch per directory (fs.inotify.max_user_watches), changes of one file within 20 ms become one, a
rename is a DELETE and a CREATE, and a name that is no UTF-8 comes as an OVERFLOW, because watchfiles cannot name it.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from garde.errors import NotPermitted
from garde.model.activity import Activity, What
from garde.model.finding import Skipped
from garde.watch.sensors.base import Ignore, Opened, SensorOptions, is_ignored, is_under

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_WAIT_MS: Final = 500  # how long one wait lasts, so that `close` is not kept waiting
_GROUP_MS: Final = 20  # changes are grouped for this long at most
_STEP_MS: Final = 5
_REBUILD_SECONDS: Final = 1.0  # pause before a new watcher: one that met a name it can't decode is of no more use
_WAITING_MOST: Final = 65_536  # changes kept for `read`; beyond, they are an OVERFLOW

_DELETED: Final = 3
_BITS: Final = {1: What.CREATE | What.MODIFY, 2: What.MODIFY, 3: What.DELETE}  # watchfiles.Change


class Inotify:
    """See the module's docstring."""

    name = "inotify"
    has_actor = False

    def __init__(self, options: SensorOptions | None = None) -> None:
        self.own_pids: set[int] = {os.getpid()}  # of no use here: nobody says who wrote
        self._waiting: SimpleQueue[Activity] = SimpleQueue()
        self._signal = -1
        self._trees: tuple[bytes, ...] = ()
        self._ignore: Ignore = lambda _: False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, trees: Sequence[bytes], ignore: Ignore) -> Opened:
        """Watch the trees; raises NotPermitted when none can be watched, or the library is not installed."""
        real = [os.path.realpath(tree) for tree in trees]
        there = [tree for tree in real if os.access(tree, os.R_OK | os.X_OK)]
        unseen = tuple(
            Skipped(os.fsdecode(tree), "it does not exist, or may not be read") for tree in real if tree not in there
        )
        if not there:
            raise NotPermitted("inotify can watch none of the trees", "name trees that exist and can be read")
        self._trees, self._ignore = tuple(there), ignore
        watcher = self._build()
        self._signal = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._stop.clear()
        self._thread = threading.Thread(target=self._wait, args=(watcher,), name="garde-inotify", daemon=True)
        self._thread.start()
        reduced = Skipped("who wrote", "inotify does not tell: nobody can be held, Garde watches only")
        return Opened(self._trees, unseen, (reduced,))

    def fileno(self) -> int:
        """See `Sensor`."""
        return self._signal

    def read(self) -> list[Activity]:
        """See `Sensor`."""
        try:
            os.eventfd_read(self._signal)
        except BlockingIOError:
            return []
        return [self._waiting.get() for _ in range(self._waiting.qsize())]

    def path_of(self, directory: bytes) -> bytes | None:
        """See `Sensor`: the key is the path."""
        return directory or None

    def close(self) -> None:
        """See `Sensor`. Waits for the thread, half a second at most."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        if self._signal >= 0:
            os.close(self._signal)
        self._signal = -1

    def _build(self) -> RustNotify:
        try:
            from watchfiles._rust_notify import RustNotify
        except ImportError as error:
            raise NotPermitted("the inotify sensor needs the package watchfiles", "install garde[inotify]") from error
        try:
            return RustNotify([os.fsdecode(tree) for tree in self._trees], False, False, 0, True, True)
        except (OSError, RuntimeError, UnicodeError) as error:
            raise NotPermitted(f"inotify: {error}", "raise fs.inotify.max_user_watches, or run as root") from error

    def _wait(self, watcher: RustNotify) -> None:
        """The thread: wait for changes until told to stop."""
        while not self._stop.is_set():
            try:
                changes = watcher.watch(_GROUP_MS, _STEP_MS, _WAIT_MS, self._stop)
            except RuntimeError:
                watcher = self._begin_anew(watcher)
                continue
            if isinstance(changes, set):
                self._take(changes)
        watcher.close()

    def _begin_anew(self, watcher: RustNotify) -> RustNotify:
        """A watcher that failed stays failed. Whatever it missed is an OVERFLOW, said after the new one sees."""
        watcher.close()
        while not self._stop.wait(_REBUILD_SECONDS):
            try:
                watcher = self._build()
            except NotPermitted:
                continue
            self._overflow()
            break
        return watcher

    def _take(self, changes: set[tuple[int, str]]) -> None:
        now = time.monotonic()
        if self._waiting.qsize() + len(changes) > _WAITING_MOST:
            self._overflow()
            return
        for change, text in sorted(changes, key=lambda one: (one[0] != _DELETED, one[1])):
            directory, _, name = os.fsencode(text).rpartition(b"/")
            if self._covers(directory or b"/"):
                bits = _BITS[change] | (What.DIRECTORY if change != _DELETED and _is_directory(text) else 0)
                self._waiting.put(Activity(now, bits, 0, directory or b"/", name))
        if not self._waiting.empty():
            os.eventfd_write(self._signal, 1)

    def _overflow(self) -> None:
        self._waiting.put(Activity(time.monotonic(), What.OVERFLOW, 0, b"", b""))
        os.eventfd_write(self._signal, 1)

    def _covers(self, directory: bytes) -> bool:
        return any(is_under(directory, tree) and not is_ignored(directory, tree, self._ignore) for tree in self._trees)


def _is_directory(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
