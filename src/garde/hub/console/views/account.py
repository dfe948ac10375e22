"""The account as its page shows it: what it was, where it came from, whether data left and who was watched, evidence.

Comes in: a `Teller` of the final report over the entries of the account, names. Goes out: `AccountPage`: the same
chapters that the report has, so that screen and paper cannot disagree, and a picture of what was watched when. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from garde.hub.console.names import Names
from garde.hub.console.views.headline import Headline
from garde.hub.console.views.lanes import Chart, Lane, Span, draw
from garde.hub.final import account
from garde.hub.final.night import Noted
from garde.hub.final.parts import Section
from garde.hub.final.teller import Teller
from garde.journal import forensic_kinds as f
from garde.journal.speech import Said

SEEN, BLIND, LEFT = "watched", "blind", "left"  # stages of the picture
SOURCES: Final = 12  # lanes of it: those that looked last


@dataclass(frozen=True, slots=True)
class SourceShown:
    """One source of flow records."""

    name: Said
    words: Said
    tone: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """See the module."""

    incident: str
    headline: Headline
    what: Section
    left: Section
    evidence: Section
    chart: Chart | None
    sources: dict[str, SourceShown]
    in_words: Said


def nothing(names: Names) -> Headline:
    """Return what is said where there is no incident."""
    text = names.say("When there is one, it says here what it was, where it came from and whether data left.")
    return Headline(names.say("No incident: nothing to account for"), text, Said(""), "plain")


def account_page(teller: Teller, names: Names) -> AccountPage:
    """Return the page of an incident."""
    what, left = account.identified(teller), account.left(teller)
    lanes, sources = _lanes(teller, names)
    concluded = teller.last(f.EgressConcluded)
    return AccountPage(
        incident=teller.incident.id,
        headline=_headline(teller, what, left, names),
        what=what,
        left=left,
        evidence=account.evidence(teller),
        chart=draw(lanes, concluded.said.as_of if concluded else teller.now) if lanes else None,
        sources=sources,
        in_words=names.say.many(
            "{n} source of flow records, and when it was blind",
            "{n} sources of flow records, and when they were blind",
            len(lanes),
        ),
    )


def _headline(teller: Teller, what: Section, left: Section, names: Names) -> Headline:
    concluded = teller.last(f.EgressConcluded)
    say = names.say
    if concluded is None:
        title = say("Whether data left is not known")
    else:
        title = {"seen": say("Data left"), "none_seen": say("No sign that data left, so far")}.get(
            concluded.said.finding
        ) or say("Whether data left cannot be told")
    return Headline(title, left.lead, what.lead, left.tone)


def _lanes(teller: Teller, names: Names) -> tuple[list[Lane], dict[str, SourceShown]]:
    """A lane for each source: the newest look of it, its blind times, what it saw leave."""
    chosen = dict(sorted(account.looks(teller).items(), key=lambda pair: -pair[1].said.until)[:SOURCES])
    lanes, sources = [], {}
    for name, look in sorted(chosen.items()):
        lanes.append(Lane(name, 0, tuple(_spans(name, look, teller))))
        sources[name] = _source(look, names)
    return lanes, sources


def _spans(name: str, look: Noted[f.EgressLooked], teller: Teller) -> list[Span]:
    said = look.said
    found = [Span(SEEN, said.since, said.until)]
    found += [Span(BLIND, each.since, each.until) for each in said.blind]
    found += [
        Span(LEFT, each.said.since, each.said.until)
        for each in teller.ours(f.EgressSeen)
        if f"{each.who}/{each.said.source}" == name
    ]
    return found


def _source(look: Noted[f.EgressLooked], names: Names) -> SourceShown:
    say, said = names.say, look.said
    name = say("{source} on {machine}", source=said.source, machine=names.machine(look.who))
    if said.blind:
        words = say.many("blind {n} time", "blind {n} times", len(said.blind))
        return SourceShown(name, words, "bad")
    return SourceShown(name, Said("✓"), "good")
