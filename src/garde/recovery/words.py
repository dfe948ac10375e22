"""The way back in plain words: reasons, items, stages, credentials, who may; in the reader's language.

Comes in: a `Reason` or the text of one, the estate, a speaker (`say_in(language, RECOVERY_LOCALE)`). Goes out: `Said`,
safe to show. Machines and services are named as the hospital names them; what is known by no name keeps its id. It
folds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from garde.estate.look import Lookup
from garde.journal.recovery_words import SIDES, SORTS, STATUS
from garde.journal.speech import Said, Say, mark
from garde.model.restart import Item
from garde.recovery import reasons
from garde.recovery.reasons import Reason

RECOVERY_LOCALE: Final = Path(__file__).parent / "locale"

# What an item asks, in as few words as a column has room for. `journal.recovery_words.ITEMS` says what its yes means.
ITEMS: Final[dict[str, str]] = {
    Item.KNOWN: mark("Known, and what it needs is verified"),
    Item.RATED: mark("How it stands"),
    Item.ENTRY: mark("How and when they came in"),
    Item.EVIDENCE: mark("Evidence taken"),
    Item.REBUILT: mark("Rebuilt, patched, as it was"),
    Item.DATA: mark("Data from a judged point"),
    Item.CREDENTIALS: mark("Credentials changed"),
    Item.SUPPLIERS: mark("Suppliers shut out"),
    Item.WATCHED: mark("Watched, swept, bait in place"),
    Item.NETWORK: mark("Only listed flows, seen from outside"),
    Item.CLINICIAN: mark("Tried by a clinician"),
    Item.OBSERVED: mark("Watched without an alarm"),
    Item.SIGNED: mark("Two signatures"),
}
BY: Final = {"hub": mark("the hub"), "rule": mark("the rules of the way back")}
FROZEN: Final = {
    "": mark("goes on as usual"),
    "asked": mark("asked to freeze"),
    "proven": mark("frozen, proven"),
    "not_proven": mark("NOT proven to be frozen"),
    "thawing": mark("asked to go on"),
    "thawed": mark("goes on again"),
}
CREDENTIALS: Final = {
    "local_admin": mark("local administrator of {name}"),
    "service": mark("service account {name}"),
    "key": mark("key or certificate {name}"),
    "supplier": mark("remote access of {name}"),
    "directory": mark("the directory's own key ({name})"),
}
_MACHINES: Final = ("machine", "need", "looker", "server", "source")
_TIMES: Final = ("until",)


def say_reason(reason: Reason, say: Say, look: Lookup) -> Said:
    """Return a reason in the reader's language, with names in place of ids."""
    values = {name: _value(name, value, say, look) for name, value in reason.values}
    return say(reason.sentence, **values)


def known(text: str, say: Say, look: Lookup) -> Said:
    """Return the text of an entry (`why`, a warning) in the reader's language where it is one of our reasons."""
    found = reasons.read(text)
    return say_reason(found, say, look) if found is not None else say.known(text)


def _value(name: str, value: str, say: Say, look: Lookup) -> object:
    if name in _MACHINES:
        return machine(value, say, look)
    if name in _TIMES:
        return say.clock(float(value)) if _is_number(value) else value
    special: dict[str, Callable[[], Said]] = {
        "status": lambda: say.word(STATUS, value),
        "side": lambda: say.word(SIDES, value),
        "what": lambda: known(value, say, look),
        "machines": lambda: say.list([machine(each, say, look) for each in value.split(", ")]),
        "credential": lambda: credential(value, say, look),
        "by": lambda: who(value, say, look),
        "it": lambda: who(value, say, look),
        "service": lambda: who(value, say, look),
        "number": lambda: numbered(value, say),
    }
    return special[name]() if name in special else value


def machine(name: str, say: Say, look: Lookup) -> Said:
    """Return a machine with its name and its id."""
    label = look.label(name, say.language, "machines")
    return say("{name}", name=name) if label == name else say("{label} ({name})", label=label, name=name)


def who(name: str, say: Say, look: Lookup) -> Said:
    """Return who said something: the hub, an agent, a look from outside, a person."""
    if name in BY:
        return say.word(BY, name)
    kind, slash, rest = name.partition("/")
    if slash and kind == "agent":
        return say("the agent of {machine}", machine=machine(rest, say, look))
    if slash and kind == "look":
        return say("seen from {machine}", machine=machine(rest, say, look))
    person = look.person(name)
    return say("{name}", name=person.name if person is not None else name)


def item(name: str, say: Say) -> Said:
    """Return what an item asks."""
    return say.word(ITEMS, name)


def numbered(number: str, say: Say) -> Said:
    """Return an item by its number: `9, Only listed flows, seen from outside`."""
    names = list(Item)
    if not number.isdigit() or not 0 < int(number) <= len(names):
        return say("{name}", name=number)
    return say("{n}, {item}", n=number, item=item(names[int(number) - 1], say))


def credential(name: str, say: Say, look: Lookup) -> Said:
    """Return a credential: `service account svc-pacs`."""
    sort, slash, rest = name.partition("/")
    if not slash or sort not in CREDENTIALS:
        return say("{name}", name=name)
    return say(CREDENTIALS[sort], name=machine(rest, say, look))


def sort(name: str, say: Say) -> Said:
    """Return the sort of a credential."""
    return say.word(SORTS, name)


def frozen(state: str, say: Say) -> Said:
    """Return how the retention of a store stands."""
    return say.word(FROZEN, state)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
