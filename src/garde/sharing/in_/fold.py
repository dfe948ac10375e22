"""From entries to what the way in knows.

Comes in: entries, and whether an agent wrote them. Goes out: `In`. Pure; it may change what it is given. Rules, one
test each:

1. An agent's word counts for itself alone: what it watches for, what it saw.
2. An errand has one outcome; another agent's word about it settles nothing.
3. Sightings are bounded: the oldest go first, and one is kept once for a machine, sort and value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garde.journal import hub_kinds as h
from garde.journal import sharing_kinds as s
from garde.journal.entry import AGENT, Entry
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked
from garde.journal.text import plain
from garde.model.order import Verb
from garde.sharing.in_.memory import CUT, AgentList, In, Precaution, Sighting, Taken, Unread, Watched

MOST_SEEN: Final = 500
MOST_PRECAUTIONS: Final = 200
MOST_UNREAD: Final = 20

Handler = Callable[[In, Entry, Any], None]


# --- what people and the hub say --------------------------------------------------------------------------------------


def _on_taken(state: In, entry: Entry, taken: s.SharedTaken) -> None:
    state.taken[taken.sha256] = Taken(
        taken.source, taken.format, taken.sha256, taken.tlp, taken.indicators, taken.refused,
        list(taken.refused_why), taken.by, taken.channel, entry.at, entry.seq,
    )  # fmt: skip


def _on_unread(state: In, entry: Entry, unread: s.SharedUnread) -> None:
    state.unread[unread.sha256] = Unread(plain(unread.source), unread.sha256, plain(unread.why), entry.at, entry.seq)
    _bound(state.unread, MOST_UNREAD)


def _on_made(state: In, entry: Entry, made: s.WatchListMade) -> None:
    state.watched = Watched(made.sha256, made.indicators, list(made.sources), list(made.of), entry.at, entry.seq)


def _on_errand(state: In, entry: Entry, asked: ErrandAsked) -> None:
    if asked.verb == Verb.WATCH_FOR:
        mine = state.agents.setdefault(asked.machine, AgentList())
        mine.asked, mine.command = asked.digest, asked.command


def _on_enrolled(state: In, entry: Entry, enrolled: h.AgentEnrolled) -> None:
    state.agents[enrolled.machine] = AgentList()  # a new state directory: it watches for nothing


def _on_revoked(state: In, entry: Entry, revoked: h.AgentRevoked) -> None:
    state.agents.pop(revoked.machine, None)


def _on_failed(state: In, entry: Entry, failed: h.CommandFailed) -> None:
    for each in state.agents.values():
        if each.command == failed.command:
            each.command, each.detail = "", plain(failed.reason)


def _on_offered(state: In, entry: Entry, offered: s.PrecautionOffered) -> None:
    state.precautions[offered.precaution] = Precaution(
        offered.precaution, offered.source, list(offered.machines), list(offered.price), offered.why, entry.at,
        entry.seq,
    )  # fmt: skip
    _bound(state.precautions, MOST_PRECAUTIONS)


def _on_decided(state: In, entry: Entry, decided: s.PrecautionDecided) -> None:
    found = state.precautions.get(decided.precaution)
    if found is not None:
        found.state, found.by, found.decided_at = decided.state, decided.by, entry.at
        if decided.state == CUT:
            found.cut, found.let_go = found.cut or entry.seq, 0
        else:
            found.cut, found.let_go = 0, found.cut


# --- what agents say --------------------------------------------------------------------------------------------------


def _on_list_taken(state: In, entry: Entry, said: s.WatchListTaken) -> None:
    mine = state.agents.get(_machine(entry))
    if mine is None:
        return
    if mine.command == said.command:
        mine.command = ""
    mine.sha256, mine.indicators, mine.at = said.sha256, said.indicators, entry.at
    mine.detail = plain(said.detail)


def _on_refused(state: In, entry: Entry, said: h.OrderRefused) -> None:
    mine = state.agents.get(_machine(entry))
    if mine is not None and said.command and mine.command == said.command:
        mine.command, mine.detail = "", plain(f"{said.code}: {said.reason}")


def _on_seen(state: In, entry: Entry, said: s.IndicatorSeen) -> None:
    machine, value = _machine(entry), said.value.shown()
    if any((each.machine, each.sort, each.value) == (machine, said.sort, value) for each in state.seen):
        return
    state.seen.append(
        Sighting(machine, said.sort, value, plain(said.source), said.where.shown(), said.at, said.live, entry.seq)
    )
    del state.seen[:-MOST_SEEN]
    if said.source not in state.warned:
        state.warned.append(said.source)
        del state.warned[:-MOST_SEEN]


def _bound(table: dict[str, Any], most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]  # the oldest


def _machine(entry: Entry) -> str:
    return entry.who.removeprefix(AGENT)


AGENTS: Final[dict[type[Payload], Handler]] = {
    s.WatchListTaken: _on_list_taken,
    h.OrderRefused: _on_refused,
    s.IndicatorSeen: _on_seen,
}
HUBS: Final[dict[type[Payload], Handler]] = {
    s.SharedTaken: _on_taken,
    s.SharedUnread: _on_unread,
    s.WatchListMade: _on_made,
    s.PrecautionOffered: _on_offered,
    s.PrecautionDecided: _on_decided,
    ErrandAsked: _on_errand,
    h.AgentEnrolled: _on_enrolled,
    h.AgentRevoked: _on_revoked,
    h.CommandFailed: _on_failed,
}
ANSWERED: Final[frozenset[str]] = frozenset({"agent_alive"})  # kinds that `rules.py` answers and the fold forgets


def fold(state: In, entry: Entry, *, by_agent: bool) -> None:
    """Fold one entry."""
    handler = (AGENTS if by_agent else HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
