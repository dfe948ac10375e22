"""Whether an estate can be used: what is named exists, stands once, and makes sense together.

Comes in: an `Estate` and the places of its parts. Goes out: problems, each with its line; a warning does not keep the
estate from being used. All rules run, so that one check finds everything. Each rule is a sentence with a test of its
own; here those of ids and references, beside it:

* rules_network.py: addresses, segments, switch ports, the hub, gateways, what is never cut;
* rules_care.py: services, what they need, words, wards;
* rules_people.py: people, the rota, the written authority.

Ids:

* An id stands once in its table; a machine and a service never share one.
* A gateway stands once for each machine.
* What is named (a segment, an owner, a switch, a need, a ward, a person on call, …) exists.
* A word of a closed set (roles, actions, who must say yes, care) is one of it.
* Nothing is named twice in one list (a warning).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from garde.estate import rules_care, rules_network, rules_people
from garde.estate.convert import nearest, shown
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.estate.places import Places, Problem
from garde.estate.vocabulary import CHOICES, REFERENCES

Rule = Callable[[Lookup, Places], Iterator[Problem]]


def check(estate: Estate, places: Places) -> list[Problem]:
    """Return everything that is wrong, in no order."""
    look = Lookup(estate)
    return [problem for rule in RULES for problem in rule(look, places)]


def ids_stand_once(look: Lookup, places: Places) -> Iterator[Problem]:
    first: dict[tuple[str, str], tuple[str, int]] = {}  # (name space, id) -> where it stood first
    for table in ("sites", "segments", "machines", "services", "wards", "people", "authority", "neighbours"):
        space = "machines" if table == "services" else table  # `uses` names both
        for number, each in enumerate(getattr(look.estate, table)):
            before = first.setdefault((space, each.id), (table, number))
            if before != (table, number):
                text = f"the id {each.id} stands a second time (first in {places.at(*before, 'id')})"
                yield Problem(places.at(table, number, "id"), text)


def gateways_stand_once(look: Lookup, places: Places) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, each in enumerate(look.estate.gateways):
        if each.machine in seen:
            yield Problem(places.at("gateways", number, "machine"), f"the gateway {each.machine} stands a second time")
        seen.add(each.machine)


def references_exist(look: Lookup, places: Places) -> Iterator[Problem]:
    known = {
        table: {each.id for each in getattr(look.estate, table)} for tables in REFERENCES.values() for table in tables
    }
    for field, tables in REFERENCES.items():
        names = set().union(*(known[table] for table in tables))
        for path, text in _values(look.estate, field):
            if text and text not in names:
                what = " or ".join(_ONE[table] for table in tables)
                yield Problem(places.at(*path), f"no {what} has the id {shown(text)}{nearest(text, names)}")


def words_are_known(look: Lookup, places: Places) -> Iterator[Problem]:
    for field, words in CHOICES.items():
        for path, text in _values(look.estate, field):
            if text and text not in words:
                wanted = nearest(text, words) or f": one of {', '.join(words)}"
                yield Problem(places.at(*path), f"{shown(text)} is not known as {_WORD[field]}{wanted}")


def lists_name_once(look: Lookup, places: Places) -> Iterator[Problem]:
    for field in (*REFERENCES, *CHOICES):
        seen: set[tuple[Any, ...]] = set()
        for path, text in _values(look.estate, field):
            if len(path) == 4 and (path[1], text) in seen:
                yield Problem(places.at(*path), f"{shown(text)} stands twice in this list", warning=True)
            seen.add((path[1], text))


def _values(estate: Estate, field: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each value of a field such as `machines.needs` with its path."""
    table, name = field.split(".")
    for number, each in enumerate(getattr(estate, table)):
        value = getattr(each, name)
        if isinstance(value, str):
            yield (table, number, name), value
        else:
            yield from (((table, number, name, index), text) for index, text in enumerate(value))


_ONE = {
    "sites": "site",
    "segments": "segment",
    "machines": "machine",
    "services": "service",
    "wards": "ward",
    "people": "person",
}
_WORD = {
    "machines.role": "the role of a machine",
    "people.roles": "the role of a person",
    "rota.role": "the role of a person",
    "authority.actions": "a cut",
    "authority.needs": "who must say yes",
    "authority.care": "a price in care",
    "authority.roles": "the role of a person or an account",
}

RULES: tuple[Rule, ...] = (
    ids_stand_once,
    gateways_stand_once,
    references_exist,
    words_are_known,
    lists_name_once,
    *rules_network.RULES,
    *rules_care.RULES,
    *rules_people.RULES,
)
