"""Is everybody under this number the same person? A number that is given out twice must not mix two people's allergies.

Comes in: the ways in which somebody was described. Goes out: groups of descriptions, one per person. The rules:

1. Two descriptions that differ in family name *and* birth date are two people, unless rule 2 joins them.
2. Descriptions under the same visit number are one person: the unknown patient who got a name, a corrected birth date.
3. A description that lacks name or birth date belongs to the person described last.
"""

from __future__ import annotations

from garde.downtime.census.facts import Mark
from garde.downtime.census.patient import Seen


def selves(people: list[Seen]) -> list[list[Seen]]:
    """Return one list of descriptions per person, the person described last at the end."""
    full = [each for each in people if all(each.person.mark)]
    groups: list[list[Seen]] = []
    for each in full:
        same = [group for group in groups if any(_is_same(each, other) for other in group)]
        groups = [group for group in groups if group not in same]
        groups.append([each, *(other for group in same for other in group)])
    groups.sort(key=_newest)
    halves = [each for each in people if not all(each.person.mark)]
    if halves and groups:
        groups[-1] += halves
    elif halves:
        groups = [halves]
    return groups


def _is_same(one: Seen, other: Seen) -> bool:
    differ = one.person.family.casefold() != other.person.family.casefold() and one.person.birth != other.person.birth
    return not differ or bool(one.visits & other.visits)


def _newest(group: list[Seen]) -> tuple[float, int, str, str]:
    return max(each.last.key for each in group)


def current(group: list[Seen]) -> Seen:
    """Return the description in force: the newest of those who register people, else the newest."""
    firm = [each for each in group if each.firm]
    return max(firm or group, key=lambda each: each.last.key)


def marks(group: list[Seen]) -> frozenset[Mark]:
    return frozenset(each.person.mark for each in group)
