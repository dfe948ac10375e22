"""Restore points as their page shows them: stores, points with their verdicts, a line of time for each server.

Comes in: what `garde.recovery` says of stores and points, names, the time. Goes out: `PointsPage`. Pure; it judges
nothing. A store whose retention is not proven to be frozen is said first and loudest: what it holds may go at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from garde.hub.console.names import Names
from garde.hub.console.views.gate import again
from garde.hub.console.views.headline import Headline
from garde.hub.console.views.shelf import Shelf, lay
from garde.hub.console.views.waves import Speech
from garde.journal.recovery_words import COLOURS, WHEN
from garde.journal.speech import Said, mark
from garde.recovery.judged import PointView, StoreView

COLOUR_WORDS: Final = {
    "green": mark("green"), "amber": mark("amber"), "red": mark("red"), "grey": mark("not judged"),
}  # fmt: skip
SIGNS: Final = {"green": "●", "amber": "▲", "red": "■", "grey": "○"}
TONES: Final = {"green": "good", "amber": "warn", "red": "bad", "grey": "plain"}
SORTS: Final = {
    "vault": mark("pre-images of Garde itself"),
    "restic": mark("restic repository"),
    "borg": mark("borg repository"),
    "btrfs": mark("btrfs snapshots"),
    "zfs": mark("ZFS snapshots"),
    "lvm": mark("LVM snapshots"),
    "postgres": mark("PostgreSQL base backup and WAL"),
    "hook": mark("the hospital’s own hook"),
}
FROZEN: Final = {
    "": (mark("NOT frozen"), "bad"),
    "asked": (mark("being frozen"), "warn"),
    "proven": (mark("frozen, proven"), "good"),
    "not_proven": (mark("NOT proven frozen"), "bad"),
    "thawing": (mark("is let go on"), "warn"),
    "thawed": (mark("goes on again"), "plain"),
}
CATALOGUE: Final = {
    "whole": mark("catalogue whole"),
    "damaged": mark("catalogue DAMAGED"),
    "not_checked": mark("catalogue not checked"),
}
TEST: Final = {
    "done": mark("test restore done"), "failed": mark("test restore FAILED"), "not_done": mark("no test restore yet"),
}  # fmt: skip
DRAWN: Final = 24  # points on a line: the newest
LISTED: Final = 60  # points of one server


@dataclass(frozen=True, slots=True)
class StoreShown:
    """One store."""

    id: str  # holder|store
    name: Said
    where: Said
    words: Said
    tone: str
    detail: Said
    at: float


@dataclass(frozen=True, slots=True)
class PointShown:
    """One restore point."""

    number: int  # on the line, the oldest drawn is 1; below: it is older
    store: str
    point: str
    at: float
    colour: str
    colour_word: Said
    sign: str
    tone: str
    words: Said
    when: Said
    again: Said
    reasons: tuple[Said, ...]
    facts: Said
    done: Said  # what was done with it; "": nothing
    placed: bool
    stale: bool
    not_scratch: Said  # why it may not be tried; "": it may
    not_place: Said


@dataclass(frozen=True, slots=True)
class ServerPoints:
    """One server."""

    id: str
    name: Said
    tone: str
    words: Said
    again: Said  # of the point in place
    drawn: Shelf | None
    in_words: Said
    points: tuple[PointShown, ...]  # the newest first
    more: int  # that are not listed


@dataclass(frozen=True, slots=True)
class PointsPage:
    """See the module."""

    headline: Headline
    stores: tuple[StoreShown, ...]
    machines: tuple[ServerPoints, ...]
    thawable: tuple[tuple[str, Said], ...]
    harm_words: Said


PointsOf = Callable[[str], Sequence[PointView]]


def points_page(
    stores: Sequence[StoreView], machines: Sequence[str], points_of: PointsOf, speech: Speech, *, harm: float,
    incident: bool,
) -> PointsPage:  # fmt: skip
    """Return the page. `harm`: the first hostile write, 0: not known; `incident`: whether one is open."""
    shown = tuple(_store(each, speech, incident) for each in stores)
    servers = tuple(_server(each, points_of(each), speech, harm) for each in machines)
    say = speech.names.say
    at = speech.names.time(harm, speech.now) if harm else Said("")
    return PointsPage(
        headline=_headline(stores, servers, speech.names, incident),
        stores=shown,
        machines=servers,
        thawable=tuple(
            (each.id, each.name)
            for each, known in zip(shown, stores, strict=True)
            if known.frozen in ("proven", "not_proven")
        ),
        harm_words=say("It was at {time}, as far as it is known.", time=at) if harm else say("It is not known."),
    )


def _headline(
    stores: Sequence[StoreView], servers: Sequence[ServerPoints], names: Names, incident: bool
) -> Headline:  # fmt: skip
    say = names.say
    loose = [each for each in stores if each.frozen in ("", "not_proven") and each.freezes]
    count = say.many(
        "{n} usable restore point is known.", "{n} usable restore points are known.",
        sum(point.colour in ("green", "amber") for each in servers for point in each.points),
    )  # fmt: skip
    if not stores:
        text = say("No agent has named a store of restore points. They stand in its settings: stores.toml.")
        return Headline(say("No restore point is known"), text, Said(""), "warn")
    if loose and incident:
        who = names.some([say("{store}", store=each.store) for each in loose], 4)
        text = say("What lies there can be deleted at any time: {stores}.", stores=who)
        todo = say("Take its medium out, or shut its machine’s way to the network, until it is proven.")
        return Headline(say("Retention is NOT proven to be frozen"), text, todo, "bad")
    if incident:
        return Headline(say("Retention is frozen: proven"), count, Said(""), "good")
    return Headline(say("Restore points"), count, Said(""), "plain")


def _store(store: StoreView, speech: Speech, incident: bool) -> StoreShown:
    names, say = speech.names, speech.names.say
    form, tone = FROZEN.get(store.frozen, FROZEN[""])
    words = say(form)
    if not store.frozen and not incident:
        words, tone = say("frozen when harm is seen"), "plain"
    if not store.freezes:
        words, tone = say("cannot be frozen from here"), "warn"
    where = say(
        "{sort} on {machine}, data of {covers}", sort=say.word(SORTS, store.sort), machine=names.machine(store.holder),
        covers=names.machine(store.covers),
    )  # fmt: skip
    detail = speech.known(store.detail) if tone == "bad" and store.detail else Said("")
    name = say("{store}", store=store.store)
    return StoreShown(f"{store.holder}|{store.store}", name, where, words, tone, detail, store.at)


def _server(machine: str, points: Sequence[PointView], speech: Speech, harm: float) -> ServerPoints:
    names, say = speech.names, speech.names.say
    newest = sorted(points, key=lambda each: -each.taken_at)
    first = max(len(newest) - DRAWN, 0)
    oldest_first = list(reversed(newest))
    drawn = lay([(each.taken_at, each.colour) for each in oldest_first[first:]], harm)
    shown = tuple(_point(len(newest) - n - first, each, speech) for n, each in enumerate(newest[:LISTED]))
    placed = next((each for each in newest if each.placed), None)
    usable = sum(each.colour == "green" for each in newest)
    words, tone = _how(newest, placed, names)
    return ServerPoints(
        id=machine,
        name=names.machine(machine),
        tone=tone,
        words=words,
        again=again(placed.enter_after, speech) if placed else Said(""),
        drawn=drawn,
        in_words=say.many(
            "{n} restore point on a line of time; green: {green}",
            "{n} restore points on a line of time; green: {green}",
            len(newest), green=usable,
        ),
        points=shown,
        more=max(len(newest) - LISTED, 0),
    )  # fmt: skip


def _how(points: Sequence[PointView], placed: PointView | None, names: Names) -> tuple[Said, str]:
    say = names.say
    if placed is not None:
        return say("in place: {store}", store=placed.store), "good"
    if any(each.colour == "green" for each in points):
        return say("a green one is there"), "note"
    if any(each.colour == "amber" for each in points):
        return say("usable with care"), "warn"
    if any(each.colour == "red" for each in points):
        return say("none may be used"), "bad"
    return say("not judged yet"), "plain"


def _point(number: int, point: PointView, speech: Speech) -> PointShown:
    say = speech.names.say
    done = say("in place, verified") if point.placed else say("tried, whole") if point.tried else Said("")
    return PointShown(
        number=number,
        store=point.store,
        point=point.point,
        at=point.taken_at,
        colour=point.colour,
        colour_word=say.word(COLOUR_WORDS, point.colour),
        sign=SIGNS.get(point.colour, "○"),
        tone=TONES.get(point.colour, "plain"),
        words=say.word(COLOURS, point.colour),
        when=say.word(WHEN, point.when),
        again=again(point.enter_after, speech) if point.colour in ("green", "amber") else Said(""),
        reasons=tuple(map(speech.known, point.reasons)),
        facts=_facts(point, speech),
        done=done,
        placed=point.placed,
        stale=point.stale,
        not_scratch=speech.because(point.why_not_scratch) if point.why_not_scratch else Said(""),
        not_place=speech.because(point.why_not_place) if point.why_not_place else Said(""),
    )


def _facts(point: PointView, speech: Speech) -> Said:
    say = speech.names.say
    parts = [
        say("{store}: {point}", store=point.store, point=point.point[:16]),
        say.many("{n} file", "{n} files", point.files),
    ]
    if point.looked_at:
        parts.append(say("{n} of {all} looked at are readable", n=point.readable, all=point.looked_at))
    if point.changed >= 0:
        parts.append(say("{n} changed against the one before", n=point.changed))
    if point.indicators:
        parts.append(
            say.many("{n} indicator of the attack in it", "{n} indicators of the attack in it", point.indicators)
        )
    parts += [say.word(CATALOGUE, point.catalogue), say.word(TEST, point.test_restore)]
    return say.list(parts)
