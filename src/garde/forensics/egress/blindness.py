"""Times in which a source did not see: cut to a question, joined, measured.

Comes in: `Blind`s and the two ends of a question. Goes out: the same, in order, none twice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from garde.journal.forensic_kinds import Blind

_NEAR_S = 60.0  # two times of one reason are told as one where they are no further apart


def cut(blind: Iterable[Blind], since: float, until: float) -> list[Blind]:
    """Keep what lies between the two ends, as far as it does."""
    found = (
        Blind(max(each.since, since), min(each.until, until), each.why, each.records)
        for each in blind
        if each.until >= since and each.since <= until
    )
    return sorted(found, key=lambda each: (each.since, each.until))


def joined(blind: Iterable[Blind], near: float = _NEAR_S) -> list[Blind]:
    """Join times of one reason that touch, or nearly do; their records are added up."""
    last: dict[str, Blind] = {}
    found: list[Blind] = []
    for each in sorted(blind, key=lambda each: (each.since, each.until)):
        before = last.get(each.why)
        if before is None or each.since > before.until + near:
            if before is not None:
                found.append(before)
            last[each.why] = each
        else:
            last[each.why] = Blind(before.since, max(before.until, each.until), each.why, before.records + each.records)
    return sorted([*found, *last.values()], key=lambda each: (each.since, each.until))


def seconds(blind: Iterable[Blind]) -> float:
    """How long they last together; what overlaps counts once."""
    total, reached = 0.0, float("-inf")
    for each in sorted(blind, key=lambda each: each.since):
        total += max(0.0, each.until - max(each.since, reached))
        reached = max(reached, each.until)
    return total


def longest(blind: Iterable[Blind]) -> float:
    """The longest stretch in which nothing was seen, whatever the reasons."""
    best, since, reached = 0.0, 0.0, float("-inf")
    for each in sorted(blind, key=lambda each: each.since):
        if each.since > reached:
            since = each.since
        reached = max(reached, each.until)
        best = max(best, reached - since)
    return best


def both(one: Iterable[Blind], two: Iterable[Blind]) -> list[Blind]:
    """The times in which neither of two sources saw."""
    others = list(two)
    return [
        Blind(max(a.since, b.since), min(a.until, b.until), a.why, 0)
        for a in one
        for b in others
        if max(a.since, b.since) < min(a.until, b.until)
    ]
