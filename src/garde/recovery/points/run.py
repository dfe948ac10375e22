"""Run a backup tool: a list of words, an environment of its own, an end, and its last words where it fails.

Comes in: words, variables. Goes out: what it wrote, as bytes, at the end or as a stream; or a `StoreFault`. No shell,
no variable of ours but those named, no terminal to ask a password at. It decides nothing about the tool's answers.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from garde.journal.text import plain
from garde.recovery.points.base import Fault, StoreFault

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POLL_S: Final = 0.2
QUICK_S: Final = 300.0  # listing and trying: longer, and something hangs
LONG_S: Final = 24 * 3600.0  # checking and restoring terabytes
_CLEAN_S: Final = 10.0  # to take its own lock away
_TOLD: Final = 64 << 10  # bytes of a tool's complaints that are kept


@dataclass(frozen=True, slots=True)
class Done:
    """A program that ended."""

    code: int
    out: bytes
    told: bytes  # what it wrote to standard error: the end of it

    @property
    def last_words(self) -> str:
        """Its last line, for people."""
        return last_words(self.told)

    def find_fault(self, known: Sequence[tuple[bytes, Fault]]) -> Fault | None:
        """What the first of the known words that it told means."""
        return next((fault for words, fault in known if words in self.told), None)


def last_words(told: bytes) -> str:
    """The last line that says something, escaped."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return plain(lines[-1], 300) if lines else "no words"


def find_program(name: str, named: str = "") -> str:
    """The program's path; raises StoreFault where it is not there."""
    found = shutil.which(named or name, path=_PATH)
    if found is None:
        raise StoreFault(Fault.TOOL, f"{plain(named or name)} is not installed on this machine")
    return found


def run(
    words: Sequence[str | bytes],
    variables: Mapping[str, str],
    *,
    seconds: float = QUICK_S,
    cwd: str | bytes | None = None,
    watch: Callable[[int], None] | None = None,
    keep: Sequence[int] = (),
) -> Done:
    """Run to the end. `watch(pid)` is called now and then; `keep`: descriptors that it inherits (a lock)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        process = _start(words, variables, out, told, cwd=cwd, keep=keep)
        try:
            code = _wait(process, seconds, watch)
        finally:
            _end(process)
        out.seek(0)
        return Done(code, out.read(), _tail(told))


def run_until(
    words: Sequence[str | bytes], variables: Mapping[str, str], *, until: Callable[[bytes], bool], seconds: float
) -> Done:
    """Run until it ends, or until what it told says enough, or for so long; then it is asked to end and clean up."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        process = _start(words, variables, out, told)
        end = time.monotonic() + seconds
        try:
            while process.poll() is None and time.monotonic() < end and not until(_tail(told)):
                time.sleep(_POLL_S / 10)
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                _wait(process, _CLEAN_S, None)
        except StoreFault:  # it does not end by itself
            pass
        finally:
            _end(process)
        return Done(process.returncode, b"", _tail(told))


@contextmanager
def streamed(
    words: Sequence[str | bytes], variables: Mapping[str, str]
) -> Iterator[tuple[IO[bytes], Callable[[], Done]]]:
    """Yield its standard output, and a function that waits for its end; leaving early ends it."""
    with tempfile.TemporaryFile() as told:
        process = _start(words, variables, subprocess.PIPE, told)
        assert process.stdout is not None
        try:
            yield process.stdout, lambda: Done(_wait(process, QUICK_S, None), b"", _tail(told))
        finally:
            process.stdout.close()
            _end(process)


def _start(
    words: Sequence[str | bytes],
    variables: Mapping[str, str],
    out: IO[bytes] | int,
    told: IO[bytes],
    *,
    cwd: str | bytes | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=told,
            env={"PATH": _PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", **variables},
            cwd=cwd,
            pass_fds=tuple(keep),
        )
    except OSError as error:
        raise StoreFault(Fault.TOOL, f"{plain(words[0])}: {error.strerror}") from error
    except ValueError as error:  # a NUL in a word: a name from a hostile catalogue
        raise StoreFault(Fault.DAMAGED, f"a name that no program can be given: {error}") from error


def _wait(process: subprocess.Popen[bytes], seconds: float, watch: Callable[[int], None] | None) -> int:
    end = time.monotonic() + seconds
    while True:
        try:
            return process.wait(_POLL_S if watch is not None else seconds)
        except subprocess.TimeoutExpired:
            if time.monotonic() >= end:
                raise StoreFault(Fault.LATE, f"{plain(_name(process))} took longer than {seconds:.0f} s") from None
        if watch is not None:
            watch(process.pid)


def _name(process: subprocess.Popen[bytes]) -> str:
    words = process.args
    return os.fsdecode(words[0]) if isinstance(words, list | tuple) and words else "the program"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _tail(told: IO[bytes]) -> bytes:
    # pread: the program writes through the same open file, and a seek would move where it writes.
    size = os.fstat(told.fileno()).st_size
    return os.pread(told.fileno(), _TOLD, max(0, size - _TOLD))


def written_by(pid: int) -> int:
    """Bytes that a process has written so far, as the kernel counts them; 0 where it does not say."""
    try:
        with open(f"/proc/{pid}/io", "rb") as stream:
            fields = dict(line.split(b": ") for line in stream.read().splitlines())
        return int(fields.get(b"wchar", 0))
    except (OSError, ValueError):
        return 0
