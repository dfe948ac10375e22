"""The incidents: all of them, one in detail, its files; taking one in hand and declaring it over.

Comes in: a visit, and forms. Goes out: HTML, and entries by `acts.py`.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import NotFound
from garde.hub.board import Board, Incident
from garde.hub.console import acts
from garde.hub.console.site import Site, Visit
from garde.hub.console.views import incident as incident_view
from garde.hub.console.views import moments as moments_view
from garde.hub.console.views import pace
from garde.hub.console.views.cuts import Card, card
from garde.hub.console.views.headline import incident_headline
from garde.hub.console.views.situation import Situation
from garde.hub.console.views.story import Track
from garde.hub.console.web import Here, Seen, Sent
from garde.journal.speech import Said
from garde.trust.web import go, html

FILES_SHOWN = 200
REASONS = 3
LINES_OPEN = 20  # of the timeline; the others unfold
FRESH_S = 20.0  # how long something new in the drawing is marked as new
KINDS = (
    "incident_opened incident_raised incident_answered incident_closed incident_joined"
    " harm_joined spread_found cut_proposed cut_changed cut_decided order_applied order_refused cut_tried cut_undone"
    " command_done command_failed actor_held hold_refused verdict_reached restore_finished file_restored restore_failed"
    " agent_silent agent_alive"
)


@get("/incidents", sync_to_thread=True)
def all_incidents(site: Here, visit: Seen) -> Response[str]:
    """Every incident, the newest first."""
    acts.check_reader(visit.caller)
    board = site.board()
    found = sorted(board.incidents.values(), key=lambda each: -each.opened)
    shown = [(each, incident_headline(each, site.situation(each, board), visit.names)) for each in found]
    body = site.render("incidents.html", visit, shown=shown, waiting=site.waiting(board), kinds=KINDS)
    return html(body)


@get("/incidents/{incident:str}", sync_to_thread=True)
def one_incident(site: Here, visit: Seen, incident: FromPath[str], said: FromQuery[str] = "") -> Response[str]:
    """One incident, with what there is to decide."""
    acts.check_reader(visit.caller)
    board = site.board()
    found = _known(board, incident)
    story, tracks = site.story(incident)
    how = site.situation(found, board)
    seqs = [*story.first, *story.latest] if story else []
    entries = site.entries(seqs)
    told = incident_view.timeline(entries, visit.names, site.title_of(board, visit.names))
    servers = incident_view.servers(found, story, visit.names)
    body = site.render(
        "incident.html",
        visit,
        incident=found,
        headline=incident_headline(found, how, visit.names),
        how=how,
        cards=_cards(site, how, tracks, visit, found),
        servers=servers,
        figures=incident_view.figures(found, servers),
        suspects=incident_view.suspects(found, visit.names),
        graph=incident_view.drawing(found, frozenset(board.machines), visit.now - FRESH_S),
        chart=pace.chart(site.pace(incident)),
        moments=moments_view.moments(found, entries, visit.names),
        latest=moments_view.minutes(told[:LINES_OPEN], found.first_harm, visit.names),
        earlier=moments_view.minutes(told[LINES_OPEN:], found.first_harm, visit.names),
        earlier_lines=max(len(told) - LINES_OPEN, 0),
        untold=story.told - len(seqs) if story else 0,
        files=len(story.files) if story else 0,
        may_decide=visit.may("decide"),
        said=visit.say(acts.SAID[said]) if said in acts.SAID else "",
        waiting=site.waiting(board),
        kinds=KINDS,
    )
    return html(body)


@get("/incidents/{incident:str}/files", sync_to_thread=True)
def files(site: Here, visit: Seen, incident: FromPath[str], page: FromQuery[int] = 1) -> Response[str]:
    """The files that were touched, and what became of each."""
    acts.check_reader(visit.caller)
    board = site.board()
    found = _known(board, incident)
    story, _ = site.story(incident)
    shown = incident_view.files(site.entries(story.files if story else ()), visit.names)
    first = (max(page, 1) - 1) * FILES_SHOWN
    body = site.render(
        "files.html",
        visit,
        incident=found,
        files=shown[first : first + FILES_SHOWN],
        total=len(shown),
        page=max(page, 1),
        pages=max((len(shown) - 1) // FILES_SHOWN + 1, 1),
        more=story.files_more if story else 0,
        waiting=site.waiting(board),
        kinds="verdict_reached finding_made file_restored restore_failed",
    )
    return html(body)


@post("/incidents/{incident:str}/answer", sync_to_thread=True)
def answer(site: Here, visit: Seen, form: Sent, incident: FromPath[str]) -> Response[str]:
    """Take it in hand."""
    return go(f"{path_of(incident)}?said={acts.answer(site, visit, incident)}")


@post("/incidents/{incident:str}/close", sync_to_thread=True)
def close(site: Here, visit: Seen, form: Sent, incident: FromPath[str]) -> Response[str]:
    """Declare it over."""
    return go(f"{path_of(incident)}?said={acts.close(site, visit, incident, form['note'])}")


PAGES = [all_incidents, one_incident, files, answer, close]


def path_of(incident: str) -> str:
    """Return the address of an incident's page."""
    return f"/incidents/{quote(incident, safe='')}"


def _known(board: Board, name: str) -> Incident:
    found = board.incidents.get(name)
    if found is None:
        raise NotFound("there is no such incident")
    return found


def _cards(
    site: Site, how: Situation, tracks: dict[str, Track], visit: Visit, incident: Incident
) -> dict[str, list[Card]]:
    listed = {
        "first": how.first, "further": how.further, "in_force": how.in_force, "refused": how.refused, "past": how.past
    }  # fmt: skip
    return {
        name: [
            card(
                cut,
                tracks.get(cut.id),
                visit.names,
                visit.caller,
                incident,
                reasons=_reasons(site, visit, tracks.get(cut.id)),
            )
            for cut in cuts
        ]
        for name, cuts in listed.items()
    }


def _reasons(site: Site, visit: Visit, track: Track | None) -> list[Said]:
    """Why machines lack a cut, as they said it."""
    lacking = [part.said for part in track.parts.values() if part.state in ("failed", "not_proven")] if track else []
    return [
        visit.say.known(reason)
        for entry in site.entries(lacking[:REASONS])
        for reason in [getattr(entry.payload, "reason", "")]
        if reason
    ]
