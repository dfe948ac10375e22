"""The API of calling: how it stands, a code that was told to somebody, a test call, who stands in.

Comes in: requests whose caller the door has let in. Goes out: what `calls_desk.py` knows; entries. A code is the
person's own word: whoever is signed in may type one that was read to them; a yes or no only who may decide.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.params import JSONBody, PathParameter

from garde.hub.api_shapes import Written
from garde.hub.calls_desk import CallBoard, call_board, stand_in, take_back, test_call
from garde.hub.guard import Door, Hub, Who
from garde.hub.rights import Right
from garde.oncall.codes import ACK, NO, YES

MEANINGS = (ACK, YES, NO)
Id = Annotated[str, PathParameter(max_length=100)]


class CodeTyped(msgspec.Struct, forbid_unknown_fields=True):
    """A code, as it was read out."""

    code: str
    meaning: str = ACK


class StandIn(msgspec.Struct, forbid_unknown_fields=True):
    """Who is on duty instead."""

    role: str
    people: list[str]
    hours: float
    note: str = ""


@get("/calls", sync_to_thread=True)
def calls(deps: Hub) -> CallBoard:
    """Who was called when over what, who answered; channels; who is on duty."""
    return call_board(deps.loop, deps.clock.now())


@post("/calls/code", sync_to_thread=True)
def code(deps: Hub, caller: Who, data: JSONBody[CodeTyped]) -> Written:
    """Take a code that somebody read out: it acknowledges, or says yes or no, in that person's name."""
    if data.meaning not in MEANINGS:
        raise ClientException(f"a meaning is one of {', '.join(MEANINGS)}")
    if data.meaning != ACK and not caller.may(Right.DECIDE):
        raise PermissionDeniedException("your account can take note of a code, not of a yes or no")
    how = "phone" if caller.how == "token" else "code"
    return Written.of(deps.replies.give(data.code[:200], data.meaning, how, caller.login))


@post("/calls/test", sync_to_thread=True)
def ask_test(deps: Hub, caller: Who) -> Written:
    """Call whoever is on duty, over every channel, to see that it gets through."""
    return Written.of(test_call(deps.loop, deps.clock, caller.login))


@post("/calls/duty", sync_to_thread=True)
def duty(deps: Hub, caller: Who, data: JSONBody[StandIn]) -> Written:
    """Put somebody on duty instead of whoever the rota names."""
    return Written.of(
        stand_in(deps.loop, deps.clock, caller.login, role=data.role, people=data.people, hours=data.hours,
                 note=data.note)
    )  # fmt: skip


@post("/calls/duty/{duty:str}/drop", sync_to_thread=True)
def drop(deps: Hub, caller: Who, duty: Id) -> Written:
    """Take that back."""
    return Written.of(take_back(deps.loop, caller.login, duty))


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of."""
    return [
        Router("/", route_handlers=[calls, code], guards=[door.readers], tags=["calls"]),
        Router("/", route_handlers=[ask_test, duty, drop], guards=[door.deciders], tags=["calls"]),
    ]
