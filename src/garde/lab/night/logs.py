"""The attackers' own logs, read, and those that the lab's other programs keep for the witness.

Comes in: the bytes that `attackers.smb_attack` wrote for one server; a file of JSON lines. Goes out: `Logged`; what the
lines hold. A line cut short by a kill is left out. File names in it are the documents' own: data, never a path to write
to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Logged:
    """What the attackers of one server wrote down: file number → CLOCK_MONOTONIC of the first line of that kind."""

    started: dict[int, float] = field(default_factory=dict)
    confirmed: dict[int, float] = field(default_factory=dict)
    finished: dict[int, float] = field(default_factory=dict)
    failed: dict[int, float] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)  # of the files started on, relative to the share
    notes: tuple[str, ...] = ()  # where the ransom note was left

    @property
    def first(self) -> float | None:
        """When the first file was started on."""
        return min(self.started.values(), default=None)

    @property
    def last(self) -> float:
        """When the attack last moved; 0 when it never did."""
        groups = (self.started, self.confirmed, self.finished, self.failed)
        return max((at for group in groups for at in group.values()), default=0.0)


def parse(data: bytes) -> Logged:
    """Read the lines of one server's attackers."""
    found: dict[str, dict[int, float]] = {"s": {}, "w": {}, "f": {}, "x": {}}
    paths: dict[int, str] = {}
    notes: list[str] = []
    for line in data.split(b"\n")[:-1]:
        words = line.decode("utf-8", "surrogateescape").split(" ", 3)
        at = _seconds(words)
        if at is None:
            continue
        what, number, path = words[0], int(words[1]), words[3] if len(words) > 3 else ""
        if what == "n":
            notes.append(path)
        elif what in found:
            found[what].setdefault(number, at)
            if what == "s" and path:
                paths.setdefault(number, path)
    return Logged(found["s"], found["w"], found["f"], found["x"], paths, tuple(notes))


def read_lines(log: Path, kind: type[T]) -> list[T]:
    """Read a log of JSON lines; none where nothing was written yet."""
    lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
    return [msgspec.json.decode(line, type=kind) for line in lines]


def _seconds(words: list[str]) -> float | None:
    """The time of a line; None where the line is none of ours."""
    if len(words) < 3 or not (words[1].isascii() and words[1].isdigit()):
        return None
    try:
        return float(words[2])
    except ValueError:
        return None
