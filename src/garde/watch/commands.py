"""What the watcher asks of its program: the closed list of commands.

Comes in: nothing. Goes out: frozen commands, carried out by `agent/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.model.finding import Finding, Verdict
from garde.vault import Compared
from garde.watch.listed import Hit
from garde.watch.suspicion import PartyKey


@dataclass(frozen=True, slots=True)
class Found:
    """A file is damaged: say so."""

    finding: Finding
    party: PartyKey


@dataclass(frozen=True, slots=True)
class Judged:
    """Hands are judged: hold them now."""

    verdict: Verdict
    parties: tuple[PartyKey, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """The keeper should judge this file's new content and keep it when healthy."""

    path: bytes
    fid: bytes
    party: PartyKey
    compared: Compared | None = None  # how it compared, where the watcher looked: not to be worked out twice
    first: bool = False  # nothing is known of it yet: until it is kept, harm to it cannot be judged


@dataclass(frozen=True, slots=True)
class Dropped:
    """A new file is gone again before anybody knew it: there is nothing to keep."""

    path: bytes


@dataclass(frozen=True, slots=True)
class Moved:
    """A healthy file or a directory has another name now."""

    old: bytes
    new: bytes
    directory: bool


@dataclass(frozen=True, slots=True)
class MassLoss:
    """One hand deleted or emptied many documents: report, and put them back."""

    party: PartyKey
    paths: tuple[bytes, ...]
    since: float  # monotonic seconds of the first


@dataclass(frozen=True, slots=True)
class Rescan:
    """Events were lost, or a directory came in unseen: look at everything below again."""

    path: bytes  # b"": all trees
    reason: str


@dataclass(frozen=True, slots=True)
class Sighted:
    """Something on the watch list was seen: say so. Nobody is held for it."""

    hit: Hit
    path: bytes  # b"" where it is the hand itself
    at: float  # wall seconds


Command = Found | Judged | Capture | Dropped | Moved | MassLoss | Rescan | Sighted
