"""The question: what left, between two times, as far as each source saw it.

Comes in: a store, the sources' settings, two times, addresses that are suspected. Goes out: `egress_seen` for what is
more than usual, `path_seen` for the connections of the addresses asked about, and one `egress_looked` for each source,
with the times in which it was blind. It changes nothing, and says what it did not look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from garde.forensics.egress import blindness, paths
from garde.forensics.egress.baseline import KNOWN_DAYS, Usual, days_before, is_upload, read_common, read_usual
from garde.forensics.egress.config import FlowSettings, SourceSettings
from garde.forensics.egress.findings import SUSPECT_PLACE, Sum, Suspected, is_cloud, judge
from garde.forensics.egress.nouns import DNS_PORT, covers
from garde.forensics.egress.question import Question
from garde.forensics.egress.questions import tunnels
from garde.forensics.egress.store import FlowStore, Seen
from garde.forensics.egress.tally import BUCKET_S, base_domain
from garde.journal.forensic_kinds import Blind, EgressLooked, EgressSeen, PathSeen
from garde.journal.text import Text

MOST_SEEN: Final = 50  # findings of one source: beyond that a person has enough to do
ALIVE_S: Final = 60.0  # a source that was written down as alive so long ago is not any more
MOST_BLIND: Final = 100  # times that are told; more are joined


def look(
    store: FlowStore, settings: FlowSettings, question: Question
) -> Iterator[EgressSeen | PathSeen | EgressLooked]:
    """Look back, at every source of the settings."""
    seen = store.sources()
    for source in settings.source:
        found = seen.get(source.id)
        if found is None or found.sort != source.sort:
            yield _never(source, question)
        else:
            yield from _look_at(_Judging(store, settings, found, question), store, source, question)


def _never(source: SourceSettings, question: Question) -> EgressLooked:
    """A source that has never seen."""
    blind = (Blind(question.since, question.until, "late"),)
    return EgressLooked(
        question.command, source.id, source.sort, source.covers, question.since, question.until, 0, 0, blind, 0.0
    )


def _look_at(
    judged: _Judging, store: FlowStore, source: SourceSettings, question: Question
) -> Iterator[EgressSeen | PathSeen | EgressLooked]:
    """Look at one source."""
    seen = judged.seen
    found = sorted(judged.run(), key=lambda each: -each.bytes)
    yield from found[:MOST_SEEN]
    yield from paths.paths(store, seen, question.suspects, (question.since, question.until), question.command)
    until = _reaches(source, seen, question)
    blind = blind_of(store, seen, question.since, until)
    yield EgressLooked(
        question.command, source.id, source.sort, source.covers, question.since, until, judged.sessions,
        min(len(found), MOST_SEEN), tuple(blind), round(days_before(seen, question.since), 2),
    )  # fmt: skip


def _reaches(source: SourceSettings, seen: Seen, question: Question) -> float:
    """Until when the answer counts: where records may still come, that far back; where the source has ended, the whole
    time, and the rest of it is blindness."""
    reached = seen.alive - source.delay
    if reached >= question.until or seen.alive < question.until - source.delay - ALIVE_S:
        return question.until
    return max(question.since, reached)


def blind_of(store: FlowStore, seen: Seen, since: float, until: float) -> list[Blind]:
    """Every time between the two in which this source did not see, or of which its records are gone."""
    found = store.blind(seen.id, since, until)
    begin = max(seen.began or until, seen.kept_since)
    if begin > since:
        found.append(Blind(since, min(begin, until), "late"))
    if seen.alive < until:
        found.append(Blind(max(seen.alive, since), until, "down"))
    found = blindness.joined(found)
    near = 60.0
    while len(found) > MOST_BLIND:
        near *= 2
        found = blindness.joined(found, near)
    return found


class _Judging:
    """What one source saw, judged by what is usual: as the source says it that has looked at a machine for longest."""

    def __init__(self, store: FlowStore, settings: FlowSettings, seen: Seen, question: Question) -> None:
        self._store, self._settings, self.seen, self._question = store, settings, seen, question
        self._all = store.sources()
        self._usual: dict[str, Usual] = {}
        self.sessions = 0

    def run(self) -> list[EgressSeen]:
        """Judge by address, and what remains by the domain and by the network that a machine sent to."""
        sums = list(self._sums())
        asked = tunnels(self._store, self.seen, self._question, self._usual_of)
        found = [self._asked(each) for each in asked]
        rest = []
        for each in sums:
            why = self._judge(each)
            if why:
                found.append(self._said(each, why))
            else:
                rest.append(each)
        for group in (_domain, _network):
            rest, more = self._judge_groups(rest, group)
            found += more
        return found

    def _judge_groups(self, sums: list[Sum], key_of: Callable[[Sum], str]) -> tuple[list[Sum], list[EgressSeen]]:
        """Judge uploads of one machine together that share a key; returns what remains, and what was found."""
        groups: dict[tuple[str, bool, str], list[Sum]] = {}
        for each in sums:
            key = key_of(each)
            if key and is_upload(each.sent, each.back):
                groups.setdefault((each.inside, each.inbound, key), []).append(each)
        found: list[EgressSeen] = []
        gone: set[Sum] = set()
        for (_, _, key), members in groups.items():
            joined = _joined(members, key)
            why = self._judge(joined) if len(members) > 1 else ()
            if why:
                found.append(self._said(joined, why))
                gone.update(members)
        return [each for each in sums if each not in gone], found

    def _judge(self, found: Sum) -> tuple[str, ...]:
        suspects = self._question.suspects
        suspected = Suspected(found.inside in suspects, found.outside in suspects)
        if found.sent < SUSPECT_PLACE:
            return ()
        usual = self._usual_of(found.inside)
        why = judge(found, usual, suspected, self._question.seconds)
        if not why or suspected.place or not self._learn_common(found, usual):
            return why
        return judge(found, usual, suspected, self._question.seconds)

    def _learn_common(self, found: Sum, usual: Usual) -> bool:
        """Whether a place that is new to this machine is known to others; a storage for everybody is none of theirs."""
        if not usual.learned or usual.place(found.outside, found.name).days >= KNOWN_DAYS or is_cloud(found.name):
            return False
        common = read_common(self._store, self._base(found.inside), found.inside, found.outside, self._question.since)
        if common.days:
            usual.places[found.outside] = common
        return common.days > 0

    def _usual_of(self, machine: str) -> Usual:
        if machine not in self._usual:
            self._usual[machine] = read_usual(self._store, self._base(machine), machine, self._question.since)
        return self._usual[machine]

    def _base(self, machine: str) -> Seen:
        """The source that knows longest what is usual for a machine; this one where none knows better."""
        known = [self._all[each.id] for each in self._settings.source
                 if each.id in self._all and covers(each.covers, machine)]  # fmt: skip
        return max([self.seen, *known], key=lambda each: days_before(each, self._question.since))

    def _sums(self) -> Iterator[Sum]:
        """Add up what left each machine for each place outside."""
        first, last = int(self._question.since) // BUCKET_S, int(self._question.until) // BUCKET_S
        self.sessions = self._store.ask(
            "select coalesce(sum(sessions), 0) from flows where source = ? and bucket between ? and ?",
            (self.seen.id, first, last),
        )[0][0]
        rows = self._store.ask(
            "select inside, outside, inbound, max(name), max(sent), port, sum(sent), sum(back), sum(sessions),"
            " min(first), max(last), max(longest), count(distinct bucket) from flows"
            " where source = ? and bucket between ? and ? and not within and port != ?"
            " group by inside, outside, inbound having sum(sent) >= 16000",
            (self.seen.id, first, last, DNS_PORT),
        )
        for inside, outside, inbound, name, largest, port, sent, back, sessions, since, until, longest, buckets in rows:
            yield Sum(
                inside, outside, name or self._store.name_of(outside), port, bool(inbound), sent, back, sessions, since,
                until, longest, buckets, largest,
            )  # fmt: skip

    def _said(self, found: Sum, why: tuple[str, ...]) -> EgressSeen:
        usual = self._usual_of(found.inside).bytes_in(self._question.seconds)
        return EgressSeen(
            self._question.command, self.seen.id, found.inside, found.outside, Text(found.name), found.port,
            found.sent, found.sessions, found.since, found.until, why, usual,
        )  # fmt: skip

    def _asked(self, found: Sum) -> EgressSeen:
        why = ("dns_tunnel", "trickle") if found.until - found.since >= 3600 else ("dns_tunnel",)
        return self._said(found, why)


def _domain(found: Sum) -> str:
    return base_domain(found.name) if found.name else ""


def _network(found: Sum) -> str:
    """The network that a place lies in: /24, or /48 of IPv6."""
    if ":" in found.outside:
        import ipaddress

        return str(ipaddress.ip_network(f"{found.outside}/48", strict=False))
    return f"{found.outside.rpartition('.')[0]}.0/24"


def _joined(members: Sequence[Sum], key: str) -> Sum:
    """One sum of several places: under the address that got the most, and the name that they share."""
    top = max(members, key=lambda each: each.sent)
    return replace(
        top,
        name=key,
        sent=sum(each.sent for each in members),
        back=sum(each.back for each in members),
        sessions=sum(each.sessions for each in members),
        since=min(each.since for each in members),
        until=max(each.until for each in members),
        longest=max(each.longest for each in members),
        buckets=max(each.buckets for each in members),
        largest=max(each.largest for each in members),
    )
