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
from typing import Any, Final

from garde.estate import rules_care, rules_network, rules_people
from garde.estate.convert import nearest
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.estate.places import Places, Problem
from garde.estate.sentences import Quoted, Sentence
from garde.estate.vocabulary import CHOICES, REFERENCES
from garde.journal.speech import mark

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
                place = str(places.at(*before, "id"))
                what = Sentence("the id {id} stands a second time (first in {place})", id=each.id, place=place)
                yield Problem(places.at(table, number, "id"), what)


def gateways_stand_once(look: Lookup, places: Places) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, each in enumerate(look.estate.gateways):
        if each.machine in seen:
            what = Sentence("the gateway {machine} stands a second time", machine=each.machine)
            yield Problem(places.at("gateways", number, "machine"), what)
        seen.add(each.machine)


def references_exist(look: Lookup, places: Places) -> Iterator[Problem]:
    known = {
        table: {each.id for each in getattr(look.estate, table)} for tables in REFERENCES.values() for table in tables
    }
    for field, tables in REFERENCES.items():
        names = set().union(*(known[table] for table in tables))
        for path, text in _values(look.estate, field):
            if text and text not in names:
                what = Sentence(_NO_SUCH[tables], text=Quoted(text), hint=nearest(text, names))
                yield Problem(places.at(*path), what)


def words_are_known(look: Lookup, places: Places) -> Iterator[Problem]:
    for field, words in CHOICES.items():
        for path, text in _values(look.estate, field):
            if text and text not in words:
                hint = nearest(text, words) or Sentence(": one of {words}", words=words)
                yield Problem(places.at(*path), Sentence(_NOT_KNOWN[field], text=Quoted(text), hint=hint))


def lists_name_once(look: Lookup, places: Places) -> Iterator[Problem]:
    for field in (*REFERENCES, *CHOICES):
        seen: set[tuple[Any, ...]] = set()
        for path, text in _values(look.estate, field):
            if len(path) == 4 and (path[1], text) in seen:
                what = Sentence("{text} stands twice in this list", text=Quoted(text))
                yield Problem(places.at(*path), what, warning=True)
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


# Whole sentences: in other languages the word for a thing changes the words around it.
_NO_SUCH: Final[dict[tuple[str, ...], str]] = {
    ("sites",): mark("no site has the id {text}{hint}"),
    ("segments",): mark("no segment has the id {text}{hint}"),
    ("machines",): mark("no machine has the id {text}{hint}"),
    ("services",): mark("no service has the id {text}{hint}"),
    ("services", "machines"): mark("no service or machine has the id {text}{hint}"),
    ("wards",): mark("no ward has the id {text}{hint}"),
    ("people",): mark("no person has the id {text}{hint}"),
}
_NO_ROLE = mark("{text} is not known as the role of a person{hint}")
_NOT_KNOWN: Final = {
    "machines.role": mark("{text} is not known as the role of a machine{hint}"),
    "machines.layer": mark("{text} is not known as a place in the order of restart{hint}"),
    "people.roles": _NO_ROLE,
    "rota.role": _NO_ROLE,
    "authority.actions": mark("{text} is not known as a cut{hint}"),
    "authority.needs": mark("{text} is not known as who must say yes{hint}"),
    "authority.care": mark("{text} is not known as a price in care{hint}"),
    "authority.roles": mark("{text} is not known as the role of a person or an account{hint}"),
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
