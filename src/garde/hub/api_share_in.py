"""The API of what neighbours send: taking it, letting it count no more, the agents' watch, precautions.

Comes in: requests of whoever is signed in; a bundle as the raw body of a request. Goes out: how things stand; decisions
as entries (`share_in.py`, which asks who may). A bundle goes to the disk piece by piece, and nobody reads it here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Router, get, post
from litestar.params import FromQuery, JSONBody, PathParameter

from garde.errors import UsageError
from garde.hub.api_shapes import Written
from garde.hub.guard import Door, Hub, Who
from garde.hub.present import data as plainly
from garde.hub.share_in import InDesk
from garde.hub.watch_lists import RAW_MOST

Id = Annotated[str, PathParameter(max_length=200)]
_Name = Annotated[str, msgspec.Meta(max_length=200)]
_Note = Annotated[str, msgspec.Meta(max_length=1_000)]
_EMPTY: Final = "an empty file is no bundle"


class PollAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Which neighbour of neighbours.toml."""

    neighbour: _Name


class PrecautionSaid(msgspec.Struct, forbid_unknown_fields=True):
    """healthy (let go) | ready | cut, and why."""

    state: _Name
    why: _Note = ""


@get("/sharing/in", sync_to_thread=True)
def coming(deps: Hub, caller: Who) -> dict[str, Any]:
    """What was taken, or could not be read; what counts; how each agent stands; what was seen here; what is offered."""
    state = InDesk(deps, caller).coming()
    counts = set(state.watched.of) if state.watched is not None else set()
    return {
        "taken": [plainly(each) | {"counts": each.sha256 in counts} for each in state.taken.values()],
        "unread": [plainly(each) for each in state.unread.values()],
        "watched": plainly(state.watched),
        "agents": {name: plainly(each) for name, each in state.agents.items()},
        "seen": [plainly(each) for each in state.seen],
        "precautions": [plainly(each) for each in state.precautions.values()],
    }


@post("/sharing/taken", request_max_body_size=RAW_MOST)
async def take(
    request: Request[Any, Any, Any], deps: Hub, caller: Who, source: FromQuery[str], form: FromQuery[str] = ""
) -> Written:
    """Take what a neighbour sent: the body is the bundle as it came."""
    desk = InDesk(deps, caller)
    desk.check_take()
    with desk.lists.scratch() as place:
        if not await _kept(request.stream(), place):
            raise UsageError(_EMPTY)
        return Written.of(await asyncio.to_thread(desk.take, place, source, form))


async def _kept(parts: AsyncIterator[bytes], place: Path) -> int:
    size = 0
    with place.open("wb") as file:
        async for each in parts:
            size += len(each)
            await asyncio.to_thread(file.write, each)
    return size


@post("/sharing/taken/{digest:str}/drop", sync_to_thread=True)
def drop(deps: Hub, caller: Who, digest: Id) -> Written:
    """Let what a neighbour sent count no more."""
    return Written.of(InDesk(deps, caller).drop(digest))


@post("/sharing/poll", sync_to_thread=True)
def poll(deps: Hub, caller: Who, data: JSONBody[PollAsked]) -> Written:
    """Fetch what a neighbour serves over TAXII, and take it."""
    return Written.of(InDesk(deps, caller).poll(data.neighbour))


@post("/sharing/precautions/{precaution:str}", sync_to_thread=True)
def decide(deps: Hub, caller: Who, precaution: Id, data: JSONBody[PrecautionSaid]) -> Written:
    """Decide a precaution."""
    return Written.of(InDesk(deps, caller).precaution(precaution, data.state, data.why))


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of. Who may decide is for `garde.sharing.may`, not for the door."""
    return [
        Router("/", route_handlers=[coming], guards=[door.readers], tags=["sharing"]),
        Router("/", route_handlers=[take, drop, poll, decide], guards=[door.everybody], tags=["sharing"]),
    ]
