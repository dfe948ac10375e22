"""Requests to the page, and answers. On loopback, for the browser on this PC.

Comes in: requests. Goes out: HTML, a PDF for whoever has entered a PIN, a press handed to `printing.py`. Whatever
changes something must come from this page (host, origin, the session's own token): another page in the same browser
presses no button here. `Host` is looked at, so no name of the outside can be made to mean this PC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from garde.errors import GardeError
from garde.paper.printing import Ready, look_at
from garde.ward.accounts import Accounts
from garde.ward.house import House
from garde.ward.page.printing import Printing
from garde.ward.page.sessions import COOKIE, Session, Sessions, is_its_own
from garde.ward.page.view import mark, page_view
from garde.ward.page.words import WORDS
from garde.ward.press import Wanted

HERE: Final = Path(__file__).parent
LANGUAGE: Final = "garde-language"
BODY_MOST: Final = 8 << 10
PRINTER_S: Final = 5.0  # between two looks at the printer
_LANGUAGES: Final = tuple((code, words["language"]) for code, words in WORDS.items())
_STATIC: Final = {"ward.css": "text/css", "ward.js": "text/javascript"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a form of ours says that it comes from nowhere
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Asked = Request[Any, Any, Any]


@dataclass(slots=True)
class Site:
    """What the handlers share."""

    house: House
    accounts: Accounts
    sessions: Sessions
    printing: Printing
    hosts: frozenset[str]  # HOST:PORT of the page itself
    complain: Callable[[str], None]
    printer: Ready | None = None
    templates: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
    )

    async def watch_printer(self) -> None:
        """Look at the printer, for ever: a page must not wait for one that is switched off."""
        while True:
            uri = self.house.config.printer
            self.printer = await asyncio.to_thread(look_at, uri, PRINTER_S) if uri else None
            await asyncio.sleep(PRINTER_S)


def build(site: Site) -> Litestar:
    """Return the application."""

    def check(request: Asked) -> None:
        """Let nothing in that does not come from this PC's own page."""
        host = request.headers.get("host", "")
        if host not in site.hosts:
            raise HTTPException("this page is for this PC alone", status_code=421)
        if request.method == "POST" and request.headers.get("origin", "") not in {
            f"http://{each}" for each in site.hosts
        }:
            raise HTTPException("this did not come from this page", status_code=403)

    def failed(request: Asked, error: Exception) -> Response[str]:
        return _problem(site, error)

    return Litestar(
        [_page, _mark, _enter, _leave, _print, _pack, _language, _static],
        before_request=check,
        exception_handlers={Exception: failed},
        openapi_config=None,
        request_max_body_size=BODY_MOST,
        response_headers=_HEADERS,
        logging_config=None,
        state=_state(site),
    )


def _state(site: Site) -> Any:
    from litestar.datastructures import State

    return State({"site": site})


def _problem(site: Site, error: Exception) -> Response[str]:
    status, text = 500, "an error that Garde did not expect"
    if isinstance(error, HTTPException):
        status, text = error.status_code, error.detail
    elif isinstance(error, GardeError):
        status, text = 409, f"{error.message} {error.todo}".strip()
    elif isinstance(error, OSError):
        status, text = 503, f"the disk does not do its part: {error}"
    else:
        site.complain(f"page: {type(error).__name__}: {error}")
    return Response(text, status_code=status, media_type=MediaType.TEXT, headers=_HEADERS)


# --- who asks ---------------------------------------------------------------------------------------------------------


def _site(request: Asked) -> Site:
    found: Site = request.app.state["site"]
    return found


def _session(request: Asked, *, quiet: bool = False) -> Session | None:
    return _site(request).sessions.find(request.cookies.get(COOKIE, ""), quiet=quiet)


def _language_of(request: Asked) -> str:
    asked = request.cookies.get(LANGUAGE, "")
    return asked if asked in WORDS else _site(request).house.config.language


async def _form(request: Asked) -> dict[str, str]:
    raw = (await request.body()).decode("utf-8", "replace")
    return {name: values[-1] for name, values in parse_qs(raw, keep_blank_values=True, max_num_fields=20).items()}


