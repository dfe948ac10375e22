"""The first page: how things stand, what there is to do, and every machine.

Comes in: a visit. Goes out: HTML. The most serious thing is said first, and there is one next step.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from garde.emergency.board import make_board
from garde.hub.board import Board, Incident
from garde.hub.calls_desk import calls_now
from garde.hub.console.pages.way import way_line
from garde.hub.console.site import Site, Visit
from garde.hub.console.views import machines as machines_view
from garde.hub.console.views.glance import Tile, glance
from garde.hub.console.views.headline import Headline, incident_headline, quiet_headline
from garde.hub.console.views.machines import Row
from garde.hub.console.views.situation import Situation
from garde.hub.console.web import Here, Seen
from garde.hub.plan_acts import state_of
from garde.trust.web import html

KINDS = (
    "incident_opened incident_raised incident_answered incident_closed incident_joined spread_found cut_proposed"
    " cut_changed cut_decided machine_cut machine_freed agent_enrolled agent_revoked agent_alive agent_silent"
    " estate_loaded plan_proposed plan_rejected plan_triggered plan_phase_changed plan_stood_down task_given task_done"
    " task_overdue service_state service_overridden diversion_changed diversion_told diversion_acknowledged"
    " notice_needed notice_acknowledged notice_unanswered page_asked calling_set step_moved"
    " machine_recut restart_planned"
)


@dataclass(frozen=True, slots=True)
class Open:
    """One open incident, as the first page shows it."""

    incident: Incident
    situation: Situation
    headline: Headline


@get("/", sync_to_thread=True)
def now(site: Here, visit: Seen) -> Response[str]:
    """Everything on one page."""
    board = site.board()
    opened = open_incidents(site, visit, board)
    rows = board_rows(site, board)
    counts = machines_view.counts(rows)
    body = site.render(
        "now.html",
        visit,
        opened=opened,
        headline=None if opened else quiet_headline(counts, visit.names),
        groups=machines_view.groups(visit.names.look, rows),
        counts=counts,
        tiles=tiles(site, visit, opened),
        way=way_line(site, visit),
        waiting=sum(each.situation.to_decide for each in opened),
        kinds=KINDS,
    )
    return html(body)


def tiles(site: Site, visit: Visit, opened: list[Open]) -> list[Tile]:
    """Return who knows, the plan, the services and the ways in, each in a few words."""
    state = state_of(site.deps)
    voice = visit.voice(state.plan)
    calls = calls_now(site.deps.loop, visit.now) if visit.may("read") else None
    incidents = {each.incident.id for each in opened}
    board = make_board(state, voice, visit.now)
    return glance(state, board, voice, visit.names, calls=calls, incidents=incidents)


def open_incidents(site: Site, visit: Visit, board: Board) -> list[Open]:
    """Return the open incidents: what waits for a decision first, then the most serious, then the newest."""
    found = []
    for incident in board.incidents.values():
        if incident.state == "open":
            how = site.situation(incident, board)
            found.append(Open(incident, how, incident_headline(incident, how, visit.names)))
    return sorted(found, key=lambda each: (-each.situation.to_decide, -each.incident.severity, -each.incident.opened))


def board_rows(site: Site, board: Board) -> list[Row]:
    """Return every machine, with its part in the open incidents."""
    spreading, hit = parts_of(board)
    look = site.deps.estate()
    return machines_view.rows(look, site.deps.liveness.all(), board.machines, spreading, hit)


def parts_of(board: Board) -> tuple[set[str], set[str]]:
    """Return who spreads and who is hit, in the open incidents."""
    spreads = [each.spread for each in board.incidents.values() if each.state == "open" and each.spread]
    spreading = {hop["source"] for spread in spreads for hop in spread["hops"] if hop["source"]}
    spreading |= {spread["spreader"] for spread in spreads if spread["spreader"]}
    return spreading, {hop["server"] for spread in spreads for hop in spread["hops"]}


PAGES = [now]
