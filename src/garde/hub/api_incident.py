"""The API of the incident: state, machines, incidents, cuts and decisions, journal, live events.

Comes in: requests whose caller the door has let in. Goes out: what the folds hold; a decision becomes one entry.
Nothing is decided here: whether a cut may be made, and by how many, is the written authority's business
(`garde.contain`).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, NotFoundException, PermissionDeniedException
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter, SkipValidation
from litestar.response import Stream

from garde import __version__
from garde.clock import iso
from garde.estate.nouns import Machine
from garde.hub.api_shapes import Decision, EntryShown, HubState, JournalPage, MachineState, Note, Written
from garde.hub.board import Board, Cut, Incident
from garde.hub.events import LISTENERS, Events
from garde.hub.guard import Door, Hub, Who
from garde.hub.liveness import Agent
from garde.hub.present import data, entry_data
from garde.hub.rights import Right
from garde.journal.checkpoint import Checkpoint
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CutDecided, IncidentAnswered, IncidentClosed
from garde.journal.kinds import KINDS
from garde.journal.payload import Payload
from garde.journal.text import Text

LONGEST_NOTE = 1_000  # characters
PAGE_MOST = 1_000  # entries
MOST_SEQ = 2**53  # what JSON keeps exact
DECISIONS = ("approve", "reject", "undo")
Before = Annotated[int, QueryParameter(ge=0, le=MOST_SEQ, description="Entries behind this number.")]
Live = NamedDependency[SkipValidation[Events]]
Id = Annotated[str, PathParameter(max_length=200)]


@get("/state", sync_to_thread=True)
def hub_state(deps: Hub) -> HubState:
    """How the hub stands."""
    agents = deps.liveness.all()
    states = [agent.state for agent in agents]
    last = deps.loop.checkpoint
    return HubState(
        version=__version__,
        at=iso(deps.clock.now()),
        hospital=deps.estate().estate.name,
        entries=deps.loop.seq,
        open_incidents=len([each for each in _board(deps).incidents.values() if each.state == "open"]),
        open_commands=deps.loop.open_commands(),
        agents_alive=states.count("alive"),
        agents_silent=states.count("silent"),
        agents_awaited=states.count("awaited"),
        weaker=[agent.machine for agent in agents if agent.state == "alive" and agent.weaker],
        journal=deps.loop.refusal,
        checkpoint=_checkpoint(last),
    )


@get("/machines", sync_to_thread=True)
def machines(deps: Hub) -> list[MachineState]:
    """Every machine of the estate, in its order, with what is known of its agent."""
    agents = {agent.machine: agent for agent in deps.liveness.all()}
    cuts = _board(deps).machines
    return [_machine(deps, each, agents.get(each.id), cuts) for each in deps.estate().estate.machines]


@get("/incidents", sync_to_thread=True)
def incidents(deps: Hub) -> list[Incident]:
    """Every incident, the newest first."""
    return sorted(_board(deps).incidents.values(), key=lambda each: -each.opened)


@get("/incidents/{incident:str}", sync_to_thread=True)
def incident(deps: Hub, incident: Id) -> Incident:
    """One incident."""
    return _incident(deps, incident)


@post("/incidents/{incident:str}/answer", sync_to_thread=True)
def answer(deps: Hub, caller: Who, incident: Id) -> Written:
    """Take an incident in hand: what the authority lays down for an unanswered one no longer counts."""
    _check_goes_on(deps, incident)
    if caller.how == "token":
        raise PermissionDeniedException("a token is no person: sign in to take an incident in hand")
    return _write(deps, caller, IncidentAnswered(incident, caller.login))


@post("/incidents/{incident:str}/close", sync_to_thread=True)
def close(deps: Hub, caller: Who, incident: Id, data: JSONBody[Note]) -> Written:
    """Declare an incident over."""
    _check_goes_on(deps, incident)
    return _write(deps, caller, IncidentClosed(incident, caller.login, _note(data.note)))


@get("/cuts", sync_to_thread=True)
def cuts(deps: Hub, incident: FromQuery[str] = "") -> list[Cut]:
    """Every cut, proposed or made, the narrowest first; of one incident, where it is named."""
    found = [each for each in _board(deps).cuts.values() if incident in ("", each.incident)]
    return sorted(found, key=lambda each: (each.incident, each.proposal["rank"]))


@get("/cuts/{cut:str}", sync_to_thread=True)
def cut(deps: Hub, cut: Id) -> Cut:
    """One cut."""
    return _cut(deps, cut)


@post("/cuts/{cut:str}/decision", sync_to_thread=True)
def decide(deps: Hub, caller: Who, cut: Id, data: JSONBody[Decision]) -> Written:
    """Say yes or no to a cut, or have it undone."""
    found = _cut(deps, cut)
    if data.decision not in DECISIONS:
        raise ClientException(f"a decision is one of {', '.join(DECISIONS)}")
    if data.decision == "approve" and found.proposal["refused"]:
        raise ClientException(f"this cut is never made: {found.proposal['refused']}", status_code=409)
    if data.decision == "approve" and found.proposal["needs"] == "two" and caller.how == "token":
        raise PermissionDeniedException("this cut needs two persons, and a token is none: both sign in at the console")
    return _write(deps, caller, CutDecided(cut, data.decision, caller.login, caller.role, _note(data.note)))


@get("/journal", sync_to_thread=True)
def journal(deps: Hub, after: Before = 0, limit: FromQuery[int] = 200, kinds: FromQuery[str] = "") -> JournalPage:
    """Entries in their order. `kinds` names some, with commas between them."""
    wanted = [each for each in kinds.split(",") if each]
    if unknown := [each for each in wanted if each not in KINDS]:
        raise ClientException(f"there is no kind {unknown[0][:40]!r}")
    found: list[Entry] = []
    for entry in deps.loop.journal.entries(after=after, kinds=wanted):
        found.append(entry)
        if len(found) >= max(1, min(limit, PAGE_MOST)):
            break
    return JournalPage([_shown(each) for each in found], found[-1].seq if found else after, deps.loop.seq)


@get("/journal/checkpoints", sync_to_thread=True)
def checkpoints(deps: Hub) -> list[dict[str, Any]]:
    """The signed checkpoints, the newest 100: note one elsewhere, and nobody can cut the journal short unseen."""
    found = [_checkpoint(each) for each in deps.loop.journal.checkpoints()[-100:]]
    return [each for each in found if each is not None]


@get("/events", include_in_schema=True)
async def events(
    request: Request[Any, Any, Any],
    live: Live,
    caller: Who,
    after: Annotated[int | None, QueryParameter(ge=0, le=MOST_SEQ)] = None,
) -> Stream:
    """Every new entry as a server-sent event, named for its kind; `after` or `Last-Event-ID`: its number, to go on.

    The header counts where both are there: a browser that connects again asks by the address that it began with. Who
    may not read the record hears that something was written and of what kind, not what.
    """
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit():
        after = min(int(last[:20]), MOST_SEQ)
    if live.listeners >= LISTENERS:
        raise ClientException("too many are listening already", status_code=503)
    return Stream(
        live.stream(after, bare=not caller.may(Right.READ)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of."""
    looking = [hub_state, machines, events]
    reading = [incidents, incident, cuts, cut, journal, checkpoints]
    return [
        Router("/", route_handlers=looking, guards=[door.everybody], tags=["incident"]),
        Router("/", route_handlers=reading, guards=[door.readers], tags=["incident"]),
        Router("/", route_handlers=[decide, answer, close], guards=[door.deciders], tags=["incident"]),
    ]


