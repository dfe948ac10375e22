"""The witness before the servers' doors: which of them answer, and when, asked from another machine all morning.

Comes in: `doors EVERY SOURCE4 SOURCE6 NAME=ADDRESS=PORT …`, run on that machine. Goes out: a line `ready`, and when
standard input ends one JSON list with a `Door` for each address: the spans of CLOCK_MONOTONIC in which questions were
asked that were answered. It asks as the prober does, by a bare SYN, and starts nothing there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import msgspec

from garde.lab.night.prober import Prober, Target

Span = tuple[float, float]  # the first and the last answered question of a row, by when they were sent


class Door(msgspec.Struct, frozen=True):
    """What one address answered."""

    server: str
    version: int
    asked: int
    spans: list[Span]
    last_asked: float = 0.0

    @property
    def answers(self) -> bool:
        """Whether it answered to the end."""
        return bool(self.spans) and self.spans[-1][1] == self.last_asked


def spans(sent: Sequence[float], answered: Iterable[int]) -> list[Span]:
    """Join questions in a row that were answered."""
    found: list[Span] = []
    last = -2
    for number in sorted(answered):
        at = sent[number]
        found[-1:] = [(found[-1][0], at)] if number == last + 1 and found else [*found[-1:], (at, at)]
        last = number
    return found


def door_of(target: Target) -> Door:
    """Sum up what one address answered."""
    sent = target.sent
    return Door(target.server, target.version, len(sent), spans(sent, target.answered), sent[-1] if sent else 0.0)


def main(words: list[str]) -> None:
    """Ask until standard input ends, report."""
    every, source4, source6 = float(words[0]), words[1], words[2]
    targets = [(name, address, int(port)) for name, address, port in (word.split("=") for word in words[3:])]
    prober = Prober({4: source4, 6: source6}, targets)
    prober.run(every)
    print(msgspec.json.encode([door_of(it) for it in prober.targets]).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
