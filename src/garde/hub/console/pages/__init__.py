"""The console's pages, one module for each group; the list of all of them.

Comes in: `Site`. Goes out: routers. Handlers run in threads: they may read the journal and wait for its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from garde.hub.console import web
from garde.hub.console.pages import (
    accounts,
    assets,
    calls,
    cuts,
    hangs,
    incidents,
    journal,
    machines,
    me,
    now,
    plan,
    services,
    sign_in,
    start,
    wall,
)
from garde.hub.console.site import Site
from garde.trust.web import Asked

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
    ]
    return [
        _router(site, inside, web.signed_in, web.form_of_ours),
        _router(site, [*sign_in.PAGES, *assets.PAGES], web.anybody, web.open_form),
    ]


def _router(site: Site, handlers: Sequence[Any], visit: Callable[..., Any], form: Callable[..., Any]) -> Router:
    def show(request: Asked, error: Exception) -> Response[str]:
        return web.problem(site, request, error)

    return Router(
        "/",
        route_handlers=handlers,
        dependencies={
            "site": Provide(lambda: site, sync_to_thread=False),
            "visit": Provide(visit, sync_to_thread=False),
            "form": Provide(form),
        },
        exception_handlers={web.SignInNeeded: web.to_sign_in, HTTPException: show, Exception: show},
        include_in_schema=False,
        request_max_body_size=BODY_MOST,
    )
