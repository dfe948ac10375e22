"""Between the pages and the web: who asks, forms that come from our own pages, and answers with their headers.

Comes in: requests. Goes out: `Visit` and `Form` for handlers, HTML and redirects with a strict policy, and one page for
everything that goes wrong. A form counts only where it comes from a page of this host (`Origin`, `Sec-Fetch-Site`) and
carries the session's own token.
"""

from __future__ import annotations

import hmac
import logging

from litestar import Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import SkipValidation

from garde.errors import GardeError, NotPermitted, UsageError
from garde.hub.console.accounts import COOKIE
from garde.hub.console.names import Names
from garde.hub.console.site import Site, Visit, speaker
from garde.journal.speech import LANGUAGES, Said
from garde.trust.web import (
    Asked,
    Form,
    SignInNeeded,
    browser_language,
    html,
    path_of,
    read_form,
    status_of,
)

LANGUAGE_COOKIE = "garde-language"
YEAR_S = 365 * 86400
LONGEST_FIELD = 20_000  # characters: a chronology on a form

_LOG = logging.getLogger("garde.hub.console")  # goes to the hub's own output


Here = NamedDependency[SkipValidation[Site]]
Seen = NamedDependency[SkipValidation[Visit]]
Sent = NamedDependency[SkipValidation[Form]]


# --- who asks ---------------------------------------------------------------------------------------------------------


def anybody(request: Asked, site: Here) -> Visit:
    """Return the visit of whoever asks, signed in or not."""
    seq = site.deps.loop.seq  # first: what is written while the page is made, its live half hears again
    session = site.accounts.session(request.cookies)
    look = site.deps.estate()
    person = look.person(session.caller.login) if session else None
    language = language_of(request, person.language if person else "")
    logins = frozenset(each.login for each in site.accounts.all()) if session else frozenset()
    return Visit(
        session=session,
        names=Names(look, speaker(language), logins),
        now=site.deps.clock.now(),
        path=path_of(request),
        alarm=site.deps.loop.refusal,
        address=request.client.host if request.client else "",
        seq=seq,
    )


def signed_in(request: Asked, site: Here) -> Visit:
    """Return the visit of somebody who is signed in; raises SignInNeeded."""
    visit = anybody(request, site)
    if visit.session is None:
        raise SignInNeeded
    return visit


def language_of(request: Asked, own: str) -> str:
    """Return the language: chosen here, else the person's own in the estate, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    if own in LANGUAGES:
        return own
    return browser_language(request, LANGUAGES)


# --- forms ------------------------------------------------------------------------------------------------------------


async def form_of_ours(request: Asked, visit: Seen) -> Form:
    """Read a form that a page of this session carried; raises NotPermitted."""
    form = await open_form(request)
    if visit.session is None or not hmac.compare_digest(form["csrf"].encode(), visit.session.csrf.encode()):
        raise NotPermitted("this page was too old: nothing was done", "open it again, then press once more")
    return form


async def open_form(request: Asked) -> Form:
    """Read a form that a page of this host carried; for the sign-in, where there is no session yet."""
    return await read_form(
        request,
        LONGEST_FIELD,
        foreign=NotPermitted("this did not come from a page of this hub: nothing was done", "open the hub's own page"),
        too_long=UsageError("what was typed is too long"),
    )


# --- answers ----------------------------------------------------------------------------------------------------------


def session_cookie(token: str) -> Cookie:
    """Return the session's cookie: this host, TLS, no script. It ends with the browser, or with the session."""
    return Cookie(key=COOKIE, value=token, path="/", secure=True, httponly=True, samesite="lax")


def no_session_cookie() -> Cookie:
    """Return what makes the browser forget the session."""
    return Cookie(key=COOKIE, value="", path="/", secure=True, httponly=True, samesite="lax", max_age=0)


def language_cookie(language: str) -> Cookie:
    """Return what keeps the language in this browser."""
    return Cookie(key=LANGUAGE_COOKIE, value=language, path="/", secure=True, samesite="lax", max_age=YEAR_S)


# --- what goes wrong --------------------------------------------------------------------------------------------------


def problem(site: Site, request: Asked, error: Exception) -> Response[str]:
    """Say what went wrong, in one page."""
    visit = anybody(request, site)
    say = visit.say
    match error:
        case GardeError():
            status = status_of(error)
            message, todo = say.known(error.message), say.known(error.todo)
        case HTTPException(status_code=status) if status < 500:
            message = say("There is no such page") if status == 404 else say("The request could not be read")
            todo = Said("")
        case OSError():
            status, message = 503, say("Nothing was done: the hub cannot write its journal")
            todo = say("Make room on the hub's disk, then press once more. Cuts that are in force stay in force.")
        case _:
            _LOG.error("%s %s", request.method, request.url.path, exc_info=error)
            status, message = 500, say("An error that Garde did not expect")
            todo = say("Try again. Cuts that are in force stay in force.")
    return html(site.render("problem.html", visit, message=message, todo=todo, waiting=0), status)
