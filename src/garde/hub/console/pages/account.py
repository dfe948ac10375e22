"""The account: what it was, where it came from, whether data left and how far that can be said; the final report.

Comes in: a visit, and forms. Goes out: HTML, the report as a page and as a PDF, and entries by `hub/evidence_acts.py`,
which asks who may.
"""

from __future__ import annotations

import secrets
from typing import Final

from litestar import Response, get, post
from litestar.params import FromQuery

from garde.errors import NotFound, UsageError
from garde.forensics import may
from garde.hub.board import Board
from garde.hub.console import acts
from garde.hub.console.pages.plan import paper
from garde.hub.console.site import Site, Visit
from garde.hub.console.views.account import account_page, nothing
from garde.hub.console.views.accounted import ACCOUNTED
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.evidence_acts import EvidenceDesk
from garde.hub.final.night import KINDS as NIGHT
from garde.hub.final.night import Night, read
from garde.hub.final.page import html_page
from garde.hub.final.parts import Report
from garde.hub.final.report import make_report
from garde.hub.final.sheet import final_sheet
from garde.hub.final.teller import Teller, teller_of
from garde.hub.final.words import EVIDENCE
from garde.journal.speech import mark
from garde.trust.web import HEADERS, go, html

KINDS = " ".join(sorted({*ACCOUNTED.kinds, "incident_opened", "incident_closed", "incident_joined"}))
SAID = {
    "export": mark("The bundle is being made. It is here in a moment."),
    "refer": mark("It is written down as evidence."),
}
ITEM_BYTES: Final = 16  # of an item's id
# The report brings its own style, and nothing else: no script, nothing from elsewhere.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


@get("/account", sync_to_thread=True)
def account(site: Here, visit: Seen, incident: FromQuery[str] = "", said: FromQuery[str] = "") -> Response[str]:
    """What is known, and what is not."""
    acts.check_reader(visit.caller)
    board = site.board()
    teller = _teller(site, visit, board, incident)
    body = site.render(
        "account.html",
        visit,
        page=account_page(teller, visit.names) if teller else None,
        nothing=nothing(visit.names),
        sorts={sort: teller.say(word) for sort, word in EVIDENCE.items()} if teller else {},
        may={act: EvidenceDesk(site.deps, visit.caller).may(act) for act in may.ACTS},
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(board),
        kinds=KINDS,
    )
    return html(body)


@get("/account/report", sync_to_thread=True)
def report(site: Here, visit: Seen, incident: FromQuery[str] = "") -> Response[str]:
    """The final report as a page."""
    made = _report(site, visit, incident)
    own = {**HEADERS, "Content-Security-Policy": POLICY}
    return Response(html_page(made), media_type="text/html; charset=utf-8", headers=own)


@get("/account/report.pdf", sync_to_thread=True)
def report_pdf(site: Here, visit: Seen, incident: FromQuery[str] = "") -> Response[bytes]:
    """The final report as a PDF."""
    return paper(final_sheet(_report(site, visit, incident)), "final-report.pdf")


@post("/account", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Have the evidence put into one bundle; say that something that lies elsewhere is evidence."""
    desk = EvidenceDesk(site.deps, visit.caller)
    match form["act"]:
        case "export":
            desk.export(form["incident"], visit.language)
        case "refer":
            item, digest = secrets.token_hex(ITEM_BYTES), form["sha256"].strip().lower()
            desk.refer(item, form["sort"], name=form["name"], place=form["place"], sha256=digest, note=form["note"])
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/account?said={form['act']}")


PAGES = [account, report, report_pdf, act]


def _teller(site: Site, visit: Visit, board: Board, incident: str) -> Teller | None:
    """Return who tells of the account's entries; None where there is no incident."""
    seqs = site.deps.loop.look("console_accounted", lambda state: list(state.all()))
    night = read(site.entries(seqs), Night(board=board, estate=visit.names.look))
    try:
        return teller_of(night, visit.language, visit.now, incident)
    except NotFound:
        if incident:
            raise
        return None


def _report(site: Site, visit: Visit, incident: str) -> Report:
    """Read the whole night: somebody asked for it, and waits for it."""
    acts.check_reader(visit.caller)
    journal = site.deps.loop.journal
    night = read(journal.entries(kinds=NIGHT))
    night.end_at(journal.head())
    return make_report(night, language=visit.language, now=visit.now, incident=incident)
