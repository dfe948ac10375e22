"""How the services fared: which stood with less, on paper or still, from when until when.

Comes in: a `Teller`. Goes out: `Outage`s, and their chapter. The owner of the fact (the emergency plan's rules, or a
person who said otherwise) published each change; nothing is derived here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from garde.emergency.memory import CLOSED, DEGRADED, PAPER, WORKS
from garde.hub.final.parts import BAD, GOOD, WARN, Row, Section
from garde.hub.final.spans import span
from garde.hub.final.teller import Teller
from garde.journal import plan_kinds as p
from garde.journal.speech import Said

TONES: Final = {DEGRADED: WARN, PAPER: BAD, CLOSED: BAD}


@dataclass(frozen=True, slots=True)
class Outage:
    """One service that did not work as usual, without a break."""

    service: str
    state: str
    since: float
    until: float  # wall seconds; 0: it goes on
    entry: int
    ended: int = 0  # the entry that ended it


def outages(teller: Teller) -> list[Outage]:
    """Return them in order; each change of how a service stands begins another one."""
    found: list[Outage] = []
    running: dict[str, Outage] = {}
    for noted in teller.night.all(p.ServiceState):
        said, before = noted.said, running.pop(noted.said.service, None)
        if before is not None:
            found.append(replace(before, until=noted.at, ended=noted.seq))
        if said.state != WORKS:
            running[said.service] = Outage(said.service, said.state, noted.at, 0.0, noted.seq)
    found += running.values()
    return sorted((each for each in found if not each.until or each.until > teller.begin), key=lambda each: each.since)


def by_service(teller: Teller) -> dict[str, list[Outage]]:
    """Return them by service, the one that was out longest first."""
    listed: dict[str, list[Outage]] = {}
    for each in outages(teller):
        listed.setdefault(each.service, []).append(each)
    return dict(sorted(listed.items(), key=lambda pair: -out_for(pair[1], teller.now)))


def out_for(spans: list[Outage], now: float) -> float:
    """Return for how many seconds in all it did not work as usual."""
    return sum((each.until or now) - each.since for each in spans)


def chapter(t: Teller) -> Section:
    """Return the chapter: what stopped, for how long, and what was done instead."""
    listed = by_service(t)
    rows = tuple(_row(service, spans, t) for service, spans in listed.items())
    still = [service for service, spans in listed.items() if not spans[-1].until]
    say = t.say
    if not listed:
        lead, tone = say("No service stopped or went on with less, as far as it was seen."), GOOD
    elif still:
        names = say.list([t.service(each) for each in still])
        lead, tone = say("Not yet as usual: {names}.", names=names), BAD
    else:
        lead, tone = say("Every service works as usual again."), GOOD
    others = len(t.look.services) - len(listed)
    notes = [say.many("{n} other service went on as usual.", "{n} other services went on as usual.", others)]
    return Section(
        "services",
        say("How did care go on?"),
        lead,
        tone,
        (say("Service"), say("How it stood"), say("From"), say("Until"), say("For"), say("Instead")),
        rows,
        tuple(notes) if listed and others > 0 else (),
    )


def _row(service: str, spans: list[Outage], t: Teller) -> Row:
    worst = max(spans, key=lambda each: (DEGRADED, PAPER, CLOSED).index(each.state) if each.state in TONES else -1)
    known = t.look.services.get(service)
    instead = t.voice.words(known.instead) if known and known.instead else Said("–")
    last = spans[-1]
    return Row(
        (
            t.service(service),
            t.voice.service_state(worst.state),
            t.time(spans[0].since),
            t.time(last.until) if last.until else t.say("goes on"),
            span(out_for(spans, t.now), t.say),
            Said(" ".join(instead.splitlines())),
        ),
        TONES.get(worst.state, WARN) if not last.until else GOOD if worst.state == DEGRADED else WARN,
        tuple(dict.fromkeys(number for each in spans for number in (each.entry, each.ended) if number)),
    )
