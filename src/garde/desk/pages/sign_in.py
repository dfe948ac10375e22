"""Signing in and out, the language, static files, and how fresh the census is.

Comes in: what somebody typed who is not signed in. Goes out: a session's cookie, or the same form with what was wrong.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.desk.pages import web
from garde.desk.pages.entrance import Denied
from garde.desk.pages.site import Site, Visit
from garde.desk.pages.web import Here, Seen, Sent
from garde.desk.pages.words import LANGUAGES
from garde.trust.web import HEADERS, Asked, asset_answer, go, html, own_path


@get("/sign-in")
async def form_page(site: Here, visit: Seen, to: FromQuery[str] = "/") -> Response[str]:
    """The form."""
    return go(own_path(to)) if visit.session else _form(site, visit, to)


@post("/sign-in")
async def sign_in(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Try what was typed."""
    typed = (form["login"], form.fields.get("password", ""), visit.address)
    outcome = await asyncio.to_thread(site.entrance.try_password, *typed)
    if isinstance(outcome, str):
        return go(own_path(form["to"]), web.session_cookie(site, outcome))
    return _form(site, visit, form["to"], outcome, form["login"])


@post("/sign-out")
async def sign_out(site: Here, request: Asked, visit: Seen, form: Sent) -> Response[str]:
    """End the session of this browser."""
    site.accounts.end(request.cookies.get(web.cookie_name(site), ""))
    return go("/sign-in", web.session_cookie(site, ""))


@get("/language/{language:str}")
async def choose_language(site: Here, language: FromPath[str], to: FromQuery[str] = "/") -> Response[str]:
    """Keep the language in this browser."""
    return go(own_path(to), *([web.language_cookie(site, language)] if language in LANGUAGES else []))


@get("/static/{version:str}/{name:str}")
async def asset(site: Here, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Answer with one file; nothing is read from the disk at a request."""
    return asset_answer(site.assets, version, name)


@get("/fresh")
async def fresh(site: Here, visit: Seen) -> Response[dict[str, Any]]:
    """How old the newest word is: what an open page asks every half minute."""
    found = site.keeper.freshness()
    newest = visit.time(found.newest) if found.newest else ""
    body = {"feed": found.feed.value, "newest": newest, "words": visit.say.age(found.age_s)}
    return Response(body, headers=HEADERS)


OPEN = [form_page, sign_in, choose_language, asset]
INSIDE = [sign_out, fresh]


def _form(site: Site, visit: Visit, to: str, denied: Denied | None = None, login: str = "") -> Response[str]:
    say, wrong = visit.say, ""
    if denied is not None:
        wrong = say("This login and password do not go together.")
        if denied.wait_s:
            wrong = say("Too many tries. Wait {n} seconds.", n=max(round(denied.wait_s + 0.5), 1))
    body = site.render("sign_in.html", visit, to=own_path(to), wrong=wrong, login=login)
    return html(body, 403 if wrong else 200)
