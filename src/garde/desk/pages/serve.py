"""The port of the desk's pages: the application, its server, TLS by a certificate authority of the desk's own.

Comes in: the site, where to listen. Goes out: a server that runs in the desk's event loop. On loopback it speaks plain
HTTP; on any other address only TLS, by `pages/ca.pem` of the state directory, which browsers of the wards are given
once. It shares no certificate and no key with the hub.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import uvicorn
from litestar import Litestar, Response
from litestar.exceptions import HTTPException

from garde.clock import Clock
from garde.desk.keeper import Keeper
from garde.desk.pages import numbers, paper, sign_in, wards, web
from garde.desk.pages.accounts import Accounts
from garde.desk.pages.site import Site
from garde.downtime.book import Book
from garde.errors import UsageError
from garde.trust.ca import Ca, server_context
from garde.trust.enrolment import split_address
from garde.trust.http import BoundedHttp
from garde.trust.web import Asked, router

FOLDER: Final = "pages"
BODY_MOST: Final = 64 * 1024  # bytes of a form


class Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the desk has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class Pages:
    """The pages, not yet serving."""

    site: Site
    server: Server
    sock: socket.socket
    pin: str  # SHA-256 of the authority's certificate; "" without TLS

    @property
    def url(self) -> str:
        host, port = self.sock.getsockname()[:2]
        return f"{'https' if self.site.secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def serve(self) -> None:
        """Serve until `stop`."""
        await self.server.serve(sockets=[self.sock])

    def stop(self) -> None:
        self.server.should_exit = True

    def close(self) -> None:
        self.sock.close()
        self.site.accounts.close()


def open_pages(state: Path, keeper: Keeper, book: Book, clock: Clock, address: str) -> Pages:
    """Take the port and make everything ready; UsageError where the port cannot be had."""
    host, port = split_address(address)
    secure = not is_loopback(host)
    sock = _listening(host, port)
    context, pin = _tls(state, keeper.config.hospital, host, clock) if secure else (None, "")
    site = Site(state, keeper, book, Accounts(state, clock), clock, secure=secure)
    return Pages(site, _server(application(site), context), sock, pin)


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches it: a name is looked up by nobody, so it is not."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.create_server(address[:2], family=family, backlog=128)
    except (OSError, OverflowError) as error:
        raise UsageError(f"{host}:{port} cannot be listened on: {error}", "choose another --pages HOST:PORT") from error
    found.set_inheritable(False)
    return found


def _tls(state: Path, hospital: str, host: str, clock: Clock) -> tuple[ssl.SSLContext, str]:
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    ca = Ca.load_or_make(folder, hospital=hospital, now=clock.now())
    names = {socket.gethostname(), *([] if host in ("0.0.0.0", "::") else [host])}  # noqa: S104 - compared only
    return server_context(ca.server(names, now=clock.now())), ca.pin


def application(site: Site) -> Litestar:
    """Return the ASGI application."""

    def problem(request: Asked, error: Exception) -> Response[str]:
        return web.problem(site, request, error)

    inside = [*wards.PAGES, *numbers.PAGES, *paper.PAGES, *sign_in.INSIDE]
    routers = [
        router(site, inside, visit=web.signed_in, form=web.form_of_ours, problem=problem),
        router(site, sign_in.OPEN, visit=web.anybody, form=web.open_form, problem=problem),
    ]
    return Litestar(
        routers, openapi_config=None, request_max_body_size=BODY_MOST, logging_config=None,
        exception_handlers={HTTPException: problem},
    )  # fmt: skip


def _server(app: Litestar, context: ssl.SSLContext | None) -> Server:
    config = uvicorn.Config(
        cast(Any, app), http=BoundedHttp, loop="none", ws="none", lifespan="off", log_config=None, log_level="critical",
        access_log=False, proxy_headers=False, server_header=False, timeout_keep_alive=75, timeout_graceful_shutdown=2,
        ssl_context_factory=None if context is None else lambda config, default: context,
    )  # fmt: skip
    return Server(config)
