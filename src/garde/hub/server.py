"""The web server: agents, API and console behind one TLS port.

Comes in: the assembled hub. Goes out: an ASGI application (`build_app`) and the running server (`Server`). /agent/*
goes to the bare handler of `intake.py` (hot, no framework), /taxii2/ to that of `taxii.py` (neighbours, with tokens of
their own), everything else to Litestar: /api/v1 (OpenAPI at /api/v1/schema/openapi.json), /health, and the console's
pages.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, cast

import uvicorn
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from garde import __version__
from garde.errors import GardeError, NotFound, NotPermitted, Refused, SettingsError, UsageError
from garde.hub import (
    api_admin,
    api_calls,
    api_evidence,
    api_facts,
    api_incident,
    api_legal,
    api_plan,
    api_restart,
    api_share,
    api_share_in,
)
from garde.hub.api_shapes import Problem
from garde.hub.deps import Deps
from garde.hub.events import Events
from garde.hub.guard import Door, provide_caller
from garde.hub.intake import Intake, Receive, Scope, Send
from garde.hub.keeping import EstateKeeper
from garde.hub.taxii import DISCOVERY, Taxii
from garde.paper import NotTypeset
from garde.trust.http import BoundedHttp

API = "/api/v1"
BODY_MOST = 256 * 1024  # bytes of a request to API or console
KEEP_ALIVE_S = 75  # longer than an agent's longest silence on one connection
_STATUS: dict[type[GardeError], int] = {
    NotFound: 404,
    UsageError: 400,
    SettingsError: 400,
    Refused: 403,
    NotPermitted: 403,
}
_CODES = {401: "NOT-SIGNED-IN", 403: "NOT-PERMITTED", 404: "NOT-FOUND", 409: "REFUSED", 500: "GARDE", 503: "BUSY"}
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class App:
    """The ASGI application: one look at the path, and the request is where it belongs.

    API and console are made when something is first asked of them, or by `build`: a command that assembles the hub for
    one question needs no page, and making all of them takes longer than most answers.
    """

    def __init__(
        self, intake: Intake, taxii: Taxii, api: Callable[[], Litestar], console: Callable[[], Litestar]
    ) -> None:
        self._intake, self._taxii = intake, taxii
        self._api, self._console = cache(api), cache(console)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith("/agent/"):
            await self._intake(scope, receive, send)
        elif path.startswith(DISCOVERY.rstrip("/")):
            await self._taxii(scope, receive, send)
        else:
            site = self._api() if path.startswith(f"{API}/") else self._console()
            await site(cast(Any, scope), cast(Any, receive), cast(Any, send))

    def build(self) -> None:
        """Make both now, so that nobody's first request waits."""
        self._api()
        self._console()


def build_app(
    deps: Deps,
    *,
    intake: Intake,
    door: Door,
    keeper: EstateKeeper,
    live: Events,
    pages: Callable[[], Sequence[Router]] = tuple,
) -> App:
    """Join the parts."""
    return App(intake, Taxii(deps), lambda: _api(deps, door, keeper, live), lambda: _site([health, *pages()]))


def _site(handlers: Sequence[ControllerRouterHandler], schema: OpenAPIConfig | None = None) -> Litestar:
    return Litestar(
        handlers,
        openapi_config=schema,
        exception_handlers={HTTPException: _http_problem},  # of paths that nobody serves
        request_max_body_size=BODY_MOST,
        logging_config=None,
    )


def _api(deps: Deps, door: Door, keeper: EstateKeeper, live: Events) -> Litestar:
    router = Router(
        API,
        route_handlers=[
            *api_incident.routers(door),
            *api_calls.routers(door),
            *api_plan.routers(door),
            *api_restart.routers(door),
            *api_share.routers(door),
            *api_legal.routers(door),
            *api_evidence.routers(door),
            *api_facts.routers(door),
            *api_share_in.routers(door),
            *api_admin.routers(door),
        ],
        dependencies={
            "deps": Provide(lambda: deps, sync_to_thread=False),
            "keeper": Provide(lambda: keeper, sync_to_thread=False),
            "live": Provide(lambda: live, sync_to_thread=False),
            "caller": Provide(provide_caller),
        },
        exception_handlers={
            HTTPException: _http_problem,
            GardeError: _garde_problem,
            OSError: _disk_problem,
            NotTypeset: _paper_problem,
            Exception: _unexpected(deps.loop.complain),
        },
        response_headers=_HEADERS,
    )
    described = OpenAPIConfig(
        title="Garde hub", version=__version__, path=f"{API}/schema", render_plugins=[JsonRenderPlugin()]
    )
    return _site([router], described)


@get("/health", include_in_schema=False, media_type=MediaType.JSON)
async def health() -> dict[str, bool]:
    """Whether anybody is there; says nothing else."""
    return {"ok": True}


# --- problems ---------------------------------------------------------------------------------------------------------


def _problem(status: int, problem: Problem) -> Response[Problem]:
    return Response(problem, status_code=status, media_type=MediaType.JSON, headers=_HEADERS)


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    return _problem(error.status_code, Problem(_CODES.get(error.status_code, "USAGE"), error.detail))


def _garde_problem(request: Request[Any, Any, Any], error: GardeError) -> Response[Problem]:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
    return _problem(status, Problem(error.code, error.message, error.todo))


def _disk_problem(request: Request[Any, Any, Any], error: OSError) -> Response[Problem]:
    return _problem(503, Problem("JOURNAL", f"nothing was done: {error}", "make room on the hub's disk"))


def _paper_problem(request: Request[Any, Any, Any], error: NotTypeset) -> Response[Problem]:
    return _problem(503, Problem("PAPER", f"no page could be made: {error.reason}", "read it on the screen"))


def _unexpected(complain: Callable[[str], None]) -> Callable[[Request[Any, Any, Any], Exception], Response[Problem]]:
    def say(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
        complain(f"{request.method} {request.url.path}: {type(error).__name__}: {error}")
        return _problem(500, Problem("GARDE", "an error that Garde did not expect", "look at the hub's own output"))

    return say


# --- serving ----------------------------------------------------------------------------------------------------------


class Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the program has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(app: App, context: ssl.SSLContext) -> Server:
    """Return the server, not yet serving. It writes no log of its own: the journal is the record."""
    config = uvicorn.Config(
        cast(Any, app),
        http=BoundedHttp,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=2,
        backlog=2048,
        ssl_context_factory=lambda config, default: context,
    )
    return Server(config)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises UsageError where it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.create_server(address[:2], family=family, backlog=2048, reuse_port=False)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"{host}:{port} cannot be listened on: {error}", "choose another --listen HOST:PORT"
        ) from error
    found.set_inheritable(False)
    return found
