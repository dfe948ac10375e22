"""What the night came to: one headline, and the numbers that a director asks for first.

Comes in: a `Teller`, moments. Goes out: `Headline`, `Figure`s. Nothing is called good that is only not known: a figure
that nobody has is a dash, and a headline names what is still open.
"""

from __future__ import annotations

from collections.abc import Sequence

from garde.hub.final import account, telling
from garde.hub.final.account import size
from garde.hub.final.lost import again, lost
from garde.hub.final.parts import BAD, GOOD, PLAIN, WARN, Figure, Headline, Moment
from garde.hub.final.services import by_service, out_for, outages
from garde.hub.final.spans import span
from garde.hub.final.teller import Teller
from garde.journal import forensic_kinds as f
from garde.journal.speech import Said


def headline(t: Teller, listed: Sequence[Moment]) -> Headline:
    """Return it."""
    say, found = t.say, lost(t)
    down = sum(not spans[-1].until for spans in by_service(t).values())
    egress = t.last(f.EgressConcluded)
    title, tone = _title(t, down)
    if tone == GOOD and (egress is None or egress.said.finding != "none_seen" or telling.owed(t).tone == BAD):
        tone = WARN
    lines = [_how_it_went(t, listed), account.left(t).lead, telling.owed(t).lead]
    if again(t) and not found.failed:
        lines.insert(1, say("Some data have to be entered again from paper."))
    return Headline(title, tuple(each for each in lines if each), tone)


def _title(t: Teller, down: int) -> tuple[Said, str]:
    say, found, egress = t.say, lost(t), t.last(f.EgressConcluded)
    if egress is not None and egress.said.finding == "seen":
        return say("Data left the hospital: {size}", size=size(egress.said.bytes, say)), BAD
    if found.failed:
        return say.many("{n} file could not be put back", "{n} files could not be put back", found.failed), BAD
    if found.open:
        return say.many(
            "Of {n} file nobody has said what became of it",
            "Of {n} files nobody has said what became of them",
            found.open,
        ), WARN
    if down:
        return say.many(
            "No file was lost; {n} service does not work as usual yet",
            "No file was lost; {n} services do not work as usual yet",
            down,
        ), WARN
    if again(t):
        return say("No file was lost, and every service works again"), GOOD
    return say("Nothing was lost, and every service works"), GOOD


def _how_it_went(t: Teller, listed: Sequence[Moment]) -> Said:
    say = t.say
    first = say(
        "The first hostile write was at {time}, on {server}.", time=t.full(t.begin), server=t.machine(t.incident.server)
    )
    stopped = at_key(listed, "noticed")
    if stopped is None:
        return say("{first} Nobody was stopped at once.", first=first)
    stop = say("Garde stopped it there after {span}", span=span(stopped - t.begin, say))
    cut = at_key(listed, "cut")
    if cut is None:
        return say("{first} {stop}.", first=first, stop=stop)
    return say(
        "{first} {stop}; after {span} the first cut was proven.", first=first, stop=stop, span=span(cut - t.begin, say)
    )


def at_key(listed: Sequence[Moment], key: str) -> float | None:
    """Return when the first moment of a key was; None where there is none."""
    return next((each.at for each in listed if each.key == key), None)


def figures(t: Teller, listed: Sequence[Moment]) -> tuple[Figure, ...]:
    """Return the numbers."""
    return (*_speed(t, listed), *_harm(t), *_care(t), *_beyond(t))


def _speed(t: Teller, listed: Sequence[Moment]) -> list[Figure]:
    say, stopped, cut = t.say, at_key(listed, "noticed"), at_key(listed, "cut")
    return [
        Figure(say("First stopped after"), _span(stopped, t), say("from the first hostile write"), _tone(stopped)),
        Figure(say("First cut proven after"), _span(cut, t), say("who spread it could not go on there"), _tone(cut)),
    ]


def _span(at: float | None, t: Teller) -> Said:
    return Said("–") if at is None else span(at - t.begin, t.say)


def _tone(at: float | None) -> str:
    return WARN if at is None else GOOD


def _harm(t: Teller) -> list[Figure]:
    say, found = t.say, lost(t)
    reached = say.many("on {n} server", "on {n} servers", found.servers)
    gone = found.failed + found.open
    note = say("as far as the agents told it") if not found.open else say("or not said yet")
    return [
        Figure(say("Files reached"), say("{n}", n=found.reached), reached, PLAIN),
        Figure(say("Files lost"), say("{n}", n=gone), note, BAD if found.failed else WARN if found.open else GOOD),
    ]


def _care(t: Teller) -> list[Figure]:
    say, listed = t.say, by_service(t)
    if not listed:
        return [Figure(say("Services affected"), say("{n}", n=0), say("as far as it was seen"), GOOD)]
    longest, spans = next(iter(listed.items()))
    most = _most_at_once(t)
    down = sum(not each[-1].until for each in listed.values())
    note = say.many("{n} at once at most", "{n} at once at most", most)
    return [
        Figure(say("Services affected"), say("{n}", n=len(listed)), note, WARN if down else PLAIN),
        Figure(say("Longest without"), span(out_for(spans, t.now), say), t.service(longest), WARN if down else PLAIN),
    ]


def _most_at_once(t: Teller) -> int:
    spans = outages(t)
    return max(sum(a.since <= b.since and (not a.until or a.until > b.since) for a in spans) for b in spans)


def _beyond(t: Teller) -> list[Figure]:
    """Data that left, and duties."""
    say, egress = t.say, t.last(f.EgressConcluded)
    value, note, tone = Said("?"), say("nobody has looked"), WARN
    if egress is not None:
        value = {"none_seen": say("none seen"), "seen": size(egress.said.bytes, say)}.get(
            egress.said.finding, say("not known")
        )
        note = say("as of {time}", time=t.full(egress.said.as_of))
        tone = account.TONES.get(egress.said.finding, WARN)
    started = telling.duties(t)
    done = sum(closed is not None for _, closed in started)
    owed = telling.owed(t)
    duties = say("{done} of {all}", done=done, all=len(started)) if started else Said("–")
    about = say("of the clocks that were started") if started else say("no clock was started")
    return [
        Figure(say("Data that left"), value, note, tone),
        Figure(say("Duties done"), duties, about, owed.tone),
    ]