def _shown(request: Asked, session: Session | None, notice: str = "", status: int = 200) -> Response[str]:
    site, language = _site(request), _language_of(request)
    view = page_view(site.house, site.printing, site.printer, language)
    html = site.templates.get_template("ward.html").render(
        view=view, mark=mark(view), words=WORDS[language], language=language, languages=_LANGUAGES, session=session,
        notice=notice,
    )  # fmt: skip
    return Response(html, status_code=status, media_type=MediaType.HTML)


# --- handlers ---------------------------------------------------------------------------------------------------------


@get("/", sync_to_thread=True)
def _page(request: Asked) -> Response[str]:
    return _shown(request, _session(request))


@get("/mark", media_type=MediaType.TEXT, sync_to_thread=True)
def _mark(request: Asked) -> str:
    """What changes when the page would: asked by the page itself, so it keeps no session alive."""
    site = _site(request)
    return mark(page_view(site.house, site.printing, site.printer, _language_of(request)))


@post("/enter", status_code=200)
async def _enter(request: Asked) -> Response[str]:
    site, words, form = _site(request), WORDS[_language_of(request)], await _form(request)
    name, pin = form.get("name", ""), form.get("pin", "")
    if wait := site.accounts.wait_s(name):
        return await asyncio.to_thread(_shown, request, None, words["slow"].format(n=int(wait) + 1), 429)
    found = await asyncio.to_thread(site.accounts.enter, name, pin)
    if found is None:
        return await asyncio.to_thread(_shown, request, None, words["wrong"], 403)
    token = site.sessions.begin(found)
    return _home(Cookie(COOKIE, value=token, httponly=True, samesite="strict"))


@post("/leave", status_code=303)
async def _leave(request: Asked) -> Response[str]:
    session, form = _session(request), await _form(request)
    if session and is_its_own(session, form.get("csrf", "")):
        _site(request).sessions.end(request.cookies.get(COOKIE, ""))
    return _home()


@post("/print", status_code=200)
async def _print(request: Asked) -> Response[str]:
    site, words, form = _site(request), WORDS[_language_of(request)], await _form(request)
    session = _session(request)
    if session is None or not is_its_own(session, form.get("csrf", "")):
        return await asyncio.to_thread(_shown, request, session, words["again"], 403)
    copies = form.get("copies", "1").strip()
    wanted = Wanted(
        form.get("what", ""), form.get("pages", ""), int(copies) if copies.isdecimal() else 0, "", form.get("pack", "")
    )
    try:
        begun = await asyncio.to_thread(site.printing.begin, wanted, session.name)
    except GardeError as error:
        return await asyncio.to_thread(_shown, request, session, f"{error.message}. {error.todo}", 409)
    if not begun:
        return await asyncio.to_thread(_shown, request, session, words["busy"], 409)
    return _home()


@get("/pack/{pack:str}", sync_to_thread=True)
def _pack(request: Asked, pack: FromPath[str]) -> Response[bytes]:
    session = _session(request)
    if session is None:
        raise HTTPException(WORDS[_language_of(request)]["again"], status_code=403)
    site = _site(request)
    pdf = site.house.shown(site.house.pick(pack).pack, session.name)
    # Chromium shows a PDF with a script and a style of its own, within this answer.
    headers = {"Content-Disposition": "inline", "Content-Security-Policy": "frame-ancestors 'none'"}
    return Response(pdf, media_type="application/pdf", headers=headers)


@get("/language/{code:str}", sync_to_thread=False)
def _language(code: FromPath[str]) -> Response[str]:
    if code not in WORDS:
        raise HTTPException("no such language", status_code=404)
    return _home(Cookie(LANGUAGE, value=code, max_age=365 * 86_400, httponly=True, samesite="strict"))


@get("/static/{name:str}", sync_to_thread=True)
def _static(name: FromPath[str]) -> Response[bytes]:
    if name not in _STATIC:
        raise HTTPException("no such file", status_code=404)
    return Response((HERE / "static" / name).read_bytes(), media_type=_STATIC[name])


def _home(*cookies: Cookie) -> Response[str]:
    return Response("", status_code=303, headers={"Location": "/"}, cookies=list(cookies))
