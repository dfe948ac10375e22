"""PostgreSQL's own programs: found, and run as its user, with no more rights than the step needs.

Comes in: a place (or none: Debian's newest), a user, lists of words. Goes out: what they said; `StoreFault` where they
fail. No shell. What reads a backup runs as PostgreSQL's user with one right more, to read every file, and no way to
write one: the bytes that it parses may be an attacker's.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.journal.text import plain
from garde.recovery.points.base import Fault, StoreFault

LONG_S: Final = 6 * 3600.0  # a check of some terabytes takes hours; a hung tool must end some day
_PLACES: Final = Path("/usr/lib/postgresql")  # Debian puts each version's programs in a folder of its own
_READ_ALL: Final = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
_NOTHING: Final = ("--inh-caps=-all", "--ambient-caps=-all")
_LINE: Final = 300  # of a tool's complaint


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs of one version, and whom they run as."""

    place: Path
    user: str

    @property
    def owner(self) -> tuple[int, int]:
        """uid and gid of the user."""
        found = pwd.getpwnam(self.user)
        return found.pw_uid, found.pw_gid

    def path(self, name: str) -> str:
        """Where a program lies; StoreFault where it is not installed."""
        found = self.place / name
        if not found.is_file():
            raise StoreFault(Fault.TOOL, f"{name} is not installed in {plain(str(self.place))}")
        return str(found)

    def words(self, name: str, arguments: Sequence[str], *, reads_all: bool = False) -> list[str]:
        """The command, as the user. Not root: as whoever we are."""
        return [*self.become(reads_all=reads_all), self.path(name), *arguments]

    def become(self, *, reads_all: bool = False) -> list[str]:
        """Words to put before a program, so that it runs as the user and can never get more rights."""
        if os.geteuid() != 0:
            return []
        uid, gid = self.owner
        rights = _READ_ALL if reads_all else _NOTHING
        who = (f"--reuid={uid}", f"--regid={gid}", "--init-groups")
        return ["setpriv", *who, *rights, "--no-new-privs", "--pdeathsig=INT", "--"]

    def run(self, name: str, arguments: Sequence[str], *, reads_all: bool = False) -> Said:
        """Run one to its end."""
        words = self.words(name, arguments, reads_all=reads_all)
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, cwd="/", timeout=LONG_S,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise StoreFault(Fault.LATE, f"{name} did not end in {LONG_S / 3600:.0f} h") from error
        except OSError as error:
            raise StoreFault(Fault.TOOL, f"{name}: {error.strerror}") from error
        return Said(done.returncode, done.stdout, done.stderr)

    def lines(self, name: str, arguments: Sequence[str], said: list[bytes]) -> Iterator[bytes]:
        """Run one that says much, line by line; when it has ended, its exit code and complaint are in `said`."""
        words = self.words(name, arguments, reads_all=True)
        with subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT, cwd="/"
        ) as process:
            assert process.stdout is not None
            try:
                yield from process.stdout
                said.append(b"%d" % process.wait())
            finally:
                process.kill()


# Times are printed in the zone of the environment, messages in its language.
ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and what it said."""

    code: int
    out: bytes
    error: bytes

    @property
    def complaint(self) -> str:
        """Its last line that says something, safe to show."""
        lines = [line.strip() for line in (self.error or self.out).splitlines() if line.strip()]
        return plain(lines[-1], _LINE) if lines else f"exit code {self.code}"


def find_tools(place: str, user: str) -> Tools:
    """The programs in `place`, or the newest version's; StoreFault where there are none, or no such user."""
    try:
        pwd.getpwnam(user)
    except KeyError as error:
        raise StoreFault(Fault.TOOL, f"there is no user {plain(user)} on this machine") from error
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        raise StoreFault(Fault.TOOL, "setpriv (util-linux) is not installed")
    found = Path(place) if place else find_place()
    if found is None:
        raise StoreFault(Fault.TOOL, "PostgreSQL's programs are not installed")
    return Tools(found, user)


def find_place() -> Path | None:
    """The folder of the newest version's programs; None where there is none."""
    versions = [path.parent for path in _PLACES.glob("*/bin/pg_verifybackup")]
    newest = sorted(versions, key=lambda path: _version(path.parent.name), reverse=True)
    other = shutil.which("pg_verifybackup")
    return next(iter(newest), Path(other).parent if other else None)


def _version(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return 0.0
