"""The guard: what of a warning may leave the house, and for whose eyes.

Comes in: a `Draft`, the estate. Goes out: `Guarded`: the draft as it may be released, and the difference, part by part
with the reason, for the person who approves. Pure. It keeps only what it knows to be harmless: what fits no rule is
taken out. The rules, one test each:

1. An address of the house, of a private or reserved network, or one that the house itself uses by rule, is taken out;
   so is what is no address.
2. A value in which a name of the house stands (machine, account, person, ward, service, site) is taken out.
3. An account is taken out unless every system has it (`administrator`, `root`).
4. A value that may be about a patient is taken out: six digits or more in a row, a date, an identity number. A digest
   is none.
5. An ending stays where it looks like one, stood on two files at least, and honest files do not have it.
6. The name of a program that comes with the system is taken out: it would accuse every machine.
7. A domain is cut to its last labels: those before may carry what was stolen. A blackmailer's hidden service stays.
8. TLP. Red: one page, for reading out; nothing that a machine reads. Clear: neither the hospital's name nor its
   telephone, the day instead of the time, no figures of its own, no way of payment. Green: no telephone, no figures,
   no way of payment. Amber: all of what is left.
9. The hops within the house are taken out of the way; their number is not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from garde.estate.addresses import read_address, same
from garde.estate.look import Lookup
from garde.journal.speech import mark
from garde.sharing.out import facts
from garde.sharing.out.draft import Draft, Indicator, Way
from garde.sharing.out.house import House
from garde.sharing.out.lists import HONEST, SYSTEM

CLEAR, GREEN, AMBER, STRICT, RED = "clear", "green", "amber", "amber+strict", "red"
MACHINES: Final = frozenset({CLEAR, GREEN, AMBER, STRICT})  # what may be read by machines

INTERNAL = mark("an address of the house")
USED = mark("an address that the house itself uses by rule")
NO_ADDRESS = mark("no address")
HOUSE = mark("a name of the house stands in it")
ACCOUNT = mark("an account of the house")
PATIENT = mark("it may be about a patient")
ONCE = mark("an ending that stood on one file only")
HONEST_ENDING = mark("an ending that honest files have as well")
SHAPE = mark("it does not look like what it should be")
PROGRAM = mark("a program that comes with the system")
CUT = mark("the labels before may carry what was stolen")
FORBIDDEN = mark("the TLP forbids it")
ROUNDED = mark("the TLP allows the day only")
UNKNOWN = mark("a sort of which the guard knows nothing")
WHYS: Final = (
    INTERNAL, USED, NO_ADDRESS, HOUSE, ACCOUNT, PATIENT, ONCE, HONEST_ENDING, SHAPE, PROGRAM, CUT, FORBIDDEN, ROUNDED,
    UNKNOWN,
)  # fmt: skip

EVERYWHERE: Final = frozenset({"administrator", "administrateur", "admin", "root", "guest", "system", "krbtgt"})
MOST_LABELS: Final = 3
_DAY: Final = 86_400.0
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ENDING = re.compile(r"\.[\w!#$%&()@\[\]{}~+=.-]{1,48}", re.ASCII)
_NAME = re.compile(r"[\w !#$%&'()@\[\]{}~+=.,-]{1,120}")  # no slash, no quote that ends a pattern, nothing that hides
_MAIL = re.compile(r"[\w.+-]{1,64}@[a-z0-9.-]{3,255}", re.ASCII)
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}", re.ASCII)
_WALLET = re.compile(r"[0-9A-Za-z]{26,90}", re.ASCII)
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_NUMBERS = re.compile(r"\d{6,}|\d{2,4}[-./ ]\d{1,2}[-./ ]\d{1,4}")
_ONE_LABEL: Final = 24  # letters of a label that somebody would choose; longer ones carry data


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the warning, before and after. `after` "" with a reason: it was taken out."""

    field: str  # an indicator's sort, or the name of a field
    before: str
    after: str
    why: str  # one of `WHYS`; "": it stays as it is

    @property
    def changed(self) -> bool:
        """Whether the guard touched it."""
        return bool(self.why)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What may be released, and the difference."""

    draft: Draft
    parts: tuple[Part, ...]

    @property
    def removed(self) -> tuple[Part, ...]:
        """The parts that were touched."""
        return tuple(each for each in self.parts if each.changed)


def guard(draft: Draft, look: Lookup) -> Guarded:
    """Return what of a draft may leave."""
    house = House(look)
    judged = [(each, _judge(each, draft.tlp, house)) for each in draft.indicators]
    parts = [Part(each.sort, each.value, after, why) for each, (after, why) in judged]
    kept = tuple(replace(each, value=after) for each, (after, _) in judged if after)
    said, more = _facts(draft)
    way, hops = _way(draft, house)
    said = replace(said, indicators=_once(kept), way=way)
    return Guarded(said, (*more, *hops, *parts))


def _once(indicators: tuple[Indicator, ...]) -> tuple[Indicator, ...]:
    """Return each value once: two that were cut may be the same now."""
    return tuple({(each.sort, each.value): each for each in reversed(indicators)}.values())[::-1]


# --- indicators -------------------------------------------------------------------------------------------------------


def _judge(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Return the value as it may leave ("": not at all), and why where it is not what it was."""
    if tlp not in MACHINES:
        return "", FORBIDDEN
    judge = _JUDGES.get(found.sort)
    return judge(found, tlp, house) if judge is not None else ("", UNKNOWN)


