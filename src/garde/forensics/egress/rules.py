"""Whether data left: concluded from what every source said of its time. The rules, one test each:

1. Something that was seen is said, whatever else was blind. `seen` beats `blind` beats `none_seen`.
2. None was seen only where each machine that the incident touched (that saw harm, or is suspected) was seen by some
   source all the time; up to `TOLERATED_S` of blindness in a day are no blindness: an agent that was started again is
   said, and hides no day.
3. Nothing is concluded while an agent that was asked, or is about to be, has not answered for each of its sources;
   after `PATIENCE_S` it is concluded without them, and what they alone saw was not seen.
4. Where no source is set up anywhere, that is the conclusion: blind, from no source.
5. What was worse before stays so: a finding, a number of bytes, a blind machine, a blind time. It can get worse later.
6. One upload that several sources saw counts once, by the largest of their numbers.
7. The same conclusion is not said twice, unless it reaches further in time.

Comes in: the state as `forensics.state.project` has left it with the entry, the entry, the estate in force. Goes out:
`egress_concluded` and `wake_asked`. Pure: no clock, no socket, no chance; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from garde.estate.look import Lookup
from garde.forensics import errands
from garde.forensics.egress import blindness
from garde.forensics.egress.nouns import covers
from garde.forensics.keys import key, split
from garde.forensics.memory import BEFORE_S, Case, Egress, Look, State
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import Blind, EgressConcluded, EgressSeen
from garde.journal.hub_kinds import WakeAsked
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked
from garde.model.order import Verb

PATIENCE_S: Final = 180.0  # for an agent that was asked: the slowest source's records are a minute late
TOLERATED_S: Final = 60.0
MOST_ENTRIES: Final = 200
_RANK: Final = ("none_seen", "blind", "seen")
WAKE: Final = "egress"


def answer(state: State, entry: Entry, look: Lookup) -> Iterator[Payload]:
    """Return what follows."""
    news, said = state.news, entry.payload
    if news.opened:
        yield WakeAsked(due=state.now + PATIENCE_S, key=key(WAKE, news.opened, entry.seq))
    if isinstance(said, ErrandAsked) and said.verb == Verb.FLOWS:
        yield WakeAsked(due=state.now + PATIENCE_S, key=key(WAKE, said.about, entry.seq))
    kind, about, _ = split(news.woke)
    for case in [each for each in state.cases.values() if not each.closed]:
        if not _is_due(state, case, entry, woken=kind == WAKE and state.case(about) is case):
            continue
        found = conclude(state, case)
        if _is_news(case, found):
            yield found


def _is_due(state: State, case: Case, entry: Entry, *, woken: bool) -> bool:
    """Rule 3. What a source says of its own accord is said at once."""
    if _was_live(state, case, entry):
        return True
    if woken:
        return not _is_under_way(state, case)
    return _has_ended(state, case) and not _is_awaited(state, case)


def _has_ended(state: State, case: Case) -> bool:
    """Whether an agent has answered, or one more of its sources."""
    if any(incident == case.id and verb == Verb.FLOWS for incident, verb, *_ in state.news.ended):
        return True
    newest = state.looks[-1:]  # asked at every entry: what it has said itself stands last
    return any(each.seq == state.news.seq and each.incident == case.id for each in newest)


def _was_live(state: State, case: Case, entry: Entry) -> bool:
    """Whether a source has just said of its own accord that something left."""
    said = entry.payload
    return isinstance(said, EgressSeen) and not said.command and case.id in state.news.known


def _is_under_way(state: State, case: Case) -> bool:
    """Whether somebody was asked a moment ago."""
    return any(state.now < each.until + PATIENCE_S for each in errands.under_way(state, case, Verb.FLOWS))


def _is_awaited(state: State, case: Case) -> bool:
    """Whether an answer is on its way, or a question."""
    if _is_under_way(state, case):
        return True
    stuck = {each.machine for each in errands.under_way(state, case, Verb.FLOWS)}
    machines = [each for each in errands.flow_machines(state) if each in state.machines and each not in stuck]
    newest = _newest(state, case).values()
    # One that was not asked yet about everybody who is suspected is about to be.
    return any(not errands.knows_all(case, each) or _owes(state, newest, each) for each in machines)


def _owes(state: State, newest: Iterable[Look], machine: str) -> bool:
    """Whether it has answered for some of its sources, and not for all of them yet."""
    own = [each for each in newest if each.machine == machine]
    if not own:
        return False  # it has refused
    last = max(own, key=lambda each: each.seq).command
    return not _sources(state, machine) <= {each.source for each in own if each.command == last}


def _sources(state: State, machine: str) -> set[str]:
    return {each.source for each in state.sources.values() if each.machine == machine and each.state != "ended"}


def _newest(state: State, case: Case) -> dict[tuple[str, str], Look]:
    """What each source said last of this incident's time."""
    return {(each.machine, each.source): each for each in state.looks if each.incident == case.id}


