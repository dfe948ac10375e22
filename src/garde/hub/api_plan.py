"""The API of the emergency plan, the diversion, the services and the situation reports.

Comes in: requests of whoever is signed in; the plan in force says who may decide what. Goes out: how things stand, as
data; decisions as entries (`plan_acts.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, JSONBody, PathParameter

from garde.emergency import board as boards
from garde.emergency import report as reports
from garde.emergency import standdown
from garde.emergency.memory import State
from garde.emergency.nouns import Plan
from garde.emergency.page import static_page
from garde.emergency.sheets import board_sheet, report_sheet
from garde.emergency.words import EMERGENCY_LOCALE, Voice
from garde.hub.api_shapes import (
    CriterionSays,
    DivertTo,
    FlagTo,
    HoldUntil,
    LoadPlan,
    Name,
    Note,
    ServiceSays,
    StandDown,
    TaskAsked,
    TaskSays,
    ToldOf,
    Trigger,
    Written,
)
from garde.hub.deps import Caller, Deps
from garde.hub.guard import Door, Hub, Who
from garde.hub.plan_acts import Desk
from garde.hub.present import data
from garde.hub.rights import Right
from garde.journal.plan_kinds import ReportMade
from garde.journal.speech import LANGUAGES, say_in
from garde.paper import Document, typeset

Id = Annotated[str, PathParameter(max_length=200)]
Lang = FromQuery[str]
_PDF = "application/pdf"


# --- how things stand -------------------------------------------------------------------------------------------------


@get("/plan", sync_to_thread=True)
def plan(deps: Hub, caller: Who) -> dict[str, Any]:
    """The plan in force or ready, what is proposed, tasks, criteria, flags and reports."""
    state, now = Desk(deps, caller).state(), deps.clock.now()
    return {
        "plan": state.plan.id if state.plan else "",
        "sha256": state.digest,
        "phases": [each.id for each in state.plan.phases] if state.plan else [],
        "activation": data(state.activation),
        "proposals": [data(each) for each in state.proposals.values()],
        "criteria": [
            {
                "id": each.criterion.id,
                "check": each.criterion.check,
                "met": each.met,
                "open": list(each.open),
                "until": each.until,
            }
            for each in standdown.judge(state, deps.estate(), now)
        ],
        "flags": data(state.flags),
        "reports": [data(each) for each in state.reports],
    }


@get("/plan/document", sync_to_thread=True)
def document(deps: Hub, caller: Who) -> dict[str, Any]:
    """The plan itself, as it was loaded; who holds a role is for those who may read the record."""
    found: Plan | None = deps.loop.look("emergency", lambda state: state.plan)  # frozen
    if found is not None and not caller.may(Right.READ):
        found = replace(found, roles=tuple(replace(each, people=()) for each in found.roles))
    return data(found) if found else {}


@get("/diversion", sync_to_thread=True)
def diversion(deps: Hub, caller: Who) -> list[dict[str, Any]]:
    """Every way in of which something was decided."""
    return [data(each) for each in Desk(deps, caller).state().diversions.values()]


@get("/services", sync_to_thread=True)
def services(deps: Hub, caller: Who, lang: Lang = "en") -> dict[str, Any]:
    """The clinical service board."""
    found: dict[str, Any] = boards.as_data(_boards(deps, caller, lang)[0])
    return found


@get("/services/board.pdf", sync_to_thread=True)
def services_pdf(deps: Hub, caller: Who, lang: Lang = "en") -> Response[bytes]:
    """The board as one page of A4."""
    return _pdf(board_sheet(_boards(deps, caller, lang)[0]))


@get("/services/page.html", sync_to_thread=True)
def services_page(deps: Hub, caller: Who) -> Response[str]:
    """The board as one public page, every language of the hospital."""
    spoken = [each for each in deps.estate().estate.languages if each in LANGUAGES] or ["en"]
    return Response(static_page(_boards(deps, caller, *spoken)), media_type="text/html; charset=utf-8")


@get("/reports/{number:str}", sync_to_thread=True)
def report(deps: Hub, number: Id, lang: Lang = "en") -> dict[str, Any]:
    """One situation report, as it was made."""
    found: dict[str, Any] = data(report_of(deps, number, lang))
    return found


@get("/reports/{number:str}/pdf", sync_to_thread=True)
def report_pdf(deps: Hub, number: Id, lang: Lang = "en") -> Response[bytes]:
    """One situation report as a page of A4."""
    return _pdf(report_sheet(report_of(deps, number, lang)))


# --- decisions --------------------------------------------------------------------------------------------------------


@post("/plan/load", sync_to_thread=True)
def load(deps: Hub, caller: Who, data: JSONBody[LoadPlan]) -> Written:
    """Take another plan: the name of one that comes with Garde, or the text of a file."""
    return Written.of(Desk(deps, caller).load(data.content, data.source))


@post("/plan/trigger", sync_to_thread=True)
def trigger(deps: Hub, caller: Who, data: JSONBody[Trigger]) -> Written:
    """Trigger the plan, or take it to another phase."""
    return Written.of(Desk(deps, caller).trigger(data.phase, data.note))


@post("/plan/reject", sync_to_thread=True)
def reject(deps: Hub, caller: Who, data: JSONBody[Note]) -> Written:
    """Say no to what is proposed."""
    return Written.of(Desk(deps, caller).reject(data.note))


@post("/plan/hold", sync_to_thread=True)
def hold(deps: Hub, caller: Who, data: JSONBody[HoldUntil]) -> Written:
    """Keep the plan until a set time (wall seconds)."""
    return Written.of(Desk(deps, caller).hold(data.until, data.note))


@post("/plan/criteria/{criterion:str}", sync_to_thread=True)
def criterion(deps: Hub, caller: Who, criterion: Id, data: JSONBody[CriterionSays]) -> Written:
    """Say that a condition for standing down is met, or not any more."""
    return Written.of(Desk(deps, caller).criterion(criterion, data.met, data.note))


@post("/plan/stand-down", sync_to_thread=True)
def stand_down(deps: Hub, caller: Who, data: JSONBody[StandDown]) -> Written:
    """Lift the plan."""
    return Written.of(Desk(deps, caller).stand_down(data.note, data.accept))


@post("/plan/tasks", sync_to_thread=True)
def give_task(deps: Hub, caller: Who, data: JSONBody[TaskAsked]) -> Written:
    """Give a task that is not in the plan."""
    return Written.of(Desk(deps, caller).give(data.title, data.owner, data.seconds))


@post("/plan/tasks/{task:str}", sync_to_thread=True)
def task(deps: Hub, caller: Who, task: Id, data: JSONBody[TaskSays]) -> Written:
    """Take a task (`take`), say that it is done (`done`), or strike it off (`strike`)."""
    return Written.of(Desk(deps, caller).task(task, data.what, data.note))


@post("/diversion/{path:str}", sync_to_thread=True)
def divert(deps: Hub, caller: Who, path: Id, data: JSONBody[DivertTo]) -> Written:
    """Open, limit or divert a way in."""
    return Written.of(Desk(deps, caller).divert(path, data.state, data.reason, data.review_s))


@post("/diversion/{path:str}/told", sync_to_thread=True)
def told(deps: Hub, caller: Who, path: Id, data: JSONBody[ToldOf]) -> Written:
    """Say that a recipient was told."""
    return Written.of(Desk(deps, caller).told(path, data.recipient, data.how))


@post("/diversion/{path:str}/understood", sync_to_thread=True)
def understood(deps: Hub, caller: Who, path: Id, data: JSONBody[Name]) -> Written:
    """Say that a recipient has understood, and who spoke there."""
    return Written.of(Desk(deps, caller).understood(path, data.recipient, data.name))


@post("/services/{service:str}", sync_to_thread=True)
def service(deps: Hub, caller: Who, service: Id, data: JSONBody[ServiceSays]) -> Written:
    """Say how a service stands, for so many seconds; an empty state takes that back."""
    return Written.of(Desk(deps, caller).service(service, data.state, data.why, data.seconds))


@post("/flags/{flag:str}", sync_to_thread=True)
def flag(deps: Hub, caller: Who, flag: Id, data: JSONBody[FlagTo]) -> Written:
    """End one of the four flags, or begin it again."""
    return Written.of(Desk(deps, caller).flag(flag, data.state, data.note))


@post("/reports", sync_to_thread=True)
def make_report(deps: Hub, caller: Who) -> Written:
    """Have a situation report made; `report_made` tells when it is there."""
    return Written.of(Desk(deps, caller).report())


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of. Who may decide is the plan's business, not the door's."""
    reading = [plan, document, diversion, services, services_pdf, services_page]
    deciding = [
        load, trigger, reject, hold, criterion, stand_down, give_task, task, divert, told, understood, service, flag,
        make_report,
    ]  # fmt: skip
    return [
        Router("/", route_handlers=[*reading, *deciding], guards=[door.everybody], tags=["plan"]),
        Router("/", route_handlers=[report, report_pdf], guards=[door.readers], tags=["plan"]),
    ]