def _address(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Rule 1."""
    try:
        address = str(read_address(found.value))
    except ValueError:
        return "", NO_ADDRESS
    if house.owns(address):
        return "", INTERNAL
    return ("", USED) if house.uses(address) else (address, "")


def _digest(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    return (found.value, "") if _DIGEST.fullmatch(found.value) else ("", SHAPE)


def _ending(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Rule 5."""
    if not _ENDING.fullmatch(found.value):
        return "", SHAPE
    if found.value.rpartition(".")[2].casefold().rstrip("~") in HONEST:
        return "", HONEST_ENDING
    if found.times < 2:
        return "", ONCE
    return _words(found, house)


def _name(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Rules 2, 4 and 6."""
    if not _NAME.fullmatch(found.value) or not found.value.isprintable():
        return "", SHAPE
    if found.what == facts.TOOL and found.value.casefold() in SYSTEM:
        return "", PROGRAM
    return _words(found, house)


def _user(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Rule 3."""
    return (found.value, "") if found.value.casefold() in EVERYWHERE else ("", ACCOUNT)


def _mail(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    if not _MAIL.fullmatch(found.value):
        return "", SHAPE
    return ("", HOUSE) if house.named_in(found.value) else (found.value, "")


def _domain(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Rule 7."""
    if not _DOMAIN.fullmatch(found.value):
        return "", SHAPE
    if house.named_in(found.value):
        return "", HOUSE
    labels = found.value.split(".")
    if labels[-1] == "onion":
        return ".".join(labels[-2:]), "" if len(labels) == 2 else CUT
    most = MOST_LABELS if all(len(each) <= _ONE_LABEL for each in labels[-MOST_LABELS:]) else 2
    return ".".join(labels[-most:]), CUT if len(labels) > most else ""


def _wallet(found: Indicator, tlp: str, house: House) -> tuple[str, str]:
    """Rule 8: a way of payment is often made for one victim, and tells him apart."""
    if tlp in (CLEAR, GREEN):
        return "", FORBIDDEN
    return (found.value, "") if _WALLET.fullmatch(found.value) else ("", SHAPE)


def _words(found: Indicator, house: House) -> tuple[str, str]:
    """Rules 2 and 4."""
    if house.named_in(found.value):
        return "", HOUSE
    return ("", PATIENT) if _NUMBERS.search(found.value) else (found.value, "")


_JUDGES: Final[dict[str, Callable[[Indicator, str, House], tuple[str, str]]]] = {
    "address": _address,
    "sha256": _digest,
    "ending": _ending,
    "file_name": _name,
    "note_name": _name,
    "user": _user,
    "mail": _mail,
    "domain": _domain,
    "wallet": _wallet,
}


# --- the rest ---------------------------------------------------------------------------------------------------------


def _facts(draft: Draft) -> tuple[Draft, list[Part]]:
    """Rule 8."""
    parts: list[Part] = []
    changes: dict[str, object] = {}
    hidden = _HIDDEN.get(draft.tlp, _HIDDEN[CLEAR])  # a TLP that nobody knows is treated as the world
    for name in ("hospital", "call_back", "servers", "files", "left_bytes"):
        value = getattr(draft, name)
        if not value:
            continue
        after = "" if name in hidden else str(value)
        parts.append(Part(name, str(value), after, FORBIDDEN if name in hidden else ""))
        if name in hidden:
            changes[name] = type(value)()
    if "call_back" in changes:
        changes["call_role"] = ""
    odd = [each for each in draft.techniques if not _TECHNIQUE.fullmatch(each)]
    if odd:
        changes["techniques"] = tuple(each for each in draft.techniques if each not in odd)
        parts += [Part("technique", each, "", SHAPE) for each in odd]
    if draft.tlp == CLEAR and draft.began:
        changes["began"] = draft.began // _DAY * _DAY
        parts.append(Part("began", f"{draft.began:.0f}", f"{draft.began // _DAY * _DAY:.0f}", ROUNDED))
    return replace(draft, **changes), parts  # type: ignore[arg-type]


_HIDDEN: Final[dict[str, frozenset[str]]] = {
    CLEAR: frozenset({"hospital", "call_back", "servers", "files", "left_bytes"}),
    GREEN: frozenset({"call_back", "servers", "files", "left_bytes"}),
    AMBER: frozenset(),
    STRICT: frozenset(),
    RED: frozenset(),
}


def _way(draft: Draft, house: House) -> tuple[tuple[Way, ...], list[Part]]:
    """Rule 9."""
    kept, parts = [], []
    for hop in draft.way:
        why = INTERNAL if hop.inside or _is_own(hop.address, house) else ""
        parts.append(Part("way", hop.address, "" if why else same(hop.address), why))
        if not why:
            network = "" if house.named_in(hop.network) else hop.network
            kept.append(replace(hop, address=same(hop.address), network=network))
    return tuple(kept), parts


def _is_own(address: str, house: House) -> bool:
    try:
        return house.owns(address)
    except ValueError:
        return True


def reasons(guarded: Guarded) -> tuple[str, ...]:
    """Return why parts were touched, each reason once, in the order of the rules."""
    found = {each.why for each in guarded.removed}
    return tuple(each for each in WHYS if each in found)


def shown(parts: tuple[Part, ...]) -> Iterator[dict[str, object]]:
    """Yield the difference as JSON has it."""
    for each in parts:
        yield {"field": each.field, "before": each.before, "after": each.after, "why": each.why}
