"""One machine: where it stands, who guards it, what leans on it; its token, its codes, the end of its trust.

Comes in: a visit, and forms of those who keep the agents. Goes out: HTML. Tokens and codes are shown and never kept.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import NotFound
from garde.estate.dependencies import impact
from garde.hub.console import acts
from garde.hub.console.pages.now import board_rows
from garde.hub.console.pages.way import way_of
from garde.hub.console.views.cuts import title
from garde.hub.console.web import Here, Seen, Sent
from garde.trust.enrolment import TTL, qr_svg
from garde.trust.web import go, html

KINDS = (
    "agent_enrolled agent_revoked agent_alive agent_silent machine_cut machine_freed mode_changed step_moved"
    " machine_recut"
)


@get("/machines/{machine:str}", sync_to_thread=True)
def one_machine(site: Here, visit: Seen, machine: FromPath[str], said: FromQuery[str] = "") -> Response[str]:
    """One machine."""
    board = site.board()
    row = next((row for row in board_rows(site, board) if row.id == machine), None)
    if row is None:
        raise NotFound("there is no such machine")
    look = visit.names.look
    known = look.machines.get(machine)
    never = look.never_machine(machine)
    body = site.render(
        "machine.html",
        visit,
        row=row,
        machine=known,
        segment=visit.names.segment(known.segment) if known and known.segment else "",
        owner=look.people.get(known.owner) if known and visit.may("read") else None,
        port=look.switch_port(machine),
        never=never,
        impact=impact(look.estate, [machine]) if known else None,
        way=way_of(site, visit, machine),
        cuts=[(cut, title(board.cuts[cut], visit.names)) for cut in row.cuts if cut in board.cuts],
        may_keep=acts.may_keep(visit.caller),
        said=visit.say(acts.SAID[said]) if said in acts.SAID else "",
        waiting=site.waiting(board),
        kinds=KINDS,
    )
    return html(body)


@post("/machines/{machine:str}/token", sync_to_thread=True)
def make_token(site: Here, visit: Seen, form: Sent, machine: FromPath[str]) -> Response[str]:
    """Make an enrolment token and show it, this once."""
    acts.check_keeper(visit.caller)
    token = str(site.deps.enrolment.make_token(machine, visit.caller.login))
    body = site.render(
        "token.html", visit, machine=machine, token=token, qr=_drawn(token), hours=round(TTL / 3600), waiting=0, back=""
    )
    return html(body)


@post("/machines/{machine:str}/codes", sync_to_thread=True)
def codes(site: Here, visit: Seen, form: Sent, machine: FromPath[str]) -> Response[str]:
    """Show the release codes of a machine, to be printed."""
    acts.check_keeper(visit.caller)
    found = site.deps.enrolment.codes(machine)
    return html(site.render("codes.html", visit, machine=machine, codes=found, waiting=0))


@post("/machines/{machine:str}/revoke", sync_to_thread=True)
def revoke(site: Here, visit: Seen, form: Sent, machine: FromPath[str]) -> Response[str]:
    """Trust its agent no more."""
    acts.check_keeper(visit.caller)
    site.deps.enrolment.revoke(machine, visit.caller.login, form["reason"].strip()[:200])
    return go(f"/machines/{quote(machine, safe='')}?said=revoked")


PAGES = [one_machine, make_token, codes, revoke]


def _drawn(token: str) -> str:
    """The QR code as SVG: made by us of a text made by us, so it is put into the page as it is."""
    return qr_svg(token)
