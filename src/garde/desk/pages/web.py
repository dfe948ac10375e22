"""Between the desk's pages and the web: who asks, forms that come from our own pages, answers with their headers.

Comes in: requests. Goes out: `Visit` and `Form` for handlers, HTML and redirects under a strict policy, one page for
whatever goes wrong. A form counts only where it comes from a page of this host (`Origin`, `Sec-Fetch-Site`) and carries
the session's own token.
"""

from __future__ import annotations

import hmac
import logging
from typing import Final

from litestar import Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import SkipValidation

from garde.desk.pages.site import Site, Visit
from garde.desk.pages.words import LANGUAGES
from garde.errors import GardeError, NotPermitted, UsageError
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

LANGUAGE_COOKIE: Final = "garde-language"
LONGEST_FIELD: Final = 1_000  # characters
_YEAR_S: Final = 365 * 86400
_LOG = logging.getLogger("garde.desk.pages")


Here = NamedDependency[SkipValidation[Site]]
Seen = NamedDependency[SkipValidation[Visit]]
Sent = NamedDependency[SkipValidation[Form]]


# --- who asks ---------------------------------------------------------------------------------------------------------


def cookie_name(site: Site) -> str:
    """Return the session's name: the prefix makes a browser refuse it from anywhere but this host over TLS."""
    return "__Host-garde-desk" if site.secure else "garde-desk"


def anybody(request: Asked, site: Here) -> Visit:
    """Return the visit of whoever asks, signed in or not."""
    return Visit(
        session=site.accounts.session(request.cookies.get(cookie_name(site), "")),
        language=_language_of(request),
        path=path_of(request),
        address=request.client.host if request.client else "",
        now=site.clock.now(),
        zone=site.keeper.config.manner.place,
    )


def signed_in(request: Asked, site: Here) -> Visit:
    """Return the visit of somebody who is signed in; raises SignInNeeded."""
    visit = anybody(request, site)
    if visit.session is None:
        raise SignInNeeded
    return visit


def check_may(visit: Visit, act: str) -> None:
    """Raise NotPermitted where the reader's role has no such right."""
    if not visit.may(act):
        raise NotPermitted("your account may not do this", "ask a colleague whose account may")


def _language_of(request: Asked) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return browser_language(request, LANGUAGES)


# --- forms ------------------------------------------------------------------------------------------------------------


async def form_of_ours(request: Asked, visit: Seen) -> Form:
    """Read a form that a page of this session carried; raises NotPermitted."""
    form = await open_form(request)
    if not hmac.compare_digest(form["csrf"].encode(), visit.csrf.encode()) or not visit.csrf:
        raise NotPermitted("this page was too old: nothing was done", "open it again, then press once more")
    return form


async def open_form(request: Asked) -> Form:
    """Read a form that a page of this host carried; for the sign-in, where there is no session yet."""
    form = await read_form(
        request,
        LONGEST_FIELD,
        foreign=NotPermitted(
            "this did not come from a page of this desk: nothing was done", "open the desk's own page"
        ),
        too_long=UsageError("what was typed is too long"),
    )
    return Form({name: value.strip() for name, value in form.fields.items()})


# --- answers ----------------------------------------------------------------------------------------------------------


def session_cookie(site: Site, token: str) -> Cookie:
    """Return the session's cookie; "" makes the browser forget it."""
    ends = None if token else 0
    return Cookie(
        key=cookie_name(site), value=token, path="/", secure=site.secure, httponly=True, samesite="strict", max_age=ends
    )


def language_cookie(site: Site, language: str) -> Cookie:
    """Return what keeps the language in this browser."""
    return Cookie(
        key=LANGUAGE_COOKIE, value=language, path="/", secure=site.secure, samesite="lax", max_age=_YEAR_S
    )  # fmt: skip


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
            todo = ""
        case OSError():
            status, message = 503, say("Nothing was done: the desk cannot write")
            todo = say("Make room on the desk's disk, then press once more.")
        case _:
            _LOG.error("%s %s: %s", request.method, request.url.path, type(error).__name__)  # no patient's data
            status, message = 500, say("An error that Garde did not expect")
            todo = say("Use paper, and tell who looks after the desk.")
    return html(site.render("problem.html", visit, message=message, todo=todo), status)
