"""What follows from an entry on the way out. The rules, one test each:

Comes in: the state with the entry folded, the entry, the estate. Goes out: commands and facts. Pure.

1. At the first confirmed hold with damage of an incident a warning is drawn, at once. Where nothing is confirmed (an
   agent that only watches) it is drawn `UNCONFIRMED_S` after the incident was opened.
2. A further version is drawn when a warning would say something new: another family, another way, another conclusion,
   another fact; `SETTLE_S` after it is known, so that what comes together is one version. The next one waits twice as
   long, up to `LONGEST_S`: an attacker who leaves ever new names does not use up what readers can look at.
3. A person may have it drawn anew at any time, for other eyes (TLP). Nobody else changes for whose eyes it is.
4. An incident that turned out to be part of another has no warning of its own any more; one that a person closed gets
   no further version by itself.
5. Nothing is sent that no person has approved, and nothing but the version that was approved.
6. A person has it sent: to each neighbour named, or to all; on the channel named, or on the first one that works for
   that neighbour (`ways.py`). Where none works that is said, as a sending that failed.
7. A sending that succeeded makes the neighbour told, not yet confirmed.
8. A sending that failed goes on to the next channel that works, where the person named none.
9. A version that could not be drawn (a full disk) is followed by another, by the same times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import oncall_kinds as o
from garde.journal import sharing_kinds as s
from garde.journal.entry import AGENT, Entry
from garde.journal.payload import Payload
from garde.sharing.memory import State
from garde.sharing.out import facts, ways
from garde.sharing.out.memory import TLPS, Case, Out, Sent

UNCONFIRMED_S: Final = 30.0  # until a warning is drawn of what nobody confirms
SETTLE_S: Final = 10.0  # notes, endings and the family's name come within seconds of each other
TLP: Final = "amber"  # those who are warned, and whom they must tell to protect themselves
LONGEST_S: Final = 320.0
MOST_VERSIONS: Final = 200  # of one warning: some 17 hours


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Yield what follows."""
    out = state.out
    match entry.payload:
        case h.IncidentOpened(incident):
            due = state.now + UNCONFIRMED_S
            yield h.WakeAsked(due=due, key=facts.wake_key(incident, entry.seq, first=True))
        case k.HoldConfirmed() if entry.who.startswith(AGENT):
            for case in out.cases.values():
                if case.confirmed and not case.version and _goes_on(case):
                    yield _draw(case, entry)
        case h.Woke(key=key):
            case_ = out.cases.get(facts.incident_of(key))
            if case_ is not None and _goes_on(case_) and _says_more(out, case_):
                yield _draw(case_, entry)
        case s.WarningWanted(incident, tlp):
            wanted = out.case(incident)
            if wanted is not None and tlp in TLPS:
                yield _draw(wanted, entry)
        case s.WarningSendWanted() as asked:
            yield from _send(out, asked, look)
        case h.CommandDone(command) if command in out.sent:
            yield _told(out.sent[command])
        case h.CommandFailed(command) | o.PageLost(page=command) if command in out.sent:
            yield from _further(out, out.sent[command], look)
    yield from _again(state, entry)


def _again(state: State, entry: Entry) -> Iterator[Payload]:
    """Rule 2."""
    for case in state.out.cases.values():
        if case.version and not case.waiting and _goes_on(case) and _says_more(state.out, case):
            yield h.WakeAsked(due=state.now + _settle(case), key=facts.wake_key(case.incident, entry.seq))


def _settle(case: Case) -> float:
    return min(SETTLE_S * 2.0 ** min(case.version - 1, 10), LONGEST_S)


def _goes_on(case: Case) -> bool:
    return not case.closed and not case.into


def _says_more(out: Out, case: Case) -> bool:
    return case.version < MOST_VERSIONS and (case.version == 0 or case.told_of != out.news)


def _draw(case: Case, entry: Entry) -> s.WarningAsked:
    return s.WarningAsked(incident=case.incident, version=case.version + 1, upto=entry.seq, tlp=case.tlp or TLP)


# --- sending ----------------------------------------------------------------------------------------------------------


def _send(out: Out, asked: s.WarningSendWanted, look: Lookup) -> Iterator[Payload]:
    """Rules 5 and 6."""
    version = out.find(asked.warning, asked.version)
    if version is None or not version.approved:
        return
    for each in look.estate.neighbours:
        if asked.neighbours and each.id not in asked.neighbours:
            continue
        channel = asked.channel or next(iter(ways.ways_to(out, each)), "")
        yield s.WarningSendAsked(
            warning=asked.warning, version=asked.version, neighbour=each.id, channel=channel, by=asked.by,
            only=bool(asked.channel),
        )  # fmt: skip


def _told(sent: Sent) -> s.NeighbourTold:
    """Rule 7."""
    return s.NeighbourTold(sent.warning, sent.neighbour, sent.channel, sent.by, confirmed=False, version=sent.version)


def _further(out: Out, sent: Sent, look: Lookup) -> Iterator[Payload]:
    """Rule 8."""
    neighbour = next((each for each in look.estate.neighbours if each.id == sent.neighbour), None)
    if sent.only or not sent.channel or neighbour is None:
        return
    mine = (sent.warning, sent.version, sent.neighbour)
    tried = {each.channel for each in out.sent.values() if (each.warning, each.version, each.neighbour) == mine}
    further = next((each for each in ways.ways_to(out, neighbour) if each not in tried), "")
    if further:
        yield s.WarningSendAsked(
            warning=sent.warning, version=sent.version, neighbour=sent.neighbour, channel=further, by=sent.by
        )
