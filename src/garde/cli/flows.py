"""`garde flows`: the flow records of this machine by hand, without a hub.

Comes in: an action; for `look` two times and addresses that are suspected. Goes out: `sources` says what each source
has seen and missed, `look` what left more than usual, by which paths, and where nobody saw. It changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.forensics.egress.config import FlowSettings, SourceSettings
    from garde.forensics.egress.store import FlowStore, Seen
    from garde.journal.forensic_kinds import EgressLooked, EgressSeen, PathSeen

Action = Annotated[Literal["sources", "look"], Parameter(name="ACTION", help="What to do.")]
Suspect = Annotated[
    str,
    Parameter(name="ADDRESS", help="look: addresses that are suspected, inside or outside; their paths are shown."),
]
Since = Annotated[
    str, Parameter(name="--since", help="look: from when, as 2026-03-11T03:00 (local) or with a zone. Default: a day.")
]
Until = Annotated[str, Parameter(name="--until", help="look: until when. Default: now.")]
PATHS_SHOWN = 20


def flows(
    action: Action,
    /,
    *suspects: Suspect,
    since: Since = "",
    until: Until = "",
    state: State = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Show this machine's sources of flow records, and look back at what left.

    Example: garde flows look 10.20.1.7 --since 2026-03-10T03:00
    """
    from garde.cli.options import clock_of
    from garde.cli.places import find_state
    from garde.cli.point import moment
    from garde.cli.screen import Screen
    from garde.errors import NotFound
    from garde.forensics.egress.config import FILE, read_flows

    screen, clock, place = Screen(as_json), clock_of(lab_clock), find_state(state)
    settings = read_flows(place)
    if not settings.source:
        raise NotFound(f"{place / FILE} names no source of flow records", "docs/account.md shows such a file")
    store = _open(place)
    try:
        if action == "sources":
            return _sources(screen, settings, store, clock)
        return _look(screen, settings, store, _addresses(suspects), (moment(since), moment(until) or clock.now()))
    finally:
        store.close()


def _open(place: Path) -> FlowStore:
    import sqlite3

    from garde.errors import NotFound, StateDamaged
    from garde.forensics.egress.store import FILE, FlowStore

    if not (place / FILE).exists():
        raise NotFound(f"{place / FILE} is not there: no agent has read a source yet", "start `garde agent` here")
    try:
        store = FlowStore(place / FILE, read_only=True)
        store.sources()
    except sqlite3.Error as error:
        raise StateDamaged(f"{place / FILE}: {error}", "run it as root; else move the file aside") from error
    return store


def _addresses(words: tuple[str, ...]) -> frozenset[str]:
    from garde.errors import UsageError
    from garde.sockets import plain_address

    try:
        return frozenset(plain_address(each) for each in words)
    except ValueError as error:
        raise UsageError(str(error), "name addresses, as `garde cut list` shows them") from error


# --- sources ----------------------------------------------------------------------------------------------------------


def _sources(screen: Screen, settings: FlowSettings, store: FlowStore, clock: Clock) -> int:
    seen = store.sources()
    for source in settings.source:
        found = seen.get(source.id)
        if found is None:
            screen.data({"kind": "source", "source": source.id, "sort": source.sort, "state": "never"})
            screen.line(f"{source.id}: {source.sort}, NEVER READ: is the agent running?", "bad")
        else:
            _source(screen, source, found, store, clock.now())
    return 0


def _source(screen: Screen, source: SourceSettings, found: Seen, store: FlowStore, now: float) -> None:
    from dataclasses import asdict

    from garde.clock import iso
    from garde.forensics.egress import blindness
    from garde.forensics.egress.look import ALIVE_S, blind_of

    blind = blind_of(store, found, now - 86_400, now)
    dark = blindness.seconds(each for each in blind if each.until - each.since < 86_400)
    alive = now - found.alive < ALIVE_S
    screen.data({
        "kind": "source", "source": source.id, "sort": source.sort, "covers": source.covers, "state": found.state,
        "detail": found.detail, "alive": alive, "began": iso(found.began), "read_until": iso(found.alive),
        "records": found.records, "missing": found.missing, "blind": [asdict(each) for each in blind],
        "blind_s": round(dark, 1),
    })  # fmt: skip
    sees = "sees" if alive and found.state == "sees" else f"BLIND {found.detail}".rstrip() if alive else "NOT READ"
    screen.line(f"{source.id}: {source.sort}, {sees}, covers {', '.join(source.covers)}",
                "title" if sees == "sees" else "bad")  # fmt: skip
    screen.line(f"  since {iso(found.began)}, read until {iso(found.alive)}")
    screen.line(f"  {found.records:,} records, {found.missing:,} known to be missing",
                "warn" if found.missing else "note")  # fmt: skip
    for each in blind:
        _blind(screen, each.since, each.until, each.why, each.records)


