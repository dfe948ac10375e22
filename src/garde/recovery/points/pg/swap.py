"""Putting a verified cluster in place: the service stopped, the two data directories exchanged in one step, started.

Comes in: the data that were brought, the place of the service's, the words that stop and start it. Goes out: `Swapped`.
Rules, each with a test:

1. The service is stopped first, by the settings' own words; where it still runs after them nothing is moved.
2. The two directories change names in one step; at no moment is there none in place.
3. What stood in place is kept beside it, whole, under a name that says when.
4. After kill -9 at any moment the same call goes on: nothing is moved twice.
5. It is started only after that, and is in place only when it says that it takes connections.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.text import plain
from garde.private import sync_directory, written_beside
from garde.recovery.points.base import Fault, StoreFault
from garde.recovery.points.pg.cluster import ready_pid
from garde.recovery.points.pg.tools import ENVIRONMENT
from garde.vault.kernel import EXCHANGE, NOREPLACE, rename

WORDS_S: Final = 600.0  # a service stops when its last client is gone
READY_S: Final = 600.0
_POLL_S: Final = 0.05
_HERE: Final = -100  # AT_FDCWD
_NOTHING: Final = (0, 0)


class _Record(msgspec.Struct, frozen=True):
    """What is under way, on the disk before it is done."""

    brought: tuple[int, int]  # device and inode of the directory that is put in place
    stood: tuple[int, int]  # and of the one that stood there; zeros: none
    place: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Swapped:
    """What stands where now."""

    evidence: Path | None  # None: nothing stood there


@dataclass(frozen=True, slots=True)
class Service:
    """The cluster that people use."""

    place: Path
    stop: Sequence[str]
    start: Sequence[str]


def swap(service: Service, brought: Path, record: Path, evidence: Path) -> Swapped:
    """Do it, or go on with it; raises StoreFault. `evidence`: a free name on the same file system."""
    noted = _read(record)
    if noted is None or not _is_under_way(noted, service.place, brought):
        _check_places(service.place, brought)
        stop(service)
        noted = _Record(_identity(brought), _identity(service.place), str(service.place), str(evidence))
        with written_beside(record, 0o600) as file:
            file.write(msgspec.json.encode(noted))
    else:
        stop_unless_new(service, noted)
    kept = _exchange(noted, brought)
    start(service)
    return Swapped(kept)


def stop(service: Service) -> None:
    """End the service's cluster, by its own words; StoreFault where it still runs."""
    if running_pid(service.place) and service.stop:
        _say("stopping the service", service.stop)
    _wait(lambda: not running_pid(service.place), WORDS_S if service.stop else 0.0)
    if pid := running_pid(service.place):
        how = "its words in stores.toml did not stop it" if service.stop else "stop it, or say how in stores.toml"
        raise StoreFault(Fault.REFUSED, f"the service still runs on {plain(str(service.place))} (pid {pid}): {how}")


def stop_unless_new(service: Service, noted: _Record) -> None:
    """Stop what runs on the old data. The new data may be running already: then all is done but the saying."""
    if _identity(service.place) != noted.brought:
        stop(service)


def start(service: Service) -> None:
    """Start the service on what is in place, and wait until it takes connections."""
    if not running_pid(service.place):
        if not service.start:
            raise StoreFault(Fault.REFUSED, "the data are in place; start the service: stores.toml does not say how")
        _say("starting the service", service.start)
    _wait(lambda: ready_pid(service.place) > 0, READY_S)
    if not ready_pid(service.place):
        raise StoreFault(Fault.FAILED, f"the service is not ready {READY_S:.0f} s after it was started")


def running_pid(data: Path) -> int:
    """The pid of a server that runs on these data; 0: none. A pid file that a crash left names nobody, or another."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        seen = Path(f"/proc/{pid}/cwd").stat()
        here = data.stat()
    except (OSError, IndexError, ValueError):
        return 0
    return pid if (seen.st_dev, seen.st_ino) == (here.st_dev, here.st_ino) else 0


# -- the exchange ------------------------------------------------------------------------------------------------------


def _check_places(place: Path, brought: Path) -> None:
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise StoreFault(Fault.REFUSED, f"{plain(str(place))} is no directory of its own")
    if not brought.is_dir():
        raise StoreFault(Fault.ABSENT, "nothing was brought to the scratch place")
    if brought.stat().st_dev != place.parent.stat().st_dev:
        raise StoreFault(Fault.REFUSED, f"no rename reaches {plain(str(place))} from the scratch place")


def _exchange(noted: _Record, brought: Path) -> Path | None:
    """Let them change names, and move the old ones aside; each part only where it is still to be done."""
    place, evidence = Path(noted.place), Path(noted.evidence)
    try:
        if _identity(place) != noted.brought:
            _rename(brought, place, EXCHANGE if place.exists() else NOREPLACE)
            _sync(place.parent, brought.parent)
        if brought.exists():
            _rename(brought, evidence, NOREPLACE)
            _sync(evidence.parent, brought.parent)
    except OSError as error:
        raise StoreFault(Fault.FAILED, f"the directories could not be exchanged: {error.strerror}") from error
    return evidence if evidence.exists() else None


def _rename(one: Path, other: Path, flags: int) -> None:
    rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), flags)


def _sync(*folders: Path) -> None:
    for folder in folders:
        sync_directory(folder)


def _is_under_way(noted: _Record, place: Path, brought: Path) -> bool:
    """Whether the record speaks of these data: they lie in the scratch place still, or in place already."""
    if noted.place != str(place):
        return False
    here = _identity(brought)
    # What lies in the scratch place after the exchange is what stood in place, until it has moved aside.
    return here == noted.brought or (_identity(place) == noted.brought and here in (noted.stood, _NOTHING))


def _identity(path: Path) -> tuple[int, int]:
    try:
        seen = path.lstat()
    except OSError:
        return _NOTHING
    return seen.st_dev, seen.st_ino


def _read(record: Path) -> _Record | None:
    try:
        return msgspec.json.decode(record.read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError):
        return None


# -- words of the settings ---------------------------------------------------------------------------------------------


def _say(what: str, words: Sequence[str]) -> None:
    """Run what root wrote into stores.toml."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment(),
            cwd="/", timeout=WORDS_S, check=False, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StoreFault(Fault.LATE, f"{what}: {plain(words[0])} did not end in {WORDS_S:.0f} s") from error
    except OSError as error:
        raise StoreFault(Fault.FAILED, f"{what}: {plain(words[0])}: {error.strerror}") from error
    if done.returncode:
        said = b" ".join(done.stderr.split()[-40:]) or b"exit code %d" % done.returncode
        raise StoreFault(Fault.FAILED, f"{what}: {plain(said, 300)}")


def _environment() -> dict[str, str]:
    """As it is here: a service manager is found by it."""
    return {**os.environ, "LC_ALL": ENVIRONMENT["LC_ALL"]}


def _wait(done: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(_POLL_S)
