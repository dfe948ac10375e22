"""The console: server-rendered pages for whoever is on call, live, on a telephone as on a wall.

Comes in: `Deps` (the loop, the accounts, the estate). Goes out: `routes(deps)`, routers for the hub's web server;
`VIEWS`, the folds behind the pages; `open_accounts`. It writes about an incident by the loop only, decides nothing,
needs no script but its own and no Internet. Pages: `pages/`, one module for each group. What they show: `views/`,
pure. Who comes in: `entrance.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from garde.hub.console.views.accounted import ACCOUNTED
from garde.hub.console.views.pace import PACES
from garde.hub.console.views.story import STORIES
from garde.hub.console.views.ways import WAYS
from garde.hub.fold import Fold

if TYPE_CHECKING:
    from litestar import Router

    from garde.hub.deps import Deps

VIEWS: tuple[Fold[Any], ...] = (STORIES, PACES, WAYS, ACCOUNTED)


def routes(deps: Deps) -> list[Router]:
    """Return the console's routers, to be mounted at the top."""
    from garde.hub.console.pages import routers
    from garde.hub.console.site import Site

    return routers(Site(deps))
