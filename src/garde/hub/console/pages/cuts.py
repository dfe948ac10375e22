"""One cut on a page of its own, with every machine's part of it; and the decision.

Comes in: a visit, and forms. Goes out: HTML, and one entry by `acts.py`.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import NotFound
from garde.hub.console import acts
from garde.hub.console.pages.incidents import KINDS, path_of
from garde.hub.console.sentences import tell
from garde.hub.console.views.cuts import card
from garde.hub.console.web import Here, Seen, Sent
from garde.journal.hub_kinds import CutTried
from garde.trust.web import go, html


@get("/cuts/{cut:str}", sync_to_thread=True)
def one_cut(site: Here, visit: Seen, cut: FromPath[str], said: FromQuery[str] = "") -> Response[str]:
    """One cut."""
    acts.check_reader(visit.caller)
    board = site.board()
    found = board.cuts.get(cut)
    if found is None:
        raise NotFound("there is no such cut")
    _, tracks = site.story(found.incident)
    track = tracks.get(cut)
    incident = board.incidents.get(found.incident)
    title_of = site.title_of(board, visit.names)
    last = site.entries(part.said for part in track.parts.values()) if track else []
    body = site.render(
        "cut.html",
        visit,
        card=card(found, track, visit.names, visit.caller, incident),
        decisions=found.decisions,
        words=[(visit.names.speaker(entry.who), tell(entry, visit.names, title_of)) for entry in last],
        checks=[
            (visit.names.speaker(entry.who), entry.payload.checks)
            for entry in last
            if isinstance(entry.payload, CutTried)
        ],
        said=visit.say(acts.SAID[said]) if said in acts.SAID else "",
        waiting=site.waiting(board),
        kinds=KINDS,
    )
    return html(body)


@post("/cuts/{cut:str}", sync_to_thread=True)
def decide(site: Here, visit: Seen, form: Sent, cut: FromPath[str]) -> Response[str]:
    """Say yes or no, or have it undone; then back to the page it was said on."""
    done = acts.decide(site, visit, cut, form["decision"], note=form["note"], page_seen=form["seen"])
    incident = site.board().cuts[cut].incident
    back = f"/cuts/{quote(cut, safe='')}" if form["back"] == "cut" or not incident else path_of(incident)
    return go(f"{back}?said={done}")


PAGES = [one_cut, decide]
