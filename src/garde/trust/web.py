"""What all pages of ours have in common: the policy of their answers, forms that come from our own host, no way out.

Comes in: requests, bodies. Goes out: `Form` where a form counts, answers with their headers. A form counts only where
it comes from a page of this host (`Origin`, `Sec-Fetch-Site`); whether it carries the session's own token is for who
knows the sessions. It renders nothing, and knows no account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

from litestar import Request, Response, Router
from litestar.datastructures import Cookie
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException

from garde.errors import GardeError, NotFound, NotPermitted, Refused, UsageError

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer a form of ours says that it comes from nowhere
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
STATUS: Final[dict[type[GardeError], int]] = {NotFound: 404, UsageError: 400, NotPermitted: 403, Refused: 409}

Asked = Request[Any, Any, Any]


class SignInNeeded(Exception):
    """Nobody is signed in."""


class Asset(Protocol):
    """A file that pages use, read once."""

    @property
    def body(self) -> bytes: ...
    @property
    def media_type(self) -> str: ...
    @property
    def version(self) -> str:
        """Of its content: an address that carries it never means another one."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form that has been found to be ours."""

    fields: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


async def read_form(request: Asked, longest: int, *, foreign: NotPermitted, too_long: UsageError) -> Form:
    """Read a form that a page of this host carried; raises `foreign` for any other, `too_long` for a long field."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    if site != "same-origin" or not origin or urlsplit(origin).netloc != request.headers.get("host", ""):
        raise foreign
    data = await request.form()
    fields = {name: value for name, value in data.items() if isinstance(value, str)}
    if any(len(value) > longest for value in fields.values()):
        raise too_long
    return Form(fields)


def html(body: str, status: int = 200) -> Response[str]:
    """Answer with a page."""
    return Response(body, status_code=status, media_type="text/html; charset=utf-8", headers=HEADERS)


def go(path: str, *cookies: Cookie) -> Response[str]:
    """Send the browser to another of our pages, with GET."""
    return Response("", status_code=303, headers={**HEADERS, "Location": path}, cookies=list(cookies))


def own_path(path: str) -> str:
    """Return the path where it is one of this host's, else the first page."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and path.isprintable()
    return path if ours and "\\" not in path else "/"


def path_of(request: Asked) -> str:
    """Return the page that is asked for, with its query."""
    query = request.url.query
    return own_path(f"{request.url.path}?{query}" if query else request.url.path)


def to_sign_in(request: Asked, error: Exception) -> Response[str]:
    """Ask for a sign-in, and come back afterwards."""
    back = path_of(request) if request.method == "GET" else "/"
    return go("/sign-in" if back == "/" else f"/sign-in?to={quote(back, safe='/')}")


def browser_language(request: Asked, languages: Collection[str]) -> str:
    """Return the first of our languages that the browser names, else English."""
    for tag in request.headers.get("accept-language", "")[:200].split(","):
        name: str = tag.partition(";")[0].strip().lower().partition("-")[0]
        if name in languages:
            return name
    return "en"


def status_of(error: GardeError) -> int:
    """Return the HTTP status of an error that people are told."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def asset_answer(assets: Mapping[str, Asset], version: str, name: str) -> Response[bytes]:
    """Answer with one file, which the browser may keep for good; nothing is read from the disk."""
    found = assets.get(name)
    if found is None:
        raise NotFoundException
    keep = "public, max-age=31536000, immutable" if version == found.version else "no-store"
    return Response(found.body, media_type=found.media_type, headers={**HEADERS, "Cache-Control": keep})


def router(
    site: object,
    handlers: Sequence[Any],
    *,
    visit: Callable[..., Any],
    form: Callable[..., Any],
    problem: Callable[[Asked, Exception], Response[str]],
    **more: Any,
) -> Router:
    """Return pages that get their site, whoever asks, and a form that is ours; `problem` says what went wrong."""
    return Router(
        "/",
        route_handlers=handlers,
        dependencies={
            "site": Provide(lambda: site, sync_to_thread=False),
            "visit": Provide(visit, sync_to_thread=False),
            "form": Provide(form),
        },
        exception_handlers={SignInNeeded: to_sign_in, HTTPException: problem, Exception: problem},
        **more,
    )
