"""The wall: the first page for a screen that hangs there and nobody touches. Everything at once, nothing to press.

Comes in: a visit. Goes out: HTML. What needs a look is big and first; calm machines are small.
"""

from __future__ import annotations

from litestar import Response, get

from garde.hub.console.pages.now import KINDS, board_rows, open_incidents, tiles
from garde.hub.console.pages.way import way_line
from garde.hub.console.views import machines as machines_view
from garde.hub.console.views.headline import quiet_headline
from garde.hub.console.web import Here, Seen
from garde.trust.web import html


@get("/wall", sync_to_thread=True)
def wall(site: Here, visit: Seen) -> Response[str]:
    """The wall."""
    board, look = site.board(), visit.names.look
    opened, rows = open_incidents(site, visit, board), board_rows(site, board)
    counts = machines_view.counts(rows)
    body = site.render(
        "wall.html",
        visit,
        opened=opened,
        headline=quiet_headline(counts, visit.names),
        counts=counts,
        look=sorted((row for row in rows if row.needs_a_look), key=lambda row: row.tone != "bad"),
        groups=machines_view.groups(look, rows),
        tiles=tiles(site, visit, opened),
        way=way_line(site, visit),
        waiting=sum(each.situation.to_decide for each in opened),
        kinds=KINDS,
    )
    return html(body)


PAGES = [wall]
