"""The API of the evidence: what is kept, what a person adds, bundles.

Comes in: requests of whoever is signed in. Goes out: the evidence as plain data; decisions as entries
(`evidence_acts.py`, which asks who may). The bytes themselves leave by a bundle only.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody

from garde.hub.api_restart import plainly
from garde.hub.api_shapes import Written
from garde.hub.evidence_acts import EvidenceDesk
from garde.hub.guard import Door, Hub, Who

_Name = Annotated[str, msgspec.Meta(max_length=200)]
_Note = Annotated[str, msgspec.Meta(max_length=1_000)]


class BundleAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Of which incident (none named: the newest), in which language."""

    incident: _Name = ""
    language: _Name = "en"


class ItemSaid(msgspec.Struct, forbid_unknown_fields=True):
    """Something that is evidence."""

    item: _Name
    sort: _Name
    name: _Note
    place: _Note = ""
    sha256: _Name = ""
    note: _Note = ""


@get("/evidence", sync_to_thread=True)
def evidence(deps: Hub, caller: Who, incident: FromQuery[str] = "") -> list[dict[str, Any]]:
    """Every item of an incident: who took it, when, where it is, each time it changed hands."""
    return EvidenceDesk(deps, caller).items(incident)


@get("/evidence/bundles", sync_to_thread=True)
def bundles(deps: Hub, caller: Who, incident: FromQuery[str] = "") -> list[dict[str, Any]]:
    """The bundles that were made."""
    desk = EvidenceDesk(deps, caller)
    state = desk.state()
    found: list[dict[str, Any]] = plainly(desk.case(state, incident).bundles)
    return found


@post("/evidence/bundles", sync_to_thread=True)
def bundle(deps: Hub, caller: Who, data: JSONBody[BundleAsked]) -> Written:
    """Have everything put into one bundle that anybody can check."""
    return Written.of(EvidenceDesk(deps, caller).export(data.incident, data.language))


@post("/evidence", sync_to_thread=True)
def refer(deps: Hub, caller: Who, data: JSONBody[ItemSaid]) -> Written:
    """Say that something is evidence."""
    said = msgspec.structs.asdict(data)
    return Written.of(EvidenceDesk(deps, caller).refer(said.pop("item"), said.pop("sort"), **said))


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of. Who may decide is for `garde.forensics.may`, not for the door."""
    return [
        Router("/", route_handlers=[evidence, bundles], guards=[door.readers], tags=["evidence"]),
        Router("/", route_handlers=[bundle, refer], guards=[door.everybody], tags=["evidence"]),
    ]
