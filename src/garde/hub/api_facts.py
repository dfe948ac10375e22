"""The API of facts that go between the hub's half and the downtime half, by file.

Comes in: a card, a file, what data must be entered again. Goes out: a signed file, entries, what is known. Bytes
travel as base64. Whom to believe is for who keeps the hub; to take and to write, for who may decide.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import JSONBody

from garde.errors import UsageError
from garde.hub.api_shapes import Written
from garde.hub.facts import Facts, own_key, state_of
from garde.hub.guard import Door, Hub, Who
from garde.hub.present import data as plainly
from garde.trust.facts import HUB, MOST_BYTES, MOST_FACTS, write_card
from garde.trust.keys import fingerprint

Bytes = Annotated[str, msgspec.Meta(max_length=2 * MOST_BYTES)]


class CardShown(msgspec.Struct, forbid_unknown_fields=True):
    """A desk's card, and the fingerprint that its own screen shows."""

    card: Bytes
    fingerprint: Annotated[str, msgspec.Meta(max_length=100)]


class FileBrought(msgspec.Struct, forbid_unknown_fields=True):
    """A desk's file."""

    file: Bytes


class FileAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Which data must be entered again: service or machine -> after this time (wall seconds); 0: taken back."""

    reenter: dict[str, float] = {}


@get("/facts", sync_to_thread=True)
def facts(deps: Hub) -> dict[str, Any]:
    """The hub's own card; whom it believes, what was heard, and what must be entered again."""
    key = own_key(deps)
    found: dict[str, Any] = plainly(state_of(deps))
    card = {"card": base64.b64encode(write_card(key, HUB)).decode(), "fingerprint": fingerprint(key.public.hex)}
    return found | card


@post("/facts/trust", sync_to_thread=True)
def trust(deps: Hub, caller: Who, data: JSONBody[CardShown]) -> Written:
    """Believe the downtime desk of this card, and no other."""
    return Written.of(Facts(deps, caller).trust(_bytes(data.card), data.fingerprint))


@post("/facts/take", sync_to_thread=True)
def take(deps: Hub, caller: Who, data: JSONBody[FileBrought]) -> Written:
    """Take a desk's file."""
    return Written.of(Facts(deps, caller).take(_bytes(data.file)))


@post("/facts/write", sync_to_thread=True)
def write(deps: Hub, caller: Who, data: JSONBody[FileAsked]) -> dict[str, Any]:
    """Sign a file for the desk."""
    if len(data.reenter) > MOST_FACTS:
        raise UsageError(f"more than {MOST_FACTS} at once")
    told = Facts(deps, caller).write(data.reenter)
    return {"file": base64.b64encode(told.raw).decode(), "counter": told.counter, "facts": plainly(told.facts)}


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of."""
    return [
        Router("/", route_handlers=[facts], guards=[door.readers], tags=["facts"]),
        Router("/", route_handlers=[take, write], guards=[door.deciders], tags=["facts"]),
        Router("/", route_handlers=[trust], guards=[door.admins], tags=["facts"]),
    ]


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError("the file is not written in base64") from error
