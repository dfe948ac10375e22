"""What a lab remembers of itself, so that another process can find it and take it down, also after kill -9.

Comes in: a name. Goes out: `Record`: `lab.json` (name, number, mark, who made it), written before anything is made,
and `processes`, one line for each program as it is started. `reserve` chooses the number under a lock, so that two
labs made at once differ. The mark stands in the environment of every program of the lab: what was started and not yet
noted is found by it. Nothing is removed here.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from garde.contain.actions import proc
from garde.errors import Incomplete, NotFound, NotPermitted, StateDamaged, UsageError
from garde.lab.hospital.plan import NUMBERS, Plan

# In memory where there is room: the images are small, and a slow disk would be measured with everything else.
PLACES = (Path("/dev/shm/garde-lab"), Path("/var/tmp/garde-lab"))  # noqa: S108 - checked to be root's own
ROOM = 3 << 30  # bytes free that a lab in memory wants; it uses some 300 MB
MARK = "GARDE_LAB"
_FILE = "lab.json"
_BEGUN = ".new-"  # a directory that is not a lab yet
_NETNS = Path("/run/netns")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_NAMESPACE = re.compile(r"garde(\d{1,3})-")


class Program(msgspec.Struct, frozen=True):
    """One program of the lab, by pid and start time."""

    name: str
    machine: str
    pid: int
    start: int

    @property
    def identity(self) -> proc.Identity:
        return proc.Identity(self.pid, self.start)

    @property
    def runs(self) -> bool:
        return proc.is_there(self.identity)


class Notes(msgspec.Struct, frozen=True):
    """The content of `lab.json`."""

    name: str
    number: int
    mark: str
    boot: str  # start times and namespaces mean nothing after another start of the machine
    maker: int  # pid of who made it
    maker_start: int
    stays: bool  # made by `lab up`: it outlives its maker
    console: str = ""  # URL on this machine, once there is one


class Record:
    """One lab's memory."""

    def __init__(self, home: Path, notes: Notes) -> None:
        self.home, self.notes = home, notes

    @property
    def plan(self) -> Plan:
        return Plan(self.notes.name, self.notes.number, self.home)

    @property
    def mark(self) -> str:
        """What stands in the environment of every program of this lab."""
        return f"{MARK}={self.notes.mark}"

    @property
    def is_abandoned(self) -> bool:
        """True where its maker has died and it was not meant to stay."""
        maker = proc.Identity(self.notes.maker, self.notes.maker_start)
        return self.notes.boot != proc.boot_id() or (not self.notes.stays and not proc.is_there(maker))

    def keep(self, notes: Notes) -> None:
        """Write `lab.json` anew, whole or not at all."""
        self.notes = notes
        place, begun = self.home / _FILE, self.home.name.startswith(_BEGUN)
        new = place if begun else self.home / f"{_FILE}.new"
        new.write_bytes(msgspec.json.format(msgspec.json.encode(notes)))
        new.rename(place)

    def started(self, name: str, machine: str, pid: int) -> Program:
        """Note a program that was just started."""
        found = proc.stat_of(pid)
        program = Program(name, machine, pid, found.start if found else 0)
        with (self.home / "processes").open("ab") as file:
            file.write(msgspec.json.encode(program) + b"\n")
        return program

    def programs(self) -> list[Program]:
        """Every program that was started, in order; a line cut short by a kill is left out."""
        try:
            lines = (self.home / "processes").read_bytes().split(b"\n")[:-1]
        except OSError:
            return []
        found = []
        for line in lines:
            with suppress(msgspec.DecodeError):
                found.append(msgspec.json.decode(line, type=Program))
        return found


def reserve(name: str, *, stays: bool, place: Path | None = None) -> Record:
    """Make the directory of a new lab and give it a free number; raises UsageError where that lab is there already.

    Called inside `numbering`, and its first namespace is made there too: a number counts as taken from then on.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a lab", "small letters, digits and dashes, 32 at most")
    if find(name) is not None:
        raise UsageError(
            f"a lab named {name} is there already", f"`garde lab down --name {name}` first, or choose another name"
        )
    sweep()
    place = place or _place()
    _make_place(place)
    home = place / name
    if home.exists():
        raise UsageError(f"{home} is there and holds no lab", "look into it and move it away")
    stat = proc.stat_of(os.getpid())
    maker = (os.getpid(), stat.start if stat else 0)
    notes = Notes(name, _free_number(), secrets.token_hex(8), proc.boot_id(), *maker, stays)
    begun = place / f"{_BEGUN}{notes.mark}"
    begun.mkdir(mode=0o711)
    Record(begun, notes).keep(notes)
    begun.rename(home)  # from here on it is a lab, with a record: never a directory without
    return Record(home, notes)


@contextmanager
def numbering() -> Iterator[None]:
    """While inside, nobody else chooses a number. The lock is on a directory that is there anyway."""
    handle = os.open("/run", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def find(name: str) -> Record | None:
    """The lab of that name, None where there is none."""
    return next((record for record in every() if record.notes.name == name), None)


def get(name: str) -> Record:
    """The lab of that name; raises NotFound."""
    record = find(name)
    if record is None:
        raise NotFound(f"no lab named {name} is up", "`garde lab up` makes one; `garde lab status` shows all")
    return record


def every() -> list[Record]:
    """Every lab on this machine, also what killed runs left."""
    homes = [
        home
        for place in PLACES
        if _is_ours(place)
        for home in sorted(place.iterdir())
        if not home.name.startswith(_BEGUN)
    ]
    return [record for home in homes if (record := read(home))]


def read(home: Path) -> Record | None:
    """The record in a directory; None where there is none. StateDamaged where it can't be read."""
    try:
        return Record(home, msgspec.json.decode((home / _FILE).read_bytes(), type=Notes))
    except OSError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateDamaged(f"{home}/lab.json: {error}", "it was made by another version: remove it by hand") from error


def _place() -> Path:
    memory = PLACES[0].parent
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM:
        return PLACES[0]
    return PLACES[1]


def _make_place(place: Path) -> None:
    # 0711: the servers' own users pass through to their files, and see nothing else.
    place.mkdir(mode=0o711, exist_ok=True)
    if not _is_ours(place):
        raise NotPermitted(f"{place} is not root's own directory", "move it away: somebody else made it")


def sweep() -> None:
    """Inside `numbering`: remove what was killed before it was a lab: a directory with nothing but its first file."""
    for place in PLACES:
        if _is_ours(place):
            for home in place.glob(f"{_BEGUN}*"):
                (home / _FILE).unlink(missing_ok=True)
                home.rmdir()
            with suppress(OSError):
                place.rmdir()


def _is_ours(place: Path) -> bool:
    """True for a real directory of root's: others may write beside it."""
    try:
        status = place.lstat()
    except OSError:
        return False
    return (status.st_mode & 0o170000) == 0o040000 and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _free_number() -> int:
    present = [_NAMESPACE.match(name) for name in os.listdir(_NETNS)] if _NETNS.is_dir() else []  # noqa: PTH208
    used = {int(found[1]) for found in present if found} | {record.notes.number for record in every()}
    free = [number for number in NUMBERS if number not in used]
    if not free:
        raise Incomplete(
            "every number for a lab is taken", "`garde lab status` shows them; `garde lab down` removes one"
        )
    return secrets.choice(free)
