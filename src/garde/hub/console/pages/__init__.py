"""The console's pages, one module for each group; the list of all of them.

Comes in: `Site`. Goes out: routers. Handlers run in threads: they may read the journal and wait for its lock.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, Router

from garde.hub.console import web
from garde.hub.console.pages import (
    account,
    accounts,
    assets,
    calls,
    clocks,
    cuts,
    drafts,
    gates,
    hangs,
    incidents,
    journal,
    machines,
    me,
    now,
    plan,
    points,
    services,
    sharing,
    sign_in,
    start,
    wall,
    waves,
)
from garde.hub.console.site import Site
from garde.trust.web import Asked, router

BODY_MOST = 64 * 1024  # bytes of a form


def routers(site: Site) -> list[Router]:
    """Return the pages behind the sign-in, and those before it."""
    inside = [
        *now.PAGES,
        *wall.PAGES,
        *hangs.PAGES,
        *incidents.PAGES,
        *cuts.PAGES,
        *calls.PAGES,
        *machines.PAGES,
        *journal.PAGES,
        *accounts.PAGES,
        *me.PAGES,
        *plan.PAGES,
        *services.PAGES,
        *start.PAGES,
        *waves.PAGES,
        *gates.PAGES,
        *points.PAGES,
        *account.PAGES,
        *clocks.PAGES,
        *drafts.PAGES,
        *sharing.PAGES,
    ]

    def problem(request: Asked, error: Exception) -> Response[str]:
        return web.problem(site, request, error)

    more: dict[str, Any] = {"problem": problem, "include_in_schema": False, "request_max_body_size": BODY_MOST}
    return [
        router(site, inside, visit=web.signed_in, form=web.form_of_ours, **more),
        router(site, [*sign_in.PAGES, *assets.PAGES], visit=web.anybody, form=web.open_form, **more),
    ]
