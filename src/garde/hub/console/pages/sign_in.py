"""Signing in and out, and the language.

Comes in: what somebody typed who is not signed in. Goes out: a session's cookie, or the same form with what was wrong.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.hub.console import web
from garde.hub.console.entrance import AskCode, Denied, Entered
from garde.hub.console.site import Site, Visit
from garde.hub.console.web import Here, Seen, Sent
from garde.journal.speech import LANGUAGES, Said
from garde.trust.web import Asked, go, html, own_path

WAYS = ("password", "code", "envelope")


@get("/sign-in", sync_to_thread=True)
def form_page(site: Here, visit: Seen, to: FromQuery[str] = "/", way: FromQuery[str] = "password") -> Response[str]:
    """The form."""
    if visit.session is not None:
        return go(own_path(to))
    return _form(site, visit, "envelope" if way == "envelope" else "password", to)


@post("/sign-in", sync_to_thread=True)
def sign_in(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Try what was typed."""
    way, to = form["way"], form["to"]
    outcome: Entered | AskCode | Denied
    if way == "envelope":
        outcome = site.entrance.break_glass(form["code"], visit.address)
    elif way == "code":
        outcome = site.entrance.code(form["ticket"], form["code"], visit.address)
    else:
        outcome = site.entrance.password(form["login"], form["password"], visit.address)
    match outcome:
        case Entered(cookie):
            return go(own_path(to), web.session_cookie(cookie))
        case AskCode(ticket):
            return _form(site, visit, "code", to, ticket=ticket, wrong=_wrong_code(visit) if way == "code" else None)
        case Denied(wait):
            again = "envelope" if way == "envelope" else "password"
            return _form(site, visit, again, to, login=form["login"], wrong=_wrong(visit, way, wait))


@post("/sign-out", sync_to_thread=True)
def sign_out(site: Here, request: Asked, form: Sent) -> Response[str]:
    """End the session of this browser."""
    site.accounts.end(request.cookies)
    return go("/sign-in", web.no_session_cookie())


@get("/language/{language:str}")
async def choose_language(language: FromPath[str], to: FromQuery[str] = "/") -> Response[str]:
    """Keep the language in this browser."""
    return go(own_path(to), *([web.language_cookie(language)] if language in LANGUAGES else []))


PAGES = [form_page, sign_in, sign_out, choose_language]


def _form(
    site: Site, visit: Visit, way: str, to: str, *, ticket: str = "", login: str = "", wrong: Said | None = None
) -> Response[str]:
    body = site.render(
        "sign_in.html",
        visit,
        way=way,
        to=own_path(to),
        ticket=ticket,
        login=login,
        wrong=wrong or Said(""),
        waiting=0,
    )
    return html(body, 403 if wrong else 200)


def _wrong(visit: Visit, way: str, wait: float) -> Said:
    say = visit.say
    if wait:
        return say.many(
            "Too many tries. Wait {n} second.", "Too many tries. Wait {n} seconds.", max(round(wait + 0.5), 1)
        )
    if way == "envelope":
        return say("This code is not right, or it was used before.")
    if way == "code":
        return say("That took too long, or there were too many wrong codes. Begin again.")
    return say("This login and password do not go together.")


def _wrong_code(visit: Visit) -> Said:
    return visit.say("This code is not right. Take the one that your telephone shows now.")
