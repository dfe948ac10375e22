"""Fields that say what it was: nature, systems, whether data left, threat, origin, the note.

Comes in: `Ask`. Goes out: values with their entries. A claim carries its limits: as of when, from which sources, what
they did not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from garde.journal.speech import Said, mark
from garde.legal.fill.base import NOTHING, Ask, Filler, Value, lines, size, when
from garde.legal.memory import Egress, Hop, Note

SEVERITIES: Final = {
    "1": mark("1 of 3: one writer on one server"),
    "2": mark("2 of 3: several servers"),
    "3": mark("3 of 3: several spreaders, or a guard was silenced"),
}
ROLES: Final = {
    "spreader": mark("spread it inside"),
    "foothold": mark("first foothold"),
    "relay": mark("on the way"),
    "controller": mark("led it from outside"),
    "receiver": mark("received data"),
}
CONFIDENCE: Final = {"seen": mark("seen"), "likely": mark("likely"), "possible": mark("possible")}
MAY_BE: Final = {
    "relay": mark("a relay"),
    "vpn": mark("a VPN"),
    "hosting": mark("rented hosting"),
    "tor": mark("a Tor node"),
    "shared_address": mark("an address that several share"),
}
FOOTHOLDS: Final = {
    "supplier_access": mark("a supplier’s access to the machine that spread it"),
    "reached_from_outside": mark("the machine that spread it was reached from outside"),
    "from_another_machine": mark("from another machine inside"),
    "led_from_outside": mark("the machine that spread it was led from outside"),
}
DECRYPTORS: Final = {
    "known": mark("a decryptor is known"),
    "none_known": mark("no decryptor is known"),
}
# What a note names that is found again elsewhere: mail, web, onion and payment addresses, chat ids.
_UNIQUE: Final = (
    re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,24}"),
    re.compile(r"\b(?:https?://)?[a-z2-7]{16,56}\.onion(?:/[^\s\"'<>]{0,200})?"),
    re.compile(r"https?://[^\s\"'<>]{4,200}"),
    re.compile(r"\b(?:bc1[02-9ac-hj-np-z]{25,62}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b"),
    re.compile(r"\b4[1-9A-HJ-NP-Za-km-z]{94}\b"),
    re.compile(r"\b[0-9A-F]{76}\b"),
)


def nature(ask: Ask) -> Value:
    """Return what was done to which files, and that this is a breach of availability."""
    incident, say = ask.incident, ask.say
    servers = ask.machines(incident.servers)
    entries = [incident.seq, *incident.servers.values(), *incident.confirmed[:3]]
    if incident.spread is not None:
        files = say.many("{n} file", "{n} files", incident.spread.files)
        words = say(
            "Files were made unreadable on {servers} ({files} known): a breach of availability and integrity. Whether "
            "confidentiality was breached as well is said under “Did data leave?”.",
            servers=servers, files=files,
        )  # fmt: skip
        return words, [*entries, incident.spread.seq]
    words = say("Files were made unreadable on {servers}: a breach of availability and integrity.", servers=servers)
    return words, entries


def data_left(ask: Ask) -> Value:
    """Return the finding with its time, its sources and its blindness."""
    egress = ask.incident.egress
    if egress is None:
        return NOTHING
    say = ask.say
    first = {
        "none_seen": say("No evidence that data left, as of {as_of}.", as_of=when(egress.as_of)),
        "seen": say("Data left: {bytes}, as far as was seen as of {as_of}.", bytes=size(egress.bytes, say),
                    as_of=when(egress.as_of)),
        "blind": say("Whether data left cannot be told, as of {as_of}.", as_of=when(egress.as_of)),
    }.get(egress.finding, say("not known"))  # fmt: skip
    return say("{first} {bounds}", first=first, bounds=_bounds(ask, egress)), [egress.seq]


def _bounds(ask: Ask, egress: Egress) -> Said:
    say = ask.say
    sources = say.list([say("{name}", name=each) for each in egress.sources]) if egress.sources else say("none")
    covered = ask.machines(egress.covered) if egress.covered else say("none")
    blind = ask.machines(egress.blind) if egress.blind else say("none")
    return say(
        "Looked at from {since} on; sources: {sources}. Machines seen all the time: {covered}. Not seen, or not all "
        "the time: {blind}.",
        since=when(egress.since), sources=sources, covered=covered, blind=blind,
    )  # fmt: skip


def systems(ask: Ask) -> Value:
    """Return machines with harm, and services that it reached."""
    incident, say = ask.incident, ask.say
    parts: list[tuple[str, list[int]]] = [
        (say("Servers with damaged files: {servers}", servers=ask.machines(incident.servers)),
         list(incident.servers.values())),
    ]  # fmt: skip
    if incident.spread is not None and incident.spread.spreader:
        words = say("Spread from: {machine}", machine=ask.machine(incident.spread.spreader))
        parts.append((words, [incident.spread.seq]))
    parts.append(_services(ask))
    return lines(parts)


def _services(ask: Ask) -> tuple[str, list[int]]:
    things = list(ask.incident.services.values())
    if not things:
        return "", []
    return ask.say("Services reached: {services}", services=ask.services(things)), [
        e for t in things for e in t.entries
    ]


def impact(ask: Ask) -> Value:
    """Return what care lost: services, paths, data to be entered again."""
    incident, say = ask.incident, ask.say
    parts: list[tuple[str, list[int]]] = [_services(ask)]
    if incident.diversions:
        paths = say.list([say("{name}", name=each) for each in incident.diversions])
        entries = [each for thing in incident.diversions.values() for each in thing.entries]
        parts.append((say("Ways in limited or diverted: {paths}", paths=paths), entries))
    for subject, thing in incident.reenter.items():
        words = say("Data of {subject} after {after} must be entered again", after=when(thing.at),
                    subject=ask.look.label(subject, ask.language))  # fmt: skip
        parts.append((words, thing.entries))
    return lines(parts)


def consequences(ask: Ask) -> Value:
    """Return the same as likely consequences for the persons; where nothing is known of them, it stays unknown."""
    words, entries = impact(ask)
    if not words:
        return NOTHING
    return ask.say("{impact}\nCare may have been delayed or moved.", impact=Said(words)), entries


def damage(ask: Ask) -> Value:
    """Return the damage as far as it is known; its cost is a person's to write."""
    incident, say = ask.incident, ask.say
    parts: list[tuple[str, list[int]]] = []
    if incident.spread is not None:
        files = say.many("{n} file was damaged", "{n} files were damaged", incident.spread.files)
        parts.append((files, [incident.spread.seq]))
    if incident.files_lost:
        lost = say.many("{n} file could not be put back", "{n} files could not be put back", incident.files_lost)
        parts.append((lost, [incident.files_seq]))
    parts.append(_services(ask))
    return lines(parts)


