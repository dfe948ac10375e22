"""The API of the way back: points, gates, waves, credentials, the watch.

Comes in: requests of whoever is signed in. Goes out: how things stand, as `garde.recovery.judged` has it; decisions as
entries (`restart_acts.py`, which asks who may). Reasons come as English text, with the sentence and its values beside
it.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody, PathParameter

from garde.hub.api_shapes import Written
from garde.hub.guard import Door, Hub, Who
from garde.hub.restart_acts import RestartDesk
from garde.recovery import credentials, gates, order, over, restore, waves
from garde.recovery.reasons import Reason

Id = Annotated[str, PathParameter(max_length=200)]
_Name = Annotated[str, msgspec.Meta(max_length=200)]
_Note = Annotated[str, msgspec.Meta(max_length=1_000)]
_Wave = Annotated[list[_Name], msgspec.Meta(max_length=1_000)]


class WavesAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Which machines return together, in their order."""

    waves: Annotated[list[_Wave], msgspec.Meta(max_length=100)]


class PlanAsked(WavesAsked, forbid_unknown_fields=True):
    """The same, and for how long each is watched alone, then with listed flows only."""

    observe_s: float = 14_400.0
    listed_s: float = 3_600.0


class StepAsked(msgspec.Struct, forbid_unknown_fields=True):
    """What a server is to do: begin | again | open | back."""

    want: _Name


class AnswerSaid(msgspec.Struct, forbid_unknown_fields=True):
    """An answer to one item; `until` (wall seconds): an exception with its end."""

    item: _Name
    answer: _Name = "yes"
    until: float = 0.0
    note: _Note = ""


class SignAsked(msgspec.Struct, forbid_unknown_fields=True):
    """For whom: it | service."""

    side: _Name


class StoreAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Which store; none named: every one."""

    store: _Name = ""


class PointAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Which point, and whether to a scratch place or in place."""

    store: _Name
    point: _Name
    where: _Name = "scratch"


class RatingSaid(msgspec.Struct, forbid_unknown_fields=True):
    """How a server stands, and why."""

    status: _Name
    why: _Note


class HarmSaid(msgspec.Struct, forbid_unknown_fields=True):
    """When the first hostile write of an incident was, wall seconds."""

    incident: _Name
    at: float


class CredentialSaid(msgspec.Struct, forbid_unknown_fields=True):
    """Which credential was changed."""

    credential: _Name


class WatchAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Until when, wall seconds; 0: it is over."""

    until: float


# --- how things stand -------------------------------------------------------------------------------------------------


@get("/restart", sync_to_thread=True)
def restart(deps: Hub, caller: Who) -> dict[str, Any]:
    """The plan, every server with its stage and what keeps it, what is still open before it is over."""
    desk = RestartDesk(deps, caller)
    state, look, now = desk.state(), desk.look, desk.now()
    return {
        "plan": plainly(state.plan),
        "proposed": order.propose(look, state),
        "waves": plainly(waves.waves_of(state, look, now)),
        "ratings": plainly(state.ratings),
        "relapse": plainly(state.relapse),
        "since": state.since,
        "over": plainly(over.over(state, look, now)),
    }


@get("/restart/gates/{machine:str}", sync_to_thread=True)
def gate(deps: Hub, caller: Who, machine: Id) -> dict[str, Any]:
    """The thirteen items of one server, its exceptions and signatures."""
    desk = RestartDesk(deps, caller)
    found: dict[str, Any] = plainly(gates.gate_of(desk.state(), desk.look, desk.known(machine), desk.now()))
    return found


@get("/restart/points", sync_to_thread=True)
def points(deps: Hub, caller: Who, machine: FromQuery[str] = "") -> list[dict[str, Any]]:
    """Restore points as they were judged, the newest first; of one machine's data, where it is named."""
    desk = RestartDesk(deps, caller)
    found: list[dict[str, Any]] = plainly(restore.points_of(desk.state(), desk.look, machine))
    return found


@get("/restart/stores", sync_to_thread=True)
def stores(deps: Hub, caller: Who) -> list[dict[str, Any]]:
    """Stores of restore points and their retention."""
    desk = RestartDesk(deps, caller)
    found: list[dict[str, Any]] = plainly(restore.stores_of(desk.state(), desk.look))
    return found


@get("/restart/credentials", sync_to_thread=True)
def credential_list(deps: Hub, caller: Who) -> list[dict[str, Any]]:
    """What is to be changed before servers return, and how far it is."""
    desk = RestartDesk(deps, caller)
    made = credentials.list_of(desk.state(), desk.look, desk.now())
    return [plainly(each) | {"left": each.left} for each in made]


@post("/restart/warnings", status_code=200, sync_to_thread=True)
def warnings(deps: Hub, caller: Who, data: JSONBody[WavesAsked]) -> list[dict[str, Any]]:
    """What the graph says against an order; nothing is written."""
    found: list[dict[str, Any]] = plainly(RestartDesk(deps, caller).warnings(data.waves))
    return found