def _blind(screen: Screen, since: float, until: float, why: str, records: int) -> None:
    from garde.clock import iso

    missing = f", {records:,} records" if records else ""
    screen.line(f"  blind {iso(since)} … {iso(until)} ({until - since:,.0f} s): {why}{missing}", "warn")


# --- look -------------------------------------------------------------------------------------------------------------


def _look(
    screen: Screen, settings: FlowSettings, store: FlowStore, suspects: frozenset[str], times: tuple[float, float]
) -> int:
    from garde.errors import UsageError
    from garde.forensics.egress.look import look
    from garde.forensics.egress.question import Question
    from garde.journal.forensic_kinds import EgressLooked, EgressSeen, PathSeen

    until = times[1]
    since = times[0] or until - 86_400
    if since >= until:
        raise UsageError("--since is not before --until", "write them as 2026-03-11T03:00")
    paths = 0
    for said in look(store, settings, Question("", since, until, suspects)):
        if isinstance(said, EgressSeen):
            _seen(screen, said)
        elif isinstance(said, PathSeen):
            paths += 1
            _path(screen, said, shown=paths <= PATHS_SHOWN)
        elif isinstance(said, EgressLooked):
            _looked(screen, said)
            paths = 0
    return 0


def _seen(screen: Screen, said: EgressSeen) -> None:
    from garde.clock import iso

    name = said.name.shown()
    screen.data({
        "kind": "seen", "source": said.source, "address": said.address, "to": said.to, "name": name, "port": said.port,
        "bytes": said.bytes, "sessions": said.sessions, "since": iso(said.since), "until": iso(said.until),
        "why": said.why, "usual_bytes": said.usual_bytes,
    })  # fmt: skip
    usual = f"usually {said.usual_bytes / 1e6:,.1f} MB in as much time" if said.usual_bytes >= 0 else "no baseline yet"
    where = f"{said.to} ({name})" if name else said.to
    screen.line(f"{said.address} sent {said.bytes / 1e6:,.1f} MB to {where} port {said.port}", "bad")
    screen.line(f"  {iso(said.since)} … {iso(said.until)}, {said.sessions:,} sessions; {usual}")
    screen.line(f"  {', '.join(each.replace('_', ' ') for each in said.why)}; seen by {said.source}")


def _path(screen: Screen, said: PathSeen, *, shown: bool) -> None:
    from garde.clock import iso
    from garde.journal.text import plain

    detail = plain(said.detail)
    screen.data({
        "kind": "path", "source": said.source, "inside": said.inside, "outside": said.outside, "port": said.port,
        "inbound": said.inbound, "first": iso(said.first), "last": iso(said.last), "bytes_in": said.bytes_in,
        "bytes_out": said.bytes_out, "detail": detail,
    })  # fmt: skip
    if shown:
        way = f"{said.inside} ← {said.outside}" if said.inbound else f"{said.inside} → {said.outside}"
        more = f" {detail}" if detail else ""
        screen.line(f"  {way} port {said.port}, {iso(said.first)} … {iso(said.last)}{more}", "dim")


def _looked(screen: Screen, said: EgressLooked) -> None:
    from dataclasses import asdict

    from garde.clock import iso

    screen.data({
        "kind": "looked", "source": said.source, "sort": said.sort, "covers": said.covers, "since": iso(said.since),
        "until": iso(said.until), "records": said.records, "seen": said.seen, "baseline_days": said.baseline_days,
        "blind": [asdict(each) for each in said.blind],
    })  # fmt: skip
    nothing = "nothing more than usual" if not said.seen else f"{said.seen} findings"
    screen.line(f"{said.source}: {nothing} in {said.records:,} sessions, {iso(said.since)} … {iso(said.until)}, "
                f"{said.baseline_days:.1f} days of looking before", "title")  # fmt: skip
    for each in said.blind:
        _blind(screen, each.since, each.until, each.why, each.records)
