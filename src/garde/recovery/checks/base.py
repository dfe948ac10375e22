"""What a check of the gate gets, and what it answers.

Comes in: nothing. Goes out: `Given`, `Baseline`, `Said`, `Check`. Plain data; nothing here reads a file.

The contract of a check: it is called once for a sweep, in the order of the table in `sweep.py`, and it may read for
minutes. It answers for one item. What it could not find out is `Answer.UNKNOWN` with the reason in `found`, never a
guess and never an exception for anything that a file, a tool or a machine can do wrong. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from garde.model.restart import Answer, Item

MOST_FOUND: Final = 50  # lines that an answer names; the rest is counted. A machine full of findings has one verdict

Entries = Mapping[str, str]  # name of a thing -> what it was like; both are our own spelling, safe in JSON


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a machine looked like when it was sound: everything on it that starts something or lets somebody in.

    `parts` maps a part ("files", "setuid", "accounts", "groups", "listeners", "packages", "modules", "preloads") to its
    entries. Paths are spelled by `names.spell`, so that any byte survives JSON.
    """

    taken_at: float  # wall seconds
    parts: Mapping[str, Entries]
    skipped: tuple[str, ...] = ()  # what could not be read, one line each

    @property
    def items(self) -> int:
        """How many things it knows."""
        return sum(len(entries) for entries in self.parts.values())


@dataclass(frozen=True, slots=True)
class Canary:
    """A bait that should stand."""

    path: bytes
    sha256: str = ""  # of its content, in hex; "": any content


@dataclass(frozen=True, slots=True)
class Given:
    """All that the checks of one sweep may know.

    A field left as it is means that nobody said: the check that needs it answers unknown (or, for the folders of rules
    and scans, has less to do and says so).
    """

    root: Path = Path("/")  # the machine's root directory; tests and images have others
    live: bool = True  # the root is that of the running machine: its sockets, modules and processes belong to it
    baseline: Path | None = None  # where the agent keeps it
    believed: str = ""  # SHA-256 of the baseline that the hub believes, in hex; "": the hub knows none
    rules: Path | None = None  # folder of YARA rules (*.yar) and indicators (*.ioc) that the hospital fills
    scan: tuple[Path, ...] = ()  # folders that are swept beside what the baseline covers
    bait: tuple[Canary, ...] | None = None
    mode_asked: str = ""  # of the agent, as `garde status` says it
    mode_in_force: str = ""
    hub_offset: float | None = None  # hub's time minus this machine's, in seconds, as the link learned it
    listed_ports: tuple[int, ...] | None = None  # TCP ports that the estate's flows name for this machine
    also: tuple[bytes, ...] = ()  # further folders in which every file counts for the baseline
    now: float = 0.0  # wall seconds here
    lists_days: float = 7.0  # package lists older than this say nothing of patches
    clock_s: float = 5.0  # a clock may be off by this many seconds
    sweep_s: float = 600.0  # the sweep with rules ends after this long, and says that it did


@dataclass(frozen=True, slots=True)
class Said:
    """What one check answers."""

    check: str
    item: Item
    answer: Answer
    found: tuple[str, ...] = ()  # what speaks against it, or why it could not be told: one line each, hostile text
    more: int = 0  # further ones that are not named
    noted: tuple[str, ...] = field(default=())  # what a person may want to know and what speaks against nothing


class Check(Protocol):
    """One check."""

    @property
    def name(self) -> str: ...

    @property
    def item(self) -> Item: ...

    def __call__(self, machine: Any, /) -> Said:
        """Find out about a `garde.recovery.checks.machine.Machine`, and answer."""
        ...


def said(check: Check, found: Sequence[str], *, unknown: bool = False, noted: Sequence[str] = ()) -> Said:
    """Return yes where nothing was found, unknown where that is what the lines say, else no; long lists are cut."""
    answer = Answer.YES if not found else Answer.UNKNOWN if unknown else Answer.NO
    named = tuple(found[:MOST_FOUND])
    return Said(check.name, check.item, answer, named, len(found) - len(named), tuple(noted[:MOST_FOUND]))
