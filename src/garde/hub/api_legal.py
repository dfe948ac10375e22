"""The API of what the law asks: clocks, drafts, signatures, submissions, the ransom decision.

Comes in: requests of whoever is signed in. Goes out: how things stand, as `garde.legal.rows` has it; drafts as PDF, as
the JSON whose SHA-256 is signed, as text that can be edited; decisions as entries (`legal_acts.py`, which asks who
may).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromQuery, JSONBody, PathParameter

from garde.errors import UsageError
from garde.hub.api_shapes import Written
from garde.hub.guard import Door, Hub, Who
from garde.hub.legal_acts import LegalDesk, newest
from garde.hub.legal_paper import LegalPapers
from garde.legal import rows
from garde.legal.forms import LANGUAGES, forms
from garde.paper import typeset

Id = Annotated[str, PathParameter(max_length=200)]
_Name = Annotated[str, msgspec.Meta(max_length=200)]
_Note = Annotated[str, msgspec.Meta(max_length=1_000)]
_Long = Annotated[str, msgspec.Meta(max_length=200_000)]
_AS: Final = {"pdf": "application/pdf", "json": "application/json", "text": "text/plain; charset=utf-8"}


class ClocksAsked(msgspec.Struct, forbid_unknown_fields=True):
    """A hospital's own clocks as TOML; empty: those that come with Garde alone."""

    content: _Long
    source: _Name = ""


class AwareSays(msgspec.Struct, forbid_unknown_fields=True):
    """Since when, wall seconds, and of what; no incident: the newest."""

    event: _Name
    since: float
    note: _Note = ""
    incident: _Name = ""