def malicious(ask: Ask) -> Value:
    """Return whether it is suspected to be a malicious act."""
    if not ask.incident.confirmed:
        return NOTHING
    words = ask.say("Yes: files were made unreadable on purpose, and the evidence was read again")
    return words, [ask.incident.seq, *ask.incident.confirmed[:3]]


def kind(ask: Ask) -> Value:
    """Return the type of incident."""
    incident, say = ask.incident, ask.say
    if incident.notes:
        return say("Ransomware: files made unreadable, ransom note found"), [incident.seq, incident.notes[0].seq]
    return say("Files made unreadable; no ransom note is known so far"), [incident.seq]


def severity(ask: Ask) -> Value:
    """Return how grave it is by Garde's own scale."""
    return ask.say.word(SEVERITIES, str(ask.incident.severity)), [ask.incident.seq]


def threat(ask: Ask) -> Value:
    """Return the family as the account named it, with its confidence; "unknown" where it said so."""
    family, say = ask.incident.family, ask.say
    if family is None:
        return NOTHING
    if not family.family:
        return say("Ransomware of a family that is not known"), [family.seq]
    parts = [say("{family} (confidence {percent} %)", family=family.family, percent=round(family.confidence * 100))]
    if family.decryptor in DECRYPTORS:
        parts.append(say("{decryptor} (data of {date})", decryptor=say.word(DECRYPTORS, family.decryptor),
                         date=family.data_date))  # fmt: skip
    if family.techniques:
        techniques = say.list([say("{name}", name=each) for each in family.techniques])
        parts.append(say("ATT&CK techniques seen: {techniques}", techniques=techniques))
    return lines((each, [family.seq]) for each in parts)


def entry(ask: Ask) -> Value:
    """Return how it may have come in: candidates, as the account found them."""
    origin, say = ask.incident.origin, ask.say
    candidates = [each for each in origin.foothold if each != "unknown"] if origin is not None else []
    if origin is None or not candidates:
        return NOTHING
    found = say.list([say.word(FOOTHOLDS, each) for each in candidates])
    return say("Candidates, not established: {found}", found=found), [origin.seq]


