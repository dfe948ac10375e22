"""Who did it: a process and its chain, or the Samba client and users behind an smbd child.

Comes in: nothing. Goes out: `Process`, `SmbClient`, `Actor`. Names and paths here are text decoded with
`surrogateescape`; whoever shows them escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What stands behind a pid."""

    PROCESS = "process"
    SMB = "smb"
    KERNEL = "kernel"  # ksmbd, knfsd: not attributable, and never guessed
    UNKNOWN = "unknown"  # no pid, or a pid gone before anybody could look


@dataclass(frozen=True, slots=True)
class Process:
    """One process as /proc or the fork tree showed it."""

    pid: int
    start: int  # clock ticks since boot (/proc/PID/stat field 22); 0 when the process was gone before we looked
    ppid: int
    sid: int  # session id; 0 unknown
    uid: int  # -1 unknown
    comm: str
    exe: str  # "" unknown
    cgroup: str  # the v2 path ("0::" line), "" unknown

    @property
    def gone(self) -> bool:
        """True when only the fork tree knew it."""
        return self.start == 0


@dataclass(frozen=True, slots=True)
class SmbClient:
    """The peer of one smbd child. One connection can carry several users (terminal servers): all are named."""

    address: str  # textual IPv4/IPv6, IPv4-mapped already unwrapped; "" unknown
    port: int
    users: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()

    @property
    def user(self) -> str:
        """Whose connection it is; "" where nobody is known, and where several are: they are nobody in particular."""
        return self.users[0] if len(self.users) == 1 else ""


@dataclass(frozen=True, slots=True)
class Actor:
    """The party that a finding is held against."""

    kind: ActorKind
    process: Process | None
    user: str  # login name, or the uid as text; "" unknown
    chain: tuple[Process, ...] = ()  # parent first, up to pid 1; as far as it is known
    smb: SmbClient | None = None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0
