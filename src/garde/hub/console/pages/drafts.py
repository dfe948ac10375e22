"""Drafts: filled from the record, edited, signed, handed in; what is learnt later is an amendment.

Comes in: a visit, and forms. Goes out: HTML, and entries by `hub/legal_acts.py`, which asks who may.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import NotFound, UsageError
from garde.hub.console import acts
from garde.hub.console.pages.law import desk_of, incident_of, may_table, version_of
from garde.hub.console.pages.plan import paper
from garde.hub.console.pages.points import past_time
from garde.hub.console.site import Site, Visit
from garde.hub.console.views.drafts import draft_page, form_list
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.legal_paper import LegalPapers
from garde.journal.legal_kinds import DraftMade
from garde.journal.speech import mark
from garde.legal import may
from garde.trust.web import HEADERS, go, html

KINDS = "draft_made draft_edited draft_signed submission_said amendment_needed incident_opened incident_closed"
SAID = {
    "fill": mark("It is filled from the record. Read it, complete what is unknown, then sign."),
    "edit": mark("Your words are in a new version. It has to be signed anew."),
    "sign": mark("You have signed exactly this version."),
    "submit": mark("It is written down that it was handed in."),
}


@get("/drafts", sync_to_thread=True)
def drafts(site: Here, visit: Seen, incident: FromQuery[str] = "") -> Response[str]:
    """Every form, with its drafts."""
    acts.check_reader(visit.caller)
    desk = desk_of(site, visit)
    state = desk.state()
    found = incident_of(state, incident)
    allowed, lacks = may_table(may.ACTS, desk.may, visit)
    body = site.render(
        "drafts.html",
        visit,
        forms=form_list(state, found, visit.names),
        incident=found.id if found else "",
        may=allowed,
        lacks=lacks,
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@post("/drafts", sync_to_thread=True)
def fill(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Have a form filled, or filled again."""
    written = desk_of(site, visit).draft(form["incident"], form["form"], form["language"])
    made = next((each.payload for each in written if isinstance(each.payload, DraftMade)), None)
    if made is None:
        raise UsageError("no draft could be made of this", "open the page again")
    return go(f"{path_of(made.draft)}?said=fill")


@get("/drafts/{draft:str}", sync_to_thread=True)
def one(site: Here, visit: Seen, draft: FromPath[str], said: FromQuery[str] = "") -> Response[str]:
    """One draft, field by field."""
    acts.check_reader(visit.caller)
    desk = desk_of(site, visit)
    state = desk.state()
    found = state.drafts.get(draft)
    if found is None:
        raise NotFound("there is no such draft")
    allowed, lacks = may_table(may.ACTS, desk.may, visit)
    body = site.render(
        "draft.html",
        visit,
        page=draft_page(found, visit.names, visit.caller.login),
        form=found.form,
        incident=found.incident,
        may=allowed,
        lacks=lacks,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@get("/drafts/{draft:str}/paper.pdf", sync_to_thread=True)
def draft_pdf(site: Here, visit: Seen, draft: FromPath[str]) -> Response[bytes]:
    """One draft as pages of A4."""
    papers = _papers(site, visit)
    return paper(papers.draft(draft), f"{papers.find(draft).id}.pdf")


@get("/drafts/{draft:str}/draft.json", sync_to_thread=True)
def draft_json(site: Here, visit: Seen, draft: FromPath[str]) -> Response[bytes]:
    """Exactly the bytes whose digest is signed."""
    return Response(_papers(site, visit).json(draft), media_type="application/json", headers=HEADERS)


@get("/drafts/{draft:str}/draft.txt", sync_to_thread=True)
def draft_text(site: Here, visit: Seen, draft: FromPath[str]) -> Response[str]:
    """One draft as text."""
    return Response(_papers(site, visit).text(draft), media_type="text/plain; charset=utf-8", headers=HEADERS)


@post("/drafts/{draft:str}", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent, draft: FromPath[str]) -> Response[str]:
    """Write a field in one's own words, sign, say that it was handed in."""
    desk = desk_of(site, visit)
    match form["act"]:
        case "edit":
            desk.edit(draft, form["name"], form["value"].replace("\r\n", "\n"))
        case "sign":
            desk.sign(draft, version_of(form["version"]), form["sha256"])
        case "submit":
            at = past_time(form["at"], visit.now)
            desk.submit(draft, version_of(form["version"]), at, form["channel"], form["reference"])
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"{path_of(draft)}?said={form['act']}")


PAGES = [drafts, fill, one, draft_pdf, draft_json, draft_text, act]


def path_of(draft: str) -> str:
    """Return the address of a draft's page."""
    return f"/drafts/{quote(draft, safe='')}"


def _papers(site: Site, visit: Visit) -> LegalPapers:
    acts.check_reader(visit.caller)
    return LegalPapers(desk_of(site, visit).state(), visit.names.look, visit.now)