def _hop(ask: Ask, hop: Hop) -> Said:
    say = ask.say
    where = say.list([say("{name}", name=each) for each in (hop.country, hop.network) if each]) or say("not known")
    role, sure = say.word(ROLES, hop.role), say.word(CONFIDENCE, hop.confidence)
    words = say("{address}: {role} ({confidence}); country, network: {where}", address=hop.address, role=role,
                confidence=sure, where=where)  # fmt: skip
    if not hop.may_be:
        return words
    may = say.list([say.word(MAY_BE, each) for each in hop.may_be])
    return say("{words}; may be {may}", words=words, may=may)


def suspect_addresses(ask: Ask) -> Value:
    """Return the addresses of the way it came: infrastructure seen, not blame."""
    parts: list[tuple[str, list[int]]] = []
    origin, spread = ask.incident.origin, ask.incident.spread
    if origin is not None:
        parts += [(_hop(ask, hop), [origin.seq]) for hop in origin.hops if hop.address]
    if spread is not None:
        known = {hop.address for hop in origin.hops} if origin is not None else set()
        parts += [(ask.say("{address}: spread it inside", address=each), [spread.seq])
                  for each in spread.addresses if each not in known]  # fmt: skip
    return lines(parts)


def suspect_users(ask: Ask) -> Value:
    """Return the accounts that were used."""
    parts: list[tuple[str, list[int]]] = []
    if ask.incident.spread is not None:
        parts += [(each, [ask.incident.spread.seq]) for each in ask.incident.spread.users]
    if ask.incident.origin is not None and ask.incident.origin.user:
        parts.append((ask.incident.origin.user, [ask.incident.origin.seq]))
    return lines({text: (text, entries) for text, entries in parts}.values())


def own_addresses(ask: Ask) -> Value:
    """Return the addresses of the machines concerned, as the hospital's file has them."""
    names = dict.fromkeys([*ask.incident.servers, ask.incident.spread.spreader if ask.incident.spread else ""])
    known = [ask.look.machines[each] for each in names if each in ask.look.machines]
    return lines(
        (
            ask.say("{machine}: {addresses}", machine=ask.machine(each.id), addresses=", ".join(each.addresses)),
            ask.estate,
        )
        for each in known
        if each.addresses
    )


def screen(ask: Ask) -> Value:
    """Return the notes, word for word."""
    return lines(
        (
            ask.say(
                "{name} on {machine}, in {n} folders, SHA-256 {sha256}:",
                name=Said(each.name), machine=ask.machine(each.machine), n=each.copies, sha256=each.sha256,
            )
            + "\n"
            + each.text,
            [each.seq],
        )
        for each in ask.incident.notes
    )  # fmt: skip


def unique_data(ask: Ask) -> Value:
    """Return what the notes name that can be found again elsewhere."""
    found = {text: each.seq for each in ask.incident.notes for text in find_unique(each)}
    return lines((text, [seq]) for text, seq in found.items())


def find_unique(note: Note) -> Iterator[str]:
    """Yield addresses and ids that a note names, each once."""
    seen: set[str] = set()
    for pattern in _UNIQUE:
        for match in pattern.finditer(note.text[:20_000]):
            text = match.group().rstrip(".,;)")
            if not any(text in each for each in seen):
                seen.add(text)
                yield text


def indicators(ask: Ask) -> Value:
    """Return what others can look for: addresses outside, notes by name and hash."""
    say, origin = ask.say, ask.incident.origin
    parts: list[tuple[str, list[int]]] = []
    if origin is not None:
        outside = [hop.address for hop in origin.hops if hop.address and not hop.machine]
        parts += [(say("address {address}", address=each), [origin.seq]) for each in outside]
    for each in ask.incident.notes:
        parts.append((say("note {name}, SHA-256 {sha256}", name=Said(each.name), sha256=each.sha256), [each.seq]))
    for each in ask.incident.notes:
        parts += [(say("named in the note: {text}", text=Said(text)), [each.seq]) for text in find_unique(each)]
    return lines(parts)


WHAT: Final[dict[str, Filler]] = {
    "nature": nature,
    "data_left": data_left,
    "systems": systems,
    "impact": impact,
    "consequences": consequences,
    "damage": damage,
    "malicious": malicious,
    "kind": kind,
    "severity": severity,
    "threat": threat,
    "entry": entry,
    "root_cause": entry,
    "suspect_addresses": suspect_addresses,
    "suspect_users": suspect_users,
    "own_addresses": own_addresses,
    "screen": screen,
    "unique_data": unique_data,
    "indicators": indicators,
}