class AppliesSays(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a duty applies: yes | no | open; without an incident: for every one."""

    clock: _Name
    applies: _Name
    why: _Note
    incident: _Name = ""


class DraftAsked(msgspec.Struct, forbid_unknown_fields=True):
    """Which form, in which language; no incident: the newest."""

    form: _Name
    language: _Name = "en"
    incident: _Name = ""


class FieldsSaid(msgspec.Struct, forbid_unknown_fields=True):
    """One field in a person's words, or the whole draft as edited text."""

    name: _Name = ""
    value: _Long = ""
    text: _Long = ""


class SignatureSaid(msgspec.Struct, forbid_unknown_fields=True):
    """Exactly which version, as it was shown."""

    version: int
    sha256: _Name


class SubmissionMade(msgspec.Struct, forbid_unknown_fields=True):
    """Which signed version was handed in, when (wall seconds), by which channel."""

    version: int
    at: float
    channel: _Name
    reference: _Note = ""


class RansomSays(msgspec.Struct, forbid_unknown_fields=True):
    """Whether it is paid, and why; without words, and not paid: the default text."""

    paid: bool = False
    why: _Note = ""
    incident: _Name = ""


# --- how things stand -------------------------------------------------------------------------------------------------


@get("/legal/clocks", sync_to_thread=True)
def clocks(deps: Hub, caller: Who, incident: FromQuery[str] = "", language: FromQuery[str] = "en") -> dict[str, Any]:
    """Every clock of an incident (the newest where none is named), and what nobody has said yet."""
    desk = LegalDesk(deps, caller)
    state = desk.state()
    found = state.incident(incident) if incident else newest(state)
    shown = rows.clock_rows(state, found, desk.now(), _known(language)) if found is not None else []
    return {
        "incident": found.id if found is not None else "",
        "unsaid": rows.unsaid(state, found) if found is not None else [],
        "clocks": [asdict(each) for each in shown],
    }


@get("/legal/drafts", sync_to_thread=True)
def drafts(deps: Hub, caller: Who, incident: FromQuery[str] = "") -> list[dict[str, Any]]:
    """Every draft in short, newest first."""
    return [asdict(each) for each in rows.draft_rows(LegalDesk(deps, caller).state(), incident)]


@get("/legal/forms", sync_to_thread=True)
def form_list(language: FromQuery[str] = "en") -> list[dict[str, Any]]:
    """The forms, their fields, and what their sources do not confirm."""
    return [_form(each.id, _known(language)) for each in forms().values()]


def _form(name: str, language: str) -> dict[str, Any]:
    form = forms()[name]
    return {
        "form": form.id, "recipient": form.recipient, "title": form.title[language], "basis": form.basis[language],
        "confirmed": form.confirmed, "warning": form.warning.get(language, ""), "note": form.note.get(language, ""),
        "fields": [{"name": each.id, "label": each.label[language], "confirmed": each.confirmed}
                   for each in form.fields],
    }  # fmt: skip


@get("/legal/drafts/{draft:str}", sync_to_thread=True)
def draft_page(deps: Hub, caller: Who, draft: Id) -> dict[str, Any]:
    """One draft in full: each field with where it comes from."""
    desk = LegalDesk(deps, caller)
    return asdict(rows.draft_page(_papers(desk).find(draft)))


@get("/legal/drafts/{draft:str}/{form:str}", sync_to_thread=True)
def draft_as(deps: Hub, caller: Who, draft: Id, form: Id) -> Response[bytes]:
    """One draft as `pdf`, as the `json` whose SHA-256 is signed, or as `text` that can be edited."""
    papers = _papers(LegalDesk(deps, caller))
    if form not in _AS:
        raise UsageError(f"a draft is handed out as {', '.join(_AS)}")
    if form == "pdf":
        return Response(typeset(papers.draft(draft)).pdf, media_type=_AS[form])
    raw = papers.json(draft) if form == "json" else papers.text(draft).encode()
    return Response(raw, media_type=_AS[form])


def _papers(desk: LegalDesk) -> LegalPapers:
    return LegalPapers(desk.state(), desk.look, desk.now())


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"


# --- what people say --------------------------------------------------------------------------------------------------


@post("/legal/clocks", sync_to_thread=True)
def load(deps: Hub, caller: Who, data: JSONBody[ClocksAsked]) -> Written:
    """Take a hospital's own clocks."""
    return Written.of(LegalDesk(deps, caller).load(data.content, data.source))


@post("/legal/aware", sync_to_thread=True)
def aware(deps: Hub, caller: Who, data: JSONBody[AwareSays]) -> Written:
    """Say since when the hospital is aware: clocks start from it."""
    return Written.of(LegalDesk(deps, caller).aware(data.incident, data.event, data.since, data.note))


@post("/legal/applies", sync_to_thread=True)
def applies(deps: Hub, caller: Who, data: JSONBody[AppliesSays]) -> Written:
    """Say whether a duty applies, and why."""
    return Written.of(LegalDesk(deps, caller).applies(data.clock, data.applies, data.why, data.incident))


@post("/legal/drafts", sync_to_thread=True)
def draft(deps: Hub, caller: Who, data: JSONBody[DraftAsked]) -> Written:
    """Have a draft filled, or filled again; after a submission: its amendment."""
    return Written.of(LegalDesk(deps, caller).draft(data.incident, data.form, data.language))


@post("/legal/drafts/{draft:str}/edit", sync_to_thread=True)
def edit(deps: Hub, caller: Who, draft: Id, data: JSONBody[FieldsSaid]) -> Written:
    """Write one field in one's own words, or take back a draft that was edited as text."""
    desk = LegalDesk(deps, caller)
    if data.text:
        return Written.of(desk.edit_text(draft, data.text))
    return Written.of(desk.edit(draft, data.name, data.value))


@post("/legal/drafts/{draft:str}/sign", sync_to_thread=True)
def sign(deps: Hub, caller: Who, draft: Id, data: JSONBody[SignatureSaid]) -> Written:
    """Sign exactly this version."""
    return Written.of(LegalDesk(deps, caller).sign(draft, data.version, data.sha256))


@post("/legal/drafts/{draft:str}/submit", sync_to_thread=True)
def submit(deps: Hub, caller: Who, draft: Id, data: JSONBody[SubmissionMade]) -> Written:
    """Say that a signed version was handed in."""
    return Written.of(LegalDesk(deps, caller).submit(draft, data.version, data.at, data.channel, data.reference))


@post("/legal/ransom", sync_to_thread=True)
def ransom(deps: Hub, caller: Who, data: JSONBody[RansomSays]) -> Written:
    """Say what was decided about the ransom."""
    return Written.of(LegalDesk(deps, caller).ransom(data.incident, data.paid, data.why))


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of. Who may decide is for `garde.legal.may`, not for the door."""
    reading = [clocks, drafts, form_list, draft_page, draft_as]
    deciding = [load, aware, applies, draft, edit, sign, submit, ransom]
    return [
        Router("/", route_handlers=reading, guards=[door.readers], tags=["legal"]),
        Router("/", route_handlers=deciding, guards=[door.everybody], tags=["legal"]),
    ]
