"""The legal clocks: since when the hospital is aware, what runs, whether a duty applies, the ransom.

Comes in: a visit, and forms. Goes out: HTML, and entries by `hub/legal_acts.py`, which asks who may.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromQuery

from garde.errors import NotFound, UsageError
from garde.hub.console import acts
from garde.hub.console.pages.law import desk_of, incident_of, may_table
from garde.hub.console.pages.plan import paper
from garde.hub.console.pages.points import past_time
from garde.hub.console.views.clocks import clocks_page
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.legal_paper import LegalPapers
from garde.journal.speech import mark
from garde.legal import may
from garde.trust.web import go, html

KINDS = (
    "clock_started clock_warned clock_closed aware_said obligation_said clocks_loaded submission_said ransom_decided"
    " incident_opened incident_closed incident_joined"
)
SAID = {
    "aware": mark("It is written down. The clocks that start from it run."),
    "applies": mark("It is written down."),
    "ransom": mark("The decision is written down."),
}


@get("/clocks", sync_to_thread=True)
def clocks(site: Here, visit: Seen, incident: FromQuery[str] = "", said: FromQuery[str] = "") -> Response[str]:
    """The clocks of one incident."""
    acts.check_reader(visit.caller)
    desk = desk_of(site, visit)
    state = desk.state()
    allowed, lacks = may_table(may.ACTS, desk.may, visit)
    body = site.render(
        "clocks.html",
        visit,
        page=clocks_page(state, incident_of(state, incident), visit.names, visit.now),
        may=allowed,
        lacks=lacks,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@get("/clocks/paper.pdf", sync_to_thread=True)
def clocks_pdf(site: Here, visit: Seen, incident: FromQuery[str] = "") -> Response[bytes]:
    """The table of clocks as a page of A4."""
    acts.check_reader(visit.caller)
    state = desk_of(site, visit).state()
    found = incident_of(state, incident)
    if found is None:
        raise NotFound("there is no incident: no clock runs")
    return paper(LegalPapers(state, visit.names.look, visit.now).clocks(found, visit.language), "clocks.pdf")


@post("/clocks", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Say since when the hospital is aware, whether a duty applies, what was decided about the ransom."""
    desk = desk_of(site, visit)
    match form["act"]:
        case "aware":
            desk.aware(form["incident"], form["event"], past_time(form["since"], visit.now), form["note"])
        case "applies":
            desk.applies(form["clock"], form["applies"], form["why"], form["incident"])
        case "ransom":
            desk.ransom(form["incident"], form["paid"] == "yes", form["why"])
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/clocks?said={form['act']}")


PAGES = [clocks, clocks_pdf, act]
