"""The API of warning the neighbours: what waits for a person's eyes, what was released, who was told.

Comes in: requests of whoever is signed in. Goes out: how things stand; decisions as entries (`share_acts.py`, which
asks who may); forms of a warning as they are. The difference that the guard made shows what must not leave: it is for
those who may read the record in full.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromQuery, JSONBody, PathParameter

from garde.hub.api_shapes import Written
from garde.hub.guard import Door, Hub, Who
from garde.hub.present import data as plainly
from garde.hub.present import entry_data
from garde.hub.share_acts import ShareDesk
from garde.hub.warning_files import media_of
from garde.sharing.out import guard, ways

Id = Annotated[str, PathParameter(max_length=200)]
_Name = Annotated[str, msgspec.Meta(max_length=200)]
_Names = Annotated[list[_Name], msgspec.Meta(max_length=1_000)]
_Note = Annotated[str, msgspec.Meta(max_length=1_000)]


class DrawAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Of which incident, and for whose eyes: clear | green | amber | amber+strict | red."""

    incident: _Name
    tlp: _Name = "amber"


class ApproveAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Exactly what is released: the version, and the SHA-256 of its STIX bundle."""

    version: int
    sha256: _Name


class SendAsked(msgspec.Struct, forbid_unknown_fields=True):
    """To whom (nobody named: to all), on which channel ("": whichever works); version 0: the newest one drawn."""

    version: int = 0
    neighbours: _Names = []
    channel: _Name = ""


class ToldSaid(msgspec.Struct, forbid_unknown_fields=True):
    """A neighbour was told by hand, or has understood; `name`: who spoke there."""

    neighbour: _Name
    channel: _Name = ways.PHONE
    confirmed: bool = True
    name: _Note = ""


class KeyAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Whose token; `drop`: withdraw it."""

    neighbour: _Name
    drop: bool = False


# --- how things stand -------------------------------------------------------------------------------------------------


@get("/sharing", sync_to_thread=True)
def sharing(deps: Hub, caller: Who) -> dict[str, Any]:
    """Every version of every warning, what was sent, who was told, and how each neighbour can be reached now."""
    desk = ShareDesk(deps, caller)
    out = desk.state().out
    neighbours = [
        {"id": each.id, "name": each.name, "ways": list(ways.ways_to(out, each)), "token": each.id in out.keys}
        for each in desk.look.estate.neighbours
    ]
    found = {name: plainly(getattr(out, name)) for name in ("versions", "told")}
    return found | {"sent": [plainly(each) for each in out.sent.values()], "neighbours": neighbours}


@get("/sharing/warnings/{warning:str}/changes", sync_to_thread=True)
def changes(deps: Hub, caller: Who, warning: Id, version: FromQuery[int] = 0) -> list[dict[str, Any]]:
    """What the guard looked at: each part before and after, with the reason."""
    return list(guard.shown(ShareDesk(deps, caller).changes(warning, version)))


@get("/sharing/warnings/{warning:str}/forms", sync_to_thread=True)
def forms(deps: Hub, caller: Who, warning: Id, version: FromQuery[int] = 0) -> list[str]:
    """The names of a version's forms."""
    return list(ShareDesk(deps, caller).forms(warning, version))


@get("/sharing/warnings/{warning:str}/forms/{name:str}", sync_to_thread=True)
def form(deps: Hub, caller: Who, warning: Id, name: Id, version: FromQuery[int] = 0) -> Response[bytes]:
    """One form as it is."""
    raw = ShareDesk(deps, caller).form(warning, name, version)
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(raw, media_type=media_of(name), headers=policy)


# --- decisions --------------------------------------------------------------------------------------------------------


@post("/sharing/draw", sync_to_thread=True)
def draw(deps: Hub, caller: Who, data: JSONBody[DrawAsked]) -> Written:
    """Have a warning drawn of what is known by now."""
    return Written.of(ShareDesk(deps, caller).draw(data.incident, data.tlp))


@post("/sharing/warnings/{warning:str}/approve", sync_to_thread=True)
def approve(deps: Hub, caller: Who, warning: Id, data: JSONBody[ApproveAsked]) -> Written:
    """Release exactly this version."""
    return Written.of(ShareDesk(deps, caller).approve(warning, data.version, data.sha256))


@post("/sharing/warnings/{warning:str}/send", sync_to_thread=True)
def send(deps: Hub, caller: Who, warning: Id, data: JSONBody[SendAsked]) -> Written:
    """Send an approved version."""
    return Written.of(ShareDesk(deps, caller).send(warning, data.version, data.neighbours, data.channel))


@post("/sharing/warnings/{warning:str}/told", sync_to_thread=True)
def told(deps: Hub, caller: Who, warning: Id, data: JSONBody[ToldSaid]) -> Written:
    """Write down that a neighbour was told by hand, or has understood."""
    desk = ShareDesk(deps, caller)
    return Written.of(desk.told(warning, data.neighbour, data.channel, confirmed=data.confirmed, name=data.name))


@post("/sharing/keys", sync_to_thread=True)
def key(deps: Hub, caller: Who, data: JSONBody[KeyAsked]) -> dict[str, Any]:
    """Give a neighbour a token with which it reads what is approved (shown this once), or withdraw it."""
    desk = ShareDesk(deps, caller)
    if data.drop:
        return {"token": "", "entries": [entry_data(each) for each in desk.drop_key(data.neighbour)]}
    token, entries = desk.make_key(data.neighbour)
    return {"token": token, "entries": [entry_data(each) for each in entries]}


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of. Who may decide is for `garde.sharing.may`, not for the door."""
    reading = [sharing, changes, forms, form]
    deciding = [draw, approve, send, told, key]
    return [
        Router("/", route_handlers=reading, guards=[door.readers], tags=["sharing"]),
        Router("/", route_handlers=deciding, guards=[door.everybody], tags=["sharing"]),
    ]
