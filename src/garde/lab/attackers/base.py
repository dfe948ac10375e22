"""The contract of an attack mode.

Comes in: nothing. Goes out: `Attack` (the Protocol), `Station` (what a worker hands it) and `Mode` (a row of the table
in `table.py`).

Who calls, and in what order: each worker process makes its own instance, calls `begin` once before the start signal,
then `hit` once for each file that the shared clock deals to it, and after the last one stays alive, its handles open,
until the drill ends it. Nothing is called after that, so an attack has no clean-up to do. `hit` may raise OSError (the
file was moved, restored, or is gone): the worker notes a failed attempt and goes on.

Where `Mode.logged` is true the attack hands names to other programs (a shell, xargs), and these write themselves to
`Station.log` which file they start on (`s NUMBER`) and are done with (`f NUMBER`); else the worker notes both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from garde.lab.attackers.ground import Target


class Kind(StrEnum):
    """What a mode does to a document, which decides what the drill expects of the watch."""

    CONTENT = "content"  # unreadable content: to be held, and undone
    REMOVAL = "removal"  # emptied or deleted: to be undone; deleting alone never holds


@dataclass(frozen=True, slots=True)
class Station:
    """What a worker gives its attack: its number, how many there are, the log's descriptor, a scratch folder."""

    worker: int
    workers: int
    log: int
    scratch: Path  # outside the share; keys of the tools lie here


class Attack(Protocol):
    """One way of destroying documents, in one worker process."""

    def begin(self, station: Station) -> None: ...

    def hit(self, target: Target) -> None: ...


@dataclass(frozen=True, slots=True)
class Mode:
    """A row of the table."""

    name: str
    help: str
    make: Callable[[], Attack]
    kind: Kind = Kind.CONTENT
    needs: tuple[str, ...] = ()  # programs that must be installed
    workers: int = 0  # 0: as asked; else this many, always
    logged: bool = False
    slow: bool = False  # paced by the slow interval instead of the rate
    endings: tuple[str, ...] = ()  # of the files that the mode leaves beside a document
