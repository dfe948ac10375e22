"""The way back as its page shows it: waves with their servers, what each waits for, what is expected when.

Comes in: what `garde.recovery` says of the waves, names, the time. Goes out: `WavesPage`. Pure; it decides nothing.
What is expected is the earliest that can be, and is drawn as such:

1. A server that is watched, or open for its listed flows, goes on when that time is over.
2. One that is isolated or verified could be watched from now on.
3. One that waits could begin when the waves before it could be open for their listed flows.
4. Nothing is expected of a server that was cut again, nor of a wave after it: a person has to begin anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from garde.hub.console.names import Names
from garde.hub.console.views.headline import Headline
from garde.hub.console.views.lanes import Chart, Lane, Span, draw
from garde.journal.recovery_words import STATUS
from garde.journal.speech import Said, mark
from garde.model.restart import OPENED, Stage
from garde.recovery import reasons as r
from garde.recovery.judged import Row, Wave
from garde.recovery.memory import Step
from garde.recovery.reasons import Reason

SHORT: Final = {
    "waiting": mark("waits"),
    "isolated": mark("isolated"),
    "verified": mark("verified"),
    "observing": mark("watched"),
    "listed": mark("listed flows"),
    "open": mark("open"),
    "recut": mark("CUT AGAIN"),
}
# A stage is told from the others without colour.
SIGNS: Final = {
    "waiting": "○", "isolated": "▲", "verified": "◇", "observing": "◆", "listed": "◐", "open": "●", "recut": "✗",
}  # fmt: skip
TONES: Final = {
    "waiting": "plain", "isolated": "warn", "verified": "note", "observing": "note", "listed": "good", "open": "good",
    "recut": "bad",
}  # fmt: skip
STATUS_TONES: Final = {"suspect": "warn", "impacted": "bad", "rebuilt": "good"}
NAMED: Final = 3  # of services, or of what a server waits for, in one line

_UNTIL: Final = (r.B_UNTIL, r.B_LISTED_UNTIL, r.B_NOT_BEGUN)  # said by `next_of`

Because = Callable[[Reason], Said]
Knowing = Callable[[str], Said]  # a sentence that stands in an entry -> the same in the reader's language


@dataclass(frozen=True, slots=True)
class ServerShown:
    """One server."""

    id: str
    name: Said
    wave: int
    stage: str
    short: Said
    sign: str
    tone: str
    status_words: Said
    status_tone: str  # "" where it was not impacted
    since: float
    services: Said  # that live on it, in the wards' words
    blocked: tuple[Said, ...]
    next: Said
    recut: Said  # why; "" where it was not


@dataclass(frozen=True, slots=True)
class WaveShown:
    """One wave."""

    number: int
    words: Said
    servers: tuple[ServerShown, ...]


@dataclass(frozen=True, slots=True)
class Recut:
    """What must not be overlooked."""

    name: Said
    at: float
    why: Said


@dataclass(frozen=True, slots=True)
class WavesPage:
    """See the module."""

    headline: Headline
    waves: tuple[WaveShown, ...]
    recuts: tuple[Recut, ...]
    chart: Chart | None
    expects: bool
    in_words: Said  # what the picture shows
    short: dict[str, Said]
    decided: Said  # who decided the order; "": nobody yet
    watch_until: float

    @property
    def by_id(self) -> dict[str, ServerShown]:
        """The servers by their estate ids."""
        return {each.id: each for wave in self.waves for each in wave.servers}


@dataclass(frozen=True, slots=True)
class Speech:
    """Who speaks: the hospital's names, reasons and entries in the reader's language, the time."""

    names: Names
    because: Because
    known: Knowing
    now: float


def waves_page(
    waves: Sequence[Wave], speech: Speech, *, hours: tuple[float, float], decided: Said, watch_until: float
) -> WavesPage:
    """Return the page. `hours`: seconds alone and watched, seconds with listed flows."""
    shown = tuple(_wave(each, speech) for each in waves)
    rows = [row for wave in waves for row in wave.rows]
    lanes = _lanes(waves, hours, speech.now)
    servers = [each for wave in shown for each in wave.servers]
    return WavesPage(
        headline=headline(rows, speech.names, decided=bool(decided)),
        waves=shown,
        recuts=recuts(rows, speech),
        chart=draw(lanes, speech.now) if any(row.round for row in rows) else None,
        expects=any(span.expected for lane in lanes for span in lane.spans),
        in_words=speech.names.say.list(
            [speech.names.say("{machine}: {stage}", machine=each.name, stage=each.short) for each in servers]
        ),
        short={stage: speech.names.say.word(SHORT, stage) for stage in SHORT},
        decided=decided,
        watch_until=watch_until if watch_until > speech.now else 0.0,
    )


def headline(rows: Sequence[Row | Step], names: Names, *, decided: bool) -> Headline:
    """Say how the way back stands, the most serious first."""
    say, none = names.say, Said("")
    cut = [row.machine for row in rows if row.stage == Stage.RECUT]
    begun = [row for row in rows if row.stage != Stage.WAITING]
    opened = [row for row in rows if row.stage in OPENED]
    count = say.many("{n} of {all} servers is open.", "{n} of {all} servers are open.", len(opened), all=len(rows))
    if cut:
        who = names.some(map(names.machine, cut), NAMED)
        todo = say("Find out what it was, then begin anew.")
        return Headline(say("Cut again: {names}", names=who), count, todo, "bad")
    if not begun:
        if not decided:
            return Headline(say("No way back has begun"), say("Nobody has decided the order yet."), none, "plain")
        todo = say("Open a server of the first wave and begin.")
        return Headline(say("The order is decided"), say("Nothing has begun."), todo, "note")
    if len(opened) == len(rows):
        return Headline(say("Every planned server is back"), count, say("The watch goes on."), "good")
    return Headline(say("The way back is under way"), count, _todo(rows, names), "note")


def _todo(rows: Sequence[Row | Step], names: Names) -> Said:
    waits = [row.machine for row in rows if row.stage == Stage.ISOLATED]
    who = names.some(map(names.machine, waits), NAMED)
    return names.say("The gate waits for answers: {names}", names=who) if waits else Said("")


def recuts(rows: Iterable[Row], speech: Speech) -> tuple[Recut, ...]:
    """Return the servers that are cut again, the newest first."""
    found = [
        Recut(speech.names.machine(row.machine), row.since, why_of(row, speech))
        for row in rows
        if row.stage == Stage.RECUT
    ]
    return tuple(sorted(found, key=lambda each: -each.at))


def why_of(row: Row, speech: Speech) -> Said:
    """Return why a server came to the stage that it is in."""
    return speech.known(row.spans[-1].why) if row.spans and row.spans[-1].why else Said("")


def server(row: Row, speech: Speech) -> ServerShown:
    """Return one server."""
    names = speech.names
    return ServerShown(
        id=row.machine,
        name=names.machine(row.machine),
        wave=row.wave,
        stage=row.stage,
        short=names.say.word(SHORT, row.stage),
        sign=SIGNS.get(row.stage, "○"),
        tone=TONES.get(row.stage, "plain"),
        status_words=names.say.word(STATUS, row.status),
        status_tone=STATUS_TONES.get(row.status, ""),
        since=row.since,
        services=_services(row, names),
        blocked=blocked_words(row.blocked, speech),
        next=next_of(row, speech),
        recut=why_of(row, speech) if row.stage == Stage.RECUT else Said(""),
    )


def _services(row: Row, names: Names) -> Said:
    """Return the services that live on a server; one that is called as the server itself is said by its name."""
    found = [name for name in map(names.service, row.services) if name != names.machine(row.machine)]
    return names.some(found, NAMED) if found else Said("")


def blocked_words(found: Sequence[Reason], speech: Speech) -> tuple[Said, ...]:
    """Return what keeps a server, in short: items of the gate by their numbers. `next_of` says when it goes on."""
    numbers = [dict(each.values)["number"] for each in found if each.sentence == r.B_ITEM]
    before = takewhile(lambda each: each.sentence != r.B_ITEM, found)  # an item is followed by its reasons
    whole = [speech.because(each) for each in before if each.sentence not in _UNTIL]
    if numbers:
        listed = speech.names.say.list([Said(each) for each in numbers])
        whole.append(speech.names.say.many(
            "item {numbers} of the gate", "items {numbers} of the gate", len(numbers), numbers=listed
        ))  # fmt: skip
    return tuple(whole)


def next_of(row: Row, speech: Speech) -> Said:
    """Return what comes next by itself, and when; "" where a person has to do something."""
    names, at = speech.names, speech.names.minute(row.due, speech.now) if row.due else Said("")
    match row.stage:
        case Stage.OBSERVING if row.due > speech.now:
            return names.say("Watched until {time}, then its listed flows open.", time=at)
        case Stage.LISTED if row.due > speech.now:
            return names.say("Opens fully at {time}, if nothing is seen.", time=at)
        case Stage.WAITING if not row.round:
            return names.say("Nobody has begun it yet.")
    return Said("")


def _wave(wave: Wave, speech: Speech) -> WaveShown:
    opened = sum(row.stage in OPENED for row in wave.rows)
    say = speech.names.say
    words = say("{n} of {all} open", n=opened, all=len(wave.rows))
    return WaveShown(wave.number, words, tuple(server(row, speech) for row in wave.rows))


# --- what is expected -------------------------------------------------------------------------------------------------


def _lanes(waves: Sequence[Wave], hours: tuple[float, float], now: float) -> list[Lane]:
    found: list[Lane] = []
    free: float | None = now  # when the next wave could begin; None: that cannot be said
    for wave in waves:
        ends = []
        for row in wave.rows:
            ahead, end = expected(row, free if wave.number else None, hours, now)
            been = [Span(span.stage, span.begin, span.end) for span in row.spans if span.stage != Stage.WAITING]
            found.append(Lane(row.machine, wave.number, (*been, *ahead)))
            ends.append(end)
        if wave.number:
            free = None if free is None or None in ends else max([free, *(end for end in ends if end is not None)])
    return found


def expected(
    row: Row, free: float | None, hours: tuple[float, float], now: float
) -> tuple[list[Span], float | None]:  # fmt: skip
    """Return what is ahead of a server, and when its listed flows could be open; None: nobody can say."""
    observe, listed = hours
    match row.stage:
        case Stage.OPEN:
            return [], now
        case Stage.LISTED:
            end = max(row.due, now)
            return ([Span("listed", now, end, expected=True)] if end > now else []), now
        case Stage.OBSERVING:
            begin, until = now, max(row.due, now)
        case Stage.ISOLATED | Stage.VERIFIED:
            begin, until = now, now + observe
        case Stage.WAITING if free is not None:
            begin, until = free, free + observe
        case _:
            return [], None
    watched = [Span("observing", begin, until, expected=True)] if until > begin else []
    return [*watched, Span("listed", until, until + listed, expected=True)], until
