"""The emergency plan: its phase, its tasks, what keeps it from being lifted; the situation reports.

Comes in: a visit, and forms. Goes out: HTML, pages of paper, and entries by `hub/plan_acts.py`, which asks the plan in
force who may.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.emergency.sheets import report_sheet
from garde.emergency.times import read_time
from garde.errors import Incomplete, UsageError
from garde.hub.api_plan import report_of
from garde.hub.console import acts
from garde.hub.console.site import Visit
from garde.hub.console.views.plan import plan_page
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.plan_acts import TASK_ACTS, Desk
from garde.journal.speech import mark
from garde.paper import Document, NotTypeset, typeset
from garde.trust.web import HEADERS, Form, go, html

KINDS = (
    "plan_loaded plan_proposed plan_rejected plan_triggered plan_phase_changed plan_held plan_hold_ended"
    " plan_stood_down criterion_said role_vacant task_given task_taken task_done task_overdue flag_changed"
    " report_asked report_made notice_acknowledged notice_unanswered service_state"
)
# What the next page says, by the word in its address.
SAID = {
    "trigger": mark("It is written down. The plan is in this phase now."),
    "reject": mark("Your no is written down."),
    "hold": mark("It is written down. The plan is kept until then."),
    "criterion": mark("It is written down."),
    "stand-down": mark("The plan is lifted."),
    "task": mark("It is written down."),
    "give": mark("The task is given."),
    "flag": mark("It is written down."),
    "report": mark("A situation report is being made. It is here in a moment."),
    "divert": mark("It is written down. Tell those who have to know."),
    "told": mark("It is written down."),
    "service": mark("It is written down. The board shows it."),
}


@get("/plan", sync_to_thread=True)
def plan(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """The plan, and what there is to do."""
    desk = Desk(site.deps, visit.caller)
    state = desk.state()
    voice = visit.voice(state.plan)
    body = site.render(
        "plan.html",
        visit,
        state=state,
        voice=voice,
        page=plan_page(state, voice, visit.now),
        may={act: desk.may(state, act) for act in ("trigger", "phase", "hold", "stand_down", "task", "flag", "report")},
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@post("/plan", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Do one thing of the page, by the name that its form carries."""
    done = _act(Desk(site.deps, visit.caller), form, visit)
    return go(f"/plan?said={done}")


def _act(desk: Desk, form: Form, visit: Visit) -> str:
    note = form["note"]
    match form["act"]:
        case "trigger":
            desk.trigger(form["phase"], note)
        case "reject":
            desk.reject(note)
        case "hold":
            desk.hold(time_of(form["until"], visit), note)
        case "criterion":
            desk.criterion(form["criterion"], form["met"] == "yes", note)
        case "stand-down":
            desk.stand_down(note, form["accept"] == "yes")
        case "task" if form["what"] in TASK_ACTS:
            desk.task(form["task"], form["what"], note)
        case "give":
            desk.give(form["title"], form["owner"], minutes_of(form["minutes"], 0.0) * 60)
        case "flag":
            desk.flag(form["flag"], form["to"], note)
        case "report":
            desk.report()
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return form["act"]


@get("/reports/{number:str}", sync_to_thread=True)
def report(site: Here, visit: Seen, number: FromPath[str]) -> Response[bytes]:
    """One situation report as a page of A4."""
    acts.check_reader(visit.caller)
    found = report_of(site.deps, number, visit.language)
    return paper(report_sheet(found), f"report-{found.number:04d}.pdf")


PAGES = [plan, act, report]


def paper(wanted: Document, name: str) -> Response[bytes]:
    """Answer with a page of paper."""
    try:
        pdf = typeset(wanted).pdf
    except NotTypeset as error:
        raise Incomplete(f"no page could be made: {error.reason}", "read it on the screen") from error
    given = {**HEADERS, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(pdf, media_type="application/pdf", headers=given)


def time_of(text: str, visit: Visit) -> float:
    """Return the time to come that was typed; raises UsageError."""
    try:
        return read_time(text, visit.now)
    except ValueError as error:
        raise UsageError("this is no time", "write 07:00, or 2026-11-24 07:00") from error


def minutes_of(text: str, otherwise: float) -> float:
    """Return the minutes that were typed; raises UsageError."""
    try:
        found = float(text) if text.strip() else otherwise
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100_000:  # 100_000 minutes are ten weeks; also not a number
        raise UsageError("this is no number of minutes", "write a whole number")
    return found
