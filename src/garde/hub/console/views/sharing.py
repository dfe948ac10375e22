"""Warnings as their page shows them: what would leave and what the guard took out, who was told; what neighbours sent.

Comes in: what `garde.sharing` knows, the difference that the guard made, the estate, names. Goes out: `SharingPage`.
Pure; it releases and sends nothing. What must not leave stands here for the eyes of those who may read the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from garde.hub.console.names import Names
from garde.hub.console.views.headline import Headline
from garde.hub.final.teller import FINAL_LOCALE
from garde.hub.final.words import HOW
from garde.journal.speech import Said, mark, say_in
from garde.journal.text import plain
from garde.sharing.in_.memory import In, Precaution
from garde.sharing.out.guard import Part
from garde.sharing.out.memory import TLPS as LEVELS
from garde.sharing.out.memory import Out, Version
from garde.sharing.out.ways import ways_to
from garde.sharing.out.words import FIELDS, SHARING_LOCALE, SORTS, TLPS

PRECAUTIONS: Final = {
    "": mark("nobody has decided"), "healthy": mark("healthy, not cut"), "ready": mark("healthy, ready to cut"),
    "cut": mark("healthy, but cut"),
}  # fmt: skip
SEEN: Final = 30  # sightings and agents that are listed


@dataclass(frozen=True, slots=True)
class PartShown:
    """One part of the difference."""

    field: Said
    before: Said
    after: Said  # "": it was taken out
    why: Said  # "": it stays as it is


@dataclass(frozen=True, slots=True)
class NeighbourShown:
    """One neighbour."""

    id: str
    name: Said
    words: Said
    tone: str
    ways: Said
    token: bool


@dataclass(frozen=True, slots=True)
class WarningShown:
    """The newest version of the warning of an incident."""

    id: str
    version: int
    tlp: str
    tlp_means: Said
    drawn: float
    fault: Said  # why it is not there; "": it is
    sha256: str
    indicators: int
    removed: int
    changed: tuple[PartShown, ...]
    kept: tuple[PartShown, ...]
    approved: Said
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrecautionShown:
    """A precaution that is offered."""

    id: str
    source: Said
    machines: Said
    price: tuple[Said, ...]
    why: Said
    state: str
    words: Said
    by: Said
    tone: str


@dataclass(frozen=True, slots=True)
class TakenShown:
    """Something that a neighbour sent."""

    sha256: str
    source: Said
    words: Said
    at: float
    counts: bool


@dataclass(frozen=True, slots=True)
class SharingPage:
    """See the module."""

    headline: Headline
    incident: str
    warning: WarningShown | None
    neighbours: tuple[NeighbourShown, ...]
    levels: tuple[tuple[str, Said], ...]
    taken: tuple[TakenShown, ...]
    unread: tuple[tuple[Said, float, int], ...]  # words, when, entry: what came and could not be read, the newest first
    asks: tuple[tuple[str, Said], ...]  # neighbours that can be asked over TAXII: id, name
    watching: Said  # "": there is no list
    behind: tuple[Said, ...]  # agents that do not watch for the newest list
    seen: tuple[tuple[Said, float, int], ...]  # words, when, entry: the newest first
    precautions: tuple[PrecautionShown, ...]


def newest_of(out: Out) -> tuple[str, Version | None]:
    """Return the incident that others are told of, and the newest version of its warning."""
    whole = [each for each in out.cases.values() if not each.into]
    found = next((each for each in reversed(whole) if not each.closed), whole[-1] if whole else None)
    if found is None:
        return "", None
    mine = [each for each in out.versions if (case := out.case(each.incident)) and case.incident == found.incident]
    return found.incident, mine[-1] if mine else None


@dataclass(frozen=True, slots=True)
class Looked:
    """What lies on the disk of the newest version; `fault`: why it cannot be shown, "" it can."""

    parts: Sequence[Part] = ()
    forms: Sequence[str] = ()
    fault: str = ""


def sharing_page(out: Out, coming: In, looked: Looked, names: Names, asks: Sequence[str] = ()) -> SharingPage:
    """Return the page."""
    incident, version = newest_of(out)
    spoken = say_in(names.say.language, SHARING_LOCALE)
    shown = _warning(version, looked, names) if version else None
    neighbours = _neighbours(out, version, names)
    return SharingPage(
        headline=_headline(incident, version, neighbours, coming, names),
        incident=incident,
        warning=shown,
        neighbours=neighbours,
        levels=tuple((each, spoken.word(TLPS, each)) for each in LEVELS),
        taken=_taken(coming, names),
        unread=_unread(coming, names),
        asks=tuple((each, _source(each, names)) for each in asks),
        watching=_watching(coming, names),
        behind=_behind(coming, names),
        seen=_seen(coming, names),
        precautions=tuple(_precaution(each, names) for each in reversed(coming.precautions.values())),
    )


# --- going out --------------------------------------------------------------------------------------------------------


def _warning(version: Version, looked: Looked, names: Names) -> WarningShown:
    spoken = say_in(names.say.language, SHARING_LOCALE)
    who = names.person(version.approved_by) if version.approved else Said("")
    return WarningShown(
        id=version.warning,
        version=version.version,
        tlp=version.tlp,
        tlp_means=spoken.word(TLPS, version.tlp),
        drawn=version.drawn,
        fault=Said(plain(looked.fault)),
        sha256=version.sha256,
        indicators=version.indicators,
        removed=version.removed,
        changed=tuple(_part(each, names) for each in looked.parts if each.changed),
        kept=tuple(_part(each, names) for each in looked.parts if not each.changed),
        approved=names.say("{who}, {time}", who=who, time=names.time(version.approved, version.approved))
        if version.approved
        else Said(""),
        forms=tuple(looked.forms),
    )


def _part(part: Part, names: Names) -> PartShown:
    spoken = say_in(names.say.language, SHARING_LOCALE)
    return PartShown(
        spoken.word({**SORTS, **FIELDS}, part.field), Said(plain(part.before, 300)), Said(plain(part.after, 300)),
        spoken.known(part.why) if part.why else Said(""),
    )  # fmt: skip


def _neighbours(out: Out, version: Version | None, names: Names) -> tuple[NeighbourShown, ...]:
    say, found = names.say, []
    for each in names.look.estate.neighbours:
        words, tone = _told(out, version, each.id, names)
        ways = say.list([Said(plain(name)) for name in ways_to(out, each)]) or say(
            "by hand: {contact}", contact=each.contact
        )
        found.append(NeighbourShown(each.id, Said(plain(each.name)), words, tone, ways, each.id in out.keys))
    return tuple(found)


def _told(out: Out, version: Version | None, neighbour: str, names: Names) -> tuple[Said, str]:
    say = names.say
    if version is None:
        return say("nothing to tell yet"), "plain"
    told = [each for each in out.told if each.neighbour == neighbour and each.warning == version.warning]
    sent = [each for each in out.sent.values() if each.neighbour == neighbour and each.warning == version.warning]
    if told:
        how = say_in(say.language, FINAL_LOCALE).word(HOW, told[-1].channel)
        older = "" if told[-1].version in (0, version.version) else say(" (version {n})", n=told[-1].version)
        if told[-1].confirmed:
            return say("has understood, {how}{older}", how=how, older=Said(older)), "good"
        return say("told, {how}{older}", how=how, older=Said(older)), "note"
    if sent and sent[-1].state == "failed":
        return say("NOT reached: {why}", why=sent[-1].detail), "bad"
    if sent:
        return say("being sent"), "warn"
    return say("not told"), "bad" if version.approved else "warn"


def _headline(
    incident: str, version: Version | None, neighbours: Sequence[NeighbourShown], coming: In, names: Names
) -> Headline:  # fmt: skip
    say = names.say
    open_ones = [each for each in coming.precautions.values() if not each.state]
    if open_ones:
        title = say("A neighbour is under attack: a precaution is offered")
        return Headline(title, say("Look at its price in care below, and decide."), Said(""), "warn")
    if not incident:
        text = say("When harm is confirmed here, a warning lies ready within a minute.")
        return Headline(say("Nothing to warn of"), text, Said(""), "plain")
    if version is None or not version.drawn:
        return Headline(say("A warning is being made"), Said(""), Said(""), "note")
    untold = [each for each in neighbours if each.tone in ("bad", "warn")]
    if not version.approved:
        todo = say("Look at what would leave, then release it. Nothing leaves before a person has said so.")
        return Headline(say("A warning for other hospitals lies ready"), Said(""), todo, "warn")
    if untold:
        text = say("Not told yet: {names}.", names=names.some([each.name for each in untold], 4))
        return Headline(say("The warning is released"), text, Said(""), "warn")
    return Headline(say("Every neighbour is warned"), Said(""), Said(""), "good")


# --- coming in --------------------------------------------------------------------------------------------------------


def _taken(coming: In, names: Names) -> tuple[TakenShown, ...]:
    say = names.say
    counts = set(coming.watched.of) if coming.watched else set()
    found = []
    for each in reversed(coming.taken.values()):
        words = (
            say.many("{n} indicator, TLP:{tlp}", "{n} indicators, TLP:{tlp}", each.indicators, tlp=each.tlp.upper())
            if each.tlp
            else say.many("{n} indicator, no TLP", "{n} indicators, no TLP", each.indicators)
        )
        if each.refused:
            words = say.many("{words}; {n} not taken", "{words}; {n} not taken", each.refused, words=words)
        found.append(TakenShown(each.sha256, _source(each.source, names), words, each.at, each.sha256 in counts))
    return tuple(found[:SEEN])


def _unread(coming: In, names: Names) -> tuple[tuple[Said, float, int], ...]:
    say, found = names.say, []
    for each in reversed(coming.unread.values()):
        who, why = _source(each.source, names), Said(each.why)
        found.append((say("{who}: kept, and could not be read: {why}", who=who, why=why), each.at, each.seq))
    return tuple(found)


def _source(name: str, names: Names) -> Said:
    found = next((each.name for each in names.look.estate.neighbours if each.id == name), name)
    return Said(plain(found, 80))


def _watching(coming: In, names: Names) -> Said:
    if coming.watched is None:
        return Said("")
    newest = coming.watched.sha256
    there = sum(each.sha256 == newest for each in coming.agents.values())
    return names.say.many(
        "{n} indicator on the list; {there} of {all} agents watch for it",
        "{n} indicators on the list; {there} of {all} agents watch for them",
        coming.watched.indicators, there=there, all=len(coming.agents),
    )  # fmt: skip


def _behind(coming: In, names: Names) -> tuple[Said, ...]:
    if coming.watched is None:
        return ()
    late = [(name, each) for name, each in coming.agents.items() if each.sha256 != coming.watched.sha256]
    return tuple(
        names.say("{machine}: {why}", machine=names.machine(name), why=each.detail)
        if each.detail
        else names.machine(name)
        for name, each in late[:SEEN]
    )


def _seen(coming: In, names: Names) -> tuple[tuple[Said, float, int], ...]:
    say, spoken = names.say, say_in(names.say.language, SHARING_LOCALE)
    found = []
    for each in reversed(coming.seen):
        what, source = spoken.word(SORTS, each.sort), _source(each.source, names)
        words = say("{machine}: {what} {value} (from {source})", machine=names.machine(each.machine), what=what,
                    value=Said(each.value), source=source)  # fmt: skip
        found.append((words, each.at, each.seq))
    return tuple(found[:SEEN])


def _precaution(each: Precaution, names: Names) -> PrecautionShown:
    say = names.say
    tone = {"": "warn", "healthy": "plain", "ready": "note", "cut": "bad"}.get(each.state, "plain")
    return PrecautionShown(
        id=each.id,
        source=_source(each.source, names),
        machines=names.some([names.machine(name) for name in each.machines], 8),
        price=tuple(names.service(name) if name in names.look.services else Said(plain(name)) for name in each.price),
        why=say.known(each.why),
        state=each.state,
        words=say.word(PRECAUTIONS, each.state),
        by=names.person(each.by) if each.by else Said(""),
        tone=tone,
    )