# --- decisions --------------------------------------------------------------------------------------------------------


@post("/restart/plan", sync_to_thread=True)
def plan(deps: Hub, caller: Who, data: JSONBody[PlanAsked]) -> Written:
    """Decide which machines return together, and in which order."""
    return Written.of(RestartDesk(deps, caller).plan(data.waves, data.observe_s, data.listed_s))


@post("/restart/machines/{machine:str}/step", sync_to_thread=True)
def step(deps: Hub, caller: Who, machine: Id, data: JSONBody[StepAsked]) -> Written:
    """Have a server begin its way back, open it fully, cut it again, or begin anew."""
    return Written.of(RestartDesk(deps, caller).step(machine, data.want))


@post("/restart/machines/{machine:str}/answer", sync_to_thread=True)
def answer(deps: Hub, caller: Who, machine: Id, data: JSONBody[AnswerSaid]) -> Written:
    """Answer one item of the gate, or except it until a time."""
    return Written.of(RestartDesk(deps, caller).answer(machine, data.item, data.answer, data.until, data.note))


@post("/restart/machines/{machine:str}/sign", sync_to_thread=True)
def sign(deps: Hub, caller: Who, machine: Id, data: JSONBody[SignAsked]) -> Written:
    """Sign for IT or for the service."""
    return Written.of(RestartDesk(deps, caller).sign(machine, data.side))


@post("/restart/machines/{machine:str}/rate", sync_to_thread=True)
def rate(deps: Hub, caller: Who, machine: Id, data: JSONBody[RatingSaid]) -> Written:
    """Say how a server stands."""
    return Written.of(RestartDesk(deps, caller).rate(machine, data.status, data.why))


@post("/restart/machines/{machine:str}/judge", sync_to_thread=True)
def judge(deps: Hub, caller: Who, machine: Id, data: JSONBody[StoreAsked]) -> Written:
    """Have the restore points of a machine's data judged."""
    return Written.of(RestartDesk(deps, caller).judge(machine, data.store))


@post("/restart/machines/{machine:str}/point", sync_to_thread=True)
def point(deps: Hub, caller: Who, machine: Id, data: JSONBody[PointAsked]) -> Written:
    """Choose the point that a machine's data come from."""
    return Written.of(RestartDesk(deps, caller).choose(machine, data.store, data.point, data.where))


@post("/restart/machines/{machine:str}/thaw", sync_to_thread=True)
def thaw(deps: Hub, caller: Who, machine: Id, data: JSONBody[StoreAsked]) -> Written:
    """Let retention go on in the stores that lie on this machine."""
    return Written.of(RestartDesk(deps, caller).thaw(machine, data.store))


@post("/restart/machines/{machine:str}/baseline", sync_to_thread=True)
def baseline(deps: Hub, caller: Who, machine: Id) -> Written:
    """Say that a machine is sound now, so that what it looks like is written down."""
    return Written.of(RestartDesk(deps, caller).baseline(machine))


@post("/restart/harm", sync_to_thread=True)
def harm(deps: Hub, caller: Who, data: JSONBody[HarmSaid]) -> Written:
    """Say when the first hostile write was."""
    return Written.of(RestartDesk(deps, caller).harm(data.incident, data.at))


@post("/restart/credentials", sync_to_thread=True)
def credential(deps: Hub, caller: Who, data: JSONBody[CredentialSaid]) -> Written:
    """Say that a credential was changed, once."""
    return Written.of(RestartDesk(deps, caller).credential(data.credential))


@post("/restart/watch", sync_to_thread=True)
def watch(deps: Hub, caller: Who, data: JSONBody[WatchAsked]) -> Written:
    """Say until when the watch stays reinforced."""
    return Written.of(RestartDesk(deps, caller).watch(data.until))


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of. Who may decide is for `garde.recovery.may`, not for the door."""
    reading = [restart, gate, points, stores, credential_list, warnings]
    deciding = [plan, step, answer, sign, rate, judge, point, thaw, baseline, harm, credential, watch]
    return [
        Router("/", route_handlers=reading, guards=[door.readers], tags=["restart"]),
        Router("/", route_handlers=deciding, guards=[door.everybody], tags=["restart"]),
    ]


# --- parts ------------------------------------------------------------------------------------------------------------


def plainly(value: Any) -> Any:
    """Return a result as what JSON has, with each reason's English text beside its sentence and values."""
    if isinstance(value, Reason):
        return {"text": value.text(), "sentence": value.sentence, "values": dict(value.values)}
    if isinstance(value, (list, tuple)):
        return [plainly(each) for each in value]
    if isinstance(value, dict):
        return {key: plainly(each) for key, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {name: plainly(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
