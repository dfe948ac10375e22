"""Questions to resolvers as a way out: names that carry data, and resolvers that are sent too much.

Comes in: the store's sums of questions and of bytes to port 53. Goes out: `Sum`s that are a tunnel's. A question that a
resolver inside passes on is told of whoever asked it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from garde.forensics.egress.baseline import Usual
from garde.forensics.egress.findings import Questions, Sum, is_tunnel
from garde.forensics.egress.nouns import DNS_PORT
from garde.forensics.egress.question import Question
from garde.forensics.egress.store import FlowStore, Seen
from garde.forensics.egress.tally import BUCKET_S, DAY_S

_LEAST: Final = 100_000  # bytes: below that nothing is a tunnel by any rule
UsualOf = Callable[[str], Usual]


def tunnels(store: FlowStore, seen: Seen, question: Question, usual_of: UsualOf) -> list[Sum]:
    """Return what left by questions; `to` of each is the resolver, its name the domain."""
    since, until, suspects = question.since, question.until, question.suspects
    times = max(1.0, (until - since) / DAY_S)

    def counts(found: Questions, most: int) -> bool:
        return is_tunnel(found, most, usual_of(found.client).learned, found.client in suspects, times)

    named = [
        each for each in _by_name(store, seen, since, until) if counts(each, _most_named(store, seen, each, since))
    ]
    named = _first_askers(named)
    sent = [
        each for each in _by_bytes(store, seen, since, until)
        if counts(each, usual_of(each.client).place(each.resolver, "").most)
    ]  # fmt: skip
    clients = {each.client for each in named} | {each.resolver for each in named}
    sent = _first_askers([each for each in sent if each.client not in clients])
    return [_sum(each) for each in (*named, *sent)]


def _by_name(store: FlowStore, seen: Seen, since: float, until: float) -> list[Questions]:
    """By day: a tunnel that began on a day is counted from its first question on."""
    rows = store.ask(
        "select client, resolver, domain, sum(bytes), sum(queries), min(first), max(last) from lookups"
        " where source = ? and day between ? and ? and last >= ? and first <= ?"
        " group by client, resolver, domain having sum(bytes) >= ?",
        (seen.id, int(since) // DAY_S, int(until) // DAY_S, since, until, _LEAST),
    )
    return [Questions(*row) for row in rows]


def _most_named(store: FlowStore, seen: Seen, found: Questions, since: float) -> int:
    rows = store.ask(
        "select coalesce(max(total), 0) from (select sum(bytes) as total from lookups"
        " where source = ? and client = ? and domain = ? and day < ? group by day)",
        (seen.id, found.client, found.domain, int(since) // DAY_S),
    )
    return int(rows[0][0])


def _by_bytes(store: FlowStore, seen: Seen, since: float, until: float) -> list[Questions]:
    rows = store.ask(
        "select inside, outside, '', sum(sent), sum(sessions), min(first), max(last) from flows"
        " where source = ? and bucket between ? and ? and port = ? and not inbound"
        " group by inside, outside having sum(sent) >= ?",
        (seen.id, int(since) // BUCKET_S, int(until) // BUCKET_S, DNS_PORT, _LEAST),
    )
    return [Questions(*row) for row in rows]


def _first_askers(found: Iterable[Questions]) -> list[Questions]:
    """Leave out a resolver that passed on what another machine asked it."""
    found = list(found)
    asked = {(each.resolver, each.domain) for each in found}
    return [each for each in found if (each.client, each.domain) not in asked]


def _sum(found: Questions) -> Sum:
    lasted = found.until - found.since
    return Sum(
        found.client, found.resolver, found.domain, DNS_PORT, False, found.bytes, 0, found.queries, found.since,
        found.until, lasted, 0, 0,
    )  # fmt: skip