# --- parts ------------------------------------------------------------------------------------------------------------


def voice_of(deps: Deps, state: State, language: str) -> Voice:
    """Return the speaker of the plan's words."""
    return Voice(say_in(language, EMERGENCY_LOCALE), deps.estate(), state.plan)


def report_of(deps: Deps, number: str, language: str) -> reports.Report:
    """Return a report from its own entry, by its number as it stands in an address; raises NotFoundException."""

    def find(state: State) -> int:
        return next((each.seq for each in state.reports if str(each.number) == number), 0)

    seq = deps.loop.look("emergency", find)
    entry = next(deps.loop.journal.entries(after=seq - 1, kinds=("report_made",)), None) if seq else None
    made = entry.payload if entry is not None else None
    if not isinstance(made, ReportMade) or made.content.value is None:
        raise NotFoundException("there is no such report, or its words were erased")
    found = reports.decode(made.content.value)
    return found.get(language) or next(iter(found.values()))


def _boards(deps: Deps, caller: Caller, *languages: str) -> list[boards.Board]:
    """Return the board in each language, all of one moment."""
    state, now = Desk(deps, caller).state(), deps.clock.now()
    return [boards.make_board(state, voice_of(deps, state, each), now) for each in languages]


def _pdf(wanted: Document) -> Response[bytes]:
    return Response(typeset(wanted).pdf, media_type=_PDF)
