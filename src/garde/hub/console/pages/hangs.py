"""What hangs on what: machines and the services that they carry, as a picture and as a list.

Comes in: a visit, and perhaps one machine or service to look at. Goes out: HTML.
"""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromQuery

from garde.errors import NotFound
from garde.hub.console.views.hangs import hangs
from garde.hub.console.web import Here, Seen
from garde.trust.web import html

KINDS = "machine_cut machine_freed estate_loaded"


@get("/map", sync_to_thread=True)
def what_hangs(site: Here, visit: Seen, of: FromQuery[str] = "") -> Response[str]:
    """The map."""
    look, board = visit.names.look, site.board()
    if of and of not in look.services and of not in look.machines:
        raise NotFound("there is no such machine or service")
    drawn = hangs(look, frozenset(board.machines), of)
    body = site.render("hangs.html", visit, drawn=drawn, look=look, of=of, waiting=site.waiting(board), kinds=KINDS)
    return html(body)


PAGES = [what_hangs]