# --- parts ------------------------------------------------------------------------------------------------------------


def _board(deps: Hub) -> Board:
    """A copy of the outer tables: what is in them changes field by field, and is small enough to be read at once."""

    def copy(board: Board) -> Board:
        return Board(dict(board.incidents), dict(board.cuts), {name: list(ids) for name, ids in board.machines.items()})

    board: Board = deps.loop.look("board", copy)
    return board


def _incident(deps: Hub, name: str) -> Incident:
    found = _board(deps).incidents.get(name)
    if found is None:
        raise NotFoundException("there is no such incident")
    return found


def _check_goes_on(deps: Hub, name: str) -> None:
    found = _incident(deps, name)
    if found.state == "joined":
        raise ClientException(f"this incident is part of {found.into} by now: go on with that one", status_code=409)
    if found.state != "open":
        raise ClientException("this incident is closed already", status_code=409)


def _cut(deps: Hub, name: str) -> Cut:
    found = _board(deps).cuts.get(name)
    if found is None:
        raise NotFoundException("there is no such cut")
    return found


def _write(deps: Hub, caller: Who, payload: Payload) -> Written:
    who = f"person/{caller.login}"
    return Written.of(deps.loop.append([payload], who=who))


def _shown(entry: Entry) -> EntryShown:
    return EntryShown(**entry_data(entry))


def _note(words: str) -> Text:
    return Text(words[:LONGEST_NOTE].encode("utf-8", "surrogatepass"))


def _checkpoint(last: Checkpoint | None) -> dict[str, Any] | None:
    return None if last is None else {**asdict(last), "at": iso(last.at)}


def _machine(deps: Hub, machine: Machine, agent: Agent | None, cuts: dict[str, list[str]]) -> MachineState:
    on = [cut for name in (machine.id, *machine.addresses) for cut in cuts.get(name, ())]
    known: dict[str, Any] = {"agent": "expected" if machine.agent else "none"}
    if agent is not None:
        known = {
            "agent": agent.state,
            "asked": agent.asked,
            "mode": agent.mode,
            "last_seen": agent.last_seen,
            "clock_off": agent.clock_off,
            "coverage": data(agent.coverage),
            "orders": len(deps.orders.waiting(machine.id)),
        }
    return MachineState(
        machine.id, machine.name, machine.role, machine.segment, list(machine.addresses), cuts=on, **known
    )