def conclude(state: State, case: Case) -> EgressConcluded:
    """Say whether data left, as far as that was seen."""
    looks = list(_newest(state, case).values())
    seen = [each for each in state.egress if each.incident == case.id]
    since = min((each.since for each in looks), default=max(case.first_harm - BEFORE_S, 0.0))
    as_of = max((each.until for each in looks), default=state.now)
    unseen = {name: _unseen(addresses, looks, since, as_of) for name, addresses in state.machines.items() if addresses}
    before = case.egress
    blind = {name for name, times in unseen.items() if blindness.seconds(times) > TOLERATED_S}
    blind |= set(before.blind) if before is not None else set()
    blind_s = max((blindness.longest(unseen[name]) for name in blind if name in unseen), default=0.0)
    finding = "seen" if seen else "blind" if _touched(state, case) & blind or not unseen.keys() - blind else "none_seen"
    entries = [*(each.seq for each in seen), *(each.seq for each in looks)]
    if before is not None:
        finding = max(finding, before.finding, key=_RANK.index)
        blind_s = max(blind_s, before.blind_s)
    return EgressConcluded(
        case.id,
        as_of,
        since,
        finding,
        max(_bytes(seen), before.bytes if before is not None else 0),
        tuple(sorted(f"{each.machine}/{each.source}" for each in looks)),
        tuple(sorted(unseen.keys() - blind)),
        tuple(sorted(blind)),
        round(blind_s, 1),
        tuple(sorted(entries)[-MOST_ENTRIES:]),
    )


def _touched(state: State, case: Case) -> set[str]:
    """The machines that the incident touched."""
    suspects = set(case.suspects)
    found = {name for name, addresses in state.machines.items() if suspects & set(addresses)}
    return (found | set(case.machines)) & state.machines.keys()


def _unseen(addresses: Sequence[str], looks: Iterable[Look], since: float, until: float) -> list[Blind]:
    """The times in which no source saw a machine: each of its addresses must be seen."""
    found: list[Blind] = []
    for address in addresses:
        dark = [Blind(since, until, "late")]
        for each in looks:
            if covers(each.covers, address):
                dark = blindness.both(dark, _dark(each, since, until))
        found += dark
    return found


def _dark(look: Look, since: float, until: float) -> list[Blind]:
    """The times in which one source did not see; beyond its own answer it saw nothing."""
    found = [Blind(each.since, each.until, each.why) for each in look.blind]
    found += [Blind(since, look.since, "late")] if look.since > since else []
    found += [Blind(look.until, until, "late")] if look.until < until else []
    return blindness.joined(blindness.cut(found, since, until), near=0.0)


def _bytes(seen: Iterable[Egress]) -> int:
    """Rule 6: by machine and place, the largest number of any source."""
    largest: dict[tuple[str, str], int] = {}
    for each in seen:
        pair = (each.address, each.to)
        largest[pair] = max(largest.get(pair, 0), each.bytes)
    return sum(largest.values())


def _is_news(case: Case, said: EgressConcluded) -> bool:
    """Rule 7."""
    before = case.egress
    if before is None:
        return True
    same = (before.finding, before.bytes, before.sources, before.covered, before.blind, before.blind_s) == (
        said.finding, said.bytes, list(said.sources), list(said.covered), list(said.blind), said.blind_s,
    )  # fmt: skip
    return not same or said.as_of > before.as_of
