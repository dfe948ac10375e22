"""From entries to what the way out knows: facts, versions of the warning, whom it was sent to.

Comes in: entries, and whether an agent wrote them. Goes out: `Out`. Pure; it may change what it is given. The rules,
one test each:

1. What damage, notes, samples, the origin and what left say of the attackers is a fact, kept once with how often it was
   seen; `facts.py` reads them out of the entries. At most `MOST_FACTS` of a sort: an attacker's thousand endings do not
   push out the first ones.
2. Whatever a warning would say anew makes `news` grow: a new fact, another family, another way, another conclusion.
3. The first harm after every incident was closed begins with nothing: it is another attack.
4. A version is drawn, approved and sent by its own entries; an approval counts only for the digest that was drawn.
5. A key that was withdrawn is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import oncall_kinds as o
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.sharing.out import facts
from garde.sharing.out.memory import TLPS, Case, Fact, Hop, Left, Named, Out, Sent, Told, Version, Way

MOST_FACTS: Final = 200  # of one sort: a reader at night looks at tens
MOST_VERDICTS: Final = 10_000
MOST_TOLD: Final = 2_000
IN_FORCE: Final = frozenset({"asked", "applied", "proven", "not_proven", "undoing"})  # states of a cut
Handler = Callable[[Out, Entry, Any], None]

# --- what is known ----------------------------------------------------------------------------------------------------


def _add(state: Out, entry: Entry, found: Iterable[facts.Found]) -> None:
    for each in found:
        key = f"{each.sort}|{each.value}"
        known = state.facts.get(key)
        if known is not None:
            known.times += 1
            continue
        if sum(fact.sort == each.sort for fact in state.facts.values()) >= MOST_FACTS:
            continue
        state.facts[key] = Fact(each.sort, each.value, entry.seq, entry.at, 1, each.detail)
        state.news += 1


def _harm(state: Out, entry: Entry, found: Iterable[facts.Found]) -> None:
    """Rule 3."""
    if state.stale:
        state.facts, state.hops, state.named, state.left = {}, [], None, None
        state.stale = False
    _add(state, entry, found)


def _on_verdict(state: Out, entry: Entry, verdict: k.VerdictReached) -> None:
    _harm(state, entry, facts.of_verdict(verdict))


def _on_finding(state: Out, entry: Entry, finding: k.FindingMade) -> None:
    if finding.verdict:
        _harm(state, entry, facts.of_files((finding.file,)))


def _on_confirmed(state: Out, entry: Entry, hold: k.HoldConfirmed) -> None:
    case = state.case(state.verdicts.get(hold.verdict, "")) or _only_open(state)
    if case is not None and hold.damaged > 0 and not case.confirmed:
        case.confirmed = True
        state.news += 1


def _on_note(state: Out, entry: Entry, note: f.NoteTaken) -> None:
    _add(state, entry, facts.of_note(note))


def _on_evidence(state: Out, entry: Entry, item: f.EvidenceTaken) -> None:
    _add(state, entry, facts.of_evidence(item))


def _on_egress_seen(state: Out, entry: Entry, seen: f.EgressSeen) -> None:
    _add(state, entry, facts.of_egress(seen))


def _on_family(state: Out, entry: Entry, named: f.FamilyNamed) -> None:
    before = state.named
    state.named = Named(
        named.family, named.confidence, list(named.techniques), named.decryptor, named.data_date, entry.seq
    )
    if before is None or (before.family, before.techniques) != (named.family, list(named.techniques)):
        state.news += 1


def _on_origin(state: Out, entry: Entry, origin: f.OriginFound) -> None:
    _add(state, entry, facts.of_origin(origin))
    hops = [
        Hop(each.address, each.machine, each.role, each.country, each.network, each.confidence, list(each.may_be))
        for each in origin.hops
    ]
    if hops != state.hops:
        state.hops = hops
        state.news += 1


def _on_concluded(state: Out, entry: Entry, concluded: f.EgressConcluded) -> None:
    if state.left is None or state.left.finding != concluded.finding:
        state.news += 1
    state.left = Left(concluded.finding, concluded.as_of, concluded.bytes, concluded.blind_s, entry.seq)


# --- incidents --------------------------------------------------------------------------------------------------------


def _on_opened(state: Out, entry: Entry, opened: h.IncidentOpened) -> None:
    servers = [opened.server] if opened.server else []
    state.cases[opened.incident] = Case(opened.incident, opened.first_harm, entry.at, servers)


def _on_harm_joined(state: Out, entry: Entry, joined: h.HarmJoined) -> None:
    state.verdicts[joined.verdict] = joined.incident
    if len(state.verdicts) > MOST_VERDICTS:
        del state.verdicts[next(iter(state.verdicts))]
    case = state.case(joined.incident)
    if case is not None and joined.server and joined.server not in case.servers:
        case.servers.append(joined.server)


def _on_joined(state: Out, entry: Entry, joined: h.IncidentJoined) -> None:
    mine, other = state.cases.get(joined.incident), state.case(joined.into)
    if mine is None or other is None or mine is other:
        return
    mine.into = other.incident
    other.confirmed |= mine.confirmed
    other.files += mine.files
    other.began = min((each for each in (mine.began, other.began) if each > 0), default=0.0)
    other.servers += [each for each in mine.servers if each not in other.servers]


def _on_spread(state: Out, entry: Entry, spread: h.SpreadFound) -> None:
    _add(state, entry, facts.of_spread(spread))
    case = state.case(spread.incident)
    if case is not None:
        case.files = spread.files
        case.began = min((each for each in (case.began, spread.first_at) if each > 0), default=0.0)


def _on_closed(state: Out, entry: Entry, closed: h.IncidentClosed) -> None:
    case = state.cases.get(closed.incident)
    if case is not None:
        case.closed = True
    state.stale = all(each.closed or each.into for each in state.cases.values())


def _only_open(state: Out) -> Case | None:
    open_ = [each for each in state.cases.values() if not each.closed and not each.into]
    return open_[-1] if open_ else None


# --- the warning ------------------------------------------------------------------------------------------------------


def _on_wanted(state: Out, entry: Entry, wanted: s.WarningWanted) -> None:
    case = state.case(wanted.incident)
    if case is not None and wanted.tlp in TLPS:
        case.tlp = wanted.tlp


def _on_asked(state: Out, entry: Entry, asked: s.WarningAsked) -> None:
    """Rule 4."""
    case = state.case(asked.incident)
    if case is not None:
        case.version, case.told_of = asked.version, state.news
    state.versions.append(
        Version(facts.warning_id(asked.incident), asked.incident, asked.version, asked.tlp, asked.command, entry.at)
    )


def _on_drawn(state: Out, entry: Entry, drawn: s.WarningDrawn) -> None:
    for each in state.versions:
        if each.command == drawn.command:
            each.drawn, each.sha256, each.failed = entry.at, drawn.sha256, ""
            each.indicators, each.removed, each.removed_why = drawn.indicators, drawn.removed, list(drawn.removed_why)


def _on_approved(state: Out, entry: Entry, approved: s.WarningApproved) -> None:
    found = state.find(approved.warning, approved.version)
    if found is not None and found.drawn and found.sha256 == approved.sha256 and not found.approved:
        found.approved, found.approved_by = entry.at, approved.by


def _on_send_asked(state: Out, entry: Entry, asked: s.WarningSendAsked) -> None:
    state.sent[asked.command] = Sent(
        asked.warning, asked.version, asked.neighbour, asked.channel, asked.command, entry.at, asked.by, asked.only
    )


def _on_done(state: Out, entry: Entry, done: h.CommandDone) -> None:
    if done.command in state.sent:
        state.sent[done.command].state, state.sent[done.command].detail = "done", done.detail


def _on_failed(state: Out, entry: Entry, failed: h.CommandFailed) -> None:
    if failed.command in state.sent:
        state.sent[failed.command].state, state.sent[failed.command].detail = "failed", failed.reason
    for each in state.versions:
        if each.command == failed.command:
            each.failed = failed.reason
            state.news += 1  # nobody has it yet


def _on_lost(state: Out, entry: Entry, lost: o.PageLost) -> None:
    if lost.page in state.sent:
        state.sent[lost.page].state, state.sent[lost.page].detail = "failed", lost.reason


def _on_told(state: Out, entry: Entry, told: s.NeighbourTold) -> None:
    state.told.append(
        Told(
            told.warning, told.version, told.neighbour, told.channel, told.by, told.confirmed, told.name.shown(),
            entry.at,
        )
    )  # fmt: skip
    del state.told[:-MOST_TOLD]


def _on_key(state: Out, entry: Entry, made: s.ShareKeyMade) -> None:
    """Rule 5."""
    if made.sha256:
        state.keys[made.neighbour] = made.sha256
    else:
        state.keys.pop(made.neighbour, None)


def _on_woke(state: Out, entry: Entry, woke: h.Woke) -> None:
    _waits(state, woke.key, waiting=False)


def _on_wake_asked(state: Out, entry: Entry, asked: h.WakeAsked) -> None:
    _waits(state, asked.key, waiting=True)


def _waits(state: Out, key: str, *, waiting: bool) -> None:
    case = state.cases.get(facts.incident_of(key)) if facts.is_further(key) else None
    if case is not None:
        case.waiting = waiting


# --- channels ---------------------------------------------------------------------------------------------------------


def _on_calling(state: Out, entry: Entry, calling: o.CallingSet) -> None:
    before = state.ways
    state.ways = {
        each.name: Way(
            each.name, each.kind, each.by, each.outside,
            before[each.name].alive if each.name in before else None,
        )
        for each in calling.channels
        if each.by in ("phone", "mail")
    }  # fmt: skip


def _on_alive(state: Out, entry: Entry, alive: o.ChannelAlive) -> None:
    if alive.channel in state.ways:
        state.ways[alive.channel].alive = True


def _on_silent(state: Out, entry: Entry, silent: o.ChannelSilent) -> None:
    if silent.channel in state.ways:
        state.ways[silent.channel].alive = False


def _on_proposed(state: Out, entry: Entry, proposed: h.CutProposed) -> None:
    if proposed.action == "outside":
        state.cuts.setdefault(proposed.cut, "")


def _on_cut(state: Out, entry: Entry, changed: h.CutChanged) -> None:
    if changed.cut in state.cuts:
        state.cuts[changed.cut] = changed.state
        state.outside_cut = any(each in IN_FORCE for each in state.cuts.values())


AGENTS: Final[dict[type[Payload], Handler]] = {
    k.VerdictReached: _on_verdict,
    k.FindingMade: _on_finding,
    k.HoldConfirmed: _on_confirmed,
    f.NoteTaken: _on_note,
    f.EvidenceTaken: _on_evidence,
    f.EgressSeen: _on_egress_seen,
}
HUBS: Final[dict[type[Payload], Handler]] = {
    h.IncidentOpened: _on_opened,
    h.HarmJoined: _on_harm_joined,
    h.IncidentJoined: _on_joined,
    h.IncidentClosed: _on_closed,
    h.SpreadFound: _on_spread,
    f.FamilyNamed: _on_family,
    f.OriginFound: _on_origin,
    f.EgressConcluded: _on_concluded,
    s.WarningWanted: _on_wanted,
    s.WarningAsked: _on_asked,
    s.WarningDrawn: _on_drawn,
    s.WarningApproved: _on_approved,
    s.WarningSendAsked: _on_send_asked,
    h.CommandDone: _on_done,
    h.CommandFailed: _on_failed,
    o.PageLost: _on_lost,
    s.NeighbourTold: _on_told,
    s.ShareKeyMade: _on_key,
    h.Woke: _on_woke,
    h.WakeAsked: _on_wake_asked,
    o.CallingSet: _on_calling,
    o.ChannelAlive: _on_alive,
    o.ChannelSilent: _on_silent,
    h.CutProposed: _on_proposed,
    h.CutChanged: _on_cut,
}
ANSWERED: Final = frozenset({"warning_send_wanted"})  # kinds that `rules.py` answers and the fold does not remember


def fold(state: Out, entry: Entry, *, by_agent: bool) -> None:
    """Fold one entry."""
    handler = (AGENTS if by_agent else HUBS).get(type(entry.payload))
    if handler is not None:
        handler(state, entry, entry.payload)
