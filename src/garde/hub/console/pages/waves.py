"""The way back at a glance: waves, what each server waits for, the order and who decides it; the same on paper.

Comes in: a visit, and forms. Goes out: HTML, pages of paper, and entries by `hub/restart_acts.py`, which asks who may.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.params import FromQuery

from garde.errors import UsageError
from garde.hub.console import acts
from garde.hub.console.pages.plan import paper
from garde.hub.console.pages.way import (
    KINDS,
    decided_words,
    decider,
    desk_of,
    may_table,
    speech,
    waves_shown,
)
from garde.hub.console.site import Site, Visit
from garde.hub.console.views import draft as drafts
from garde.hub.console.views.draft import Draft, seconds_of_hours, waves_of_form
from garde.hub.console.views.waves import waves_page
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.restart_paper import Papers, hours_of, order_of
from garde.journal.speech import mark
from garde.recovery.memory import State
from garde.recovery.order import warn
from garde.trust.web import Form, go, html

DAY_S = 86_400.0
SAID = {
    "plan": mark("The order is decided. Open a server of the first wave and begin."),
    "watch": mark("It is written down. The watch stays reinforced until then."),
    "watch-over": mark("It is written down. The reinforced watch is over."),
}


@get("/restart", sync_to_thread=True)
def restart(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """The way back at a glance."""
    state = desk_of(site, visit).state()
    return html(_page(site, visit, state, _draft(state, visit), said))


@post("/restart", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Look at another order, decide it, keep the watch."""
    desk = desk_of(site, visit)
    match form["act"]:
        case "look":
            return html(_looked(site, visit, form))
        case "plan":
            return _decide(site, visit, form)
        case "watch":
            desk.watch(visit.now + _days(form["days"]) * DAY_S)
        case "watch-over":
            desk.watch(0.0)
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/restart?said={form['act']}")


@get("/restart/order.pdf", sync_to_thread=True)
def order_pdf(site: Here, visit: Seen) -> Response[bytes]:
    """The order of restart, to be ticked off."""
    papers = _papers(site, visit)
    return paper(papers.order(decider(papers.state, visit)), "restart-order.pdf")


@get("/restart/records.pdf", sync_to_thread=True)
def records_pdf(site: Here, visit: Seen, machine: FromQuery[str] = "") -> Response[bytes]:
    """A return-to-service record for each server, or for one."""
    acts.check_reader(visit.caller)
    return paper(_papers(site, visit).records(machine), "restart-records.pdf")


PAGES = [restart, act, order_pdf, records_pdf]


# --- the order --------------------------------------------------------------------------------------------------------


def _page(site: Site, visit: Visit, state: State, draft: Draft, said: str = "") -> str:
    may, lacks = may_table(visit)
    return site.render(
        "restart.html",
        visit,
        page=waves_page(
            waves_shown(state, visit), speech(visit), hours=hours_of(state), decided=decided_words(state, visit),
            watch_until=state.watch_until,
        ),
        draft=draft,
        may=may,
        lacks=lacks,
        may_read=visit.may("read"),
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )  # fmt: skip


def _draft(state: State, visit: Visit, waves: drafts.Waves | None = None, hours: Sequence[float] = ()) -> Draft:
    """Return the form: for the waves that somebody typed, else for those in force or proposed."""
    look = visit.names.look
    order = order_of(state, look) if waves is None else waves
    others = [each.id for each in look.servers]
    warnings = list(map(speech(visit).because, warn(look, state, order)))
    observe, listed = hours or hours_of(state)
    return drafts.draft(
        order, others, visit.names, hours=(observe, listed), warnings=warnings, looked=waves is not None
    )


def _typed(form: Form) -> tuple[drafts.Waves, float, float]:
    return waves_of_form(form.fields), seconds_of_hours(form["observe"]), seconds_of_hours(form["listed"])


def _looked(site: Site, visit: Visit, form: Form) -> str:
    waves, observe, listed = _typed(form)
    state = desk_of(site, visit).state()
    return _page(site, visit, state, _draft(state, visit, waves, (observe, listed)))


def _decide(site: Site, visit: Visit, form: Form) -> Response[str]:
    """Decide an order; where the file warns of something that the page did not show, show it first."""
    desk = desk_of(site, visit)
    waves, observe, listed = _typed(form)
    state = desk.state()
    wanted = _draft(state, visit, waves, (observe, listed))
    if wanted.warnings and not (form["accept"] == "yes" and form["seen"] == wanted.seen):
        return html(_page(site, visit, state, wanted))
    desk.plan(waves, observe, listed)
    return go("/restart?said=plan")


def _days(text: str) -> float:
    days = seconds_of_hours(text) / 3_600.0
    if not 0 < days <= 366:
        raise UsageError("this is no number of days", "write a number from 1 to 366")
    return days


def _papers(site: Site, visit: Visit) -> Papers:
    return Papers(desk_of(site, visit).state(), visit.names.look, visit.now, visit.language)
