"""One's own account: the password, and the codes of one's telephone.

Comes in: a visit, and forms that carry the own password again. Goes out: HTML, a changed account, an entry. A
telephone counts from the moment that one of its codes has been right; until then nothing has changed.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromQuery

from garde.errors import GardeError, UsageError
from garde.hub.console import acts, totp
from garde.hub.console.accounts import BREAK_GLASS
from garde.hub.console.pages.accounts import check_own_password
from garde.hub.console.site import Site, Visit
from garde.hub.console.web import Here, Seen, Sent, session_cookie
from garde.trust.enrolment import qr_svg
from garde.trust.web import Form, go, html


@get("/me", sync_to_thread=True)
def me(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """One's own account."""
    return _page(site, visit, said=visit.say(acts.SAID[said]) if said in acts.SAID else "")


@post("/me/password", sync_to_thread=True)
def password(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Change it; other sessions end, this one goes on."""
    try:
        _check_has_account(visit)
        check_own_password(site, visit, form)
        site.accounts.set_password(visit.caller.login, form["password"])
    except GardeError as error:
        return _page(site, visit, wrong=visit.say.known(error.message), todo=visit.say.known(error.todo))
    acts.note_account(site, visit, visit.caller.login, visit.caller.role, "password")
    assert visit.session is not None
    return go(
        "/me?said=password", session_cookie(site.accounts.begin(visit.caller.login, visit.session.how, visit.address))
    )


@post("/me/app", sync_to_thread=True)
def app(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Begin, confirm or end asking for a telephone's codes."""
    try:
        _check_has_account(visit)
        if form["what"] == "confirm":
            return _confirm(site, visit, form)
        check_own_password(site, visit, form)
    except GardeError as error:
        return _page(site, visit, wrong=visit.say.known(error.message), todo=visit.say.known(error.todo))
    if form["what"] == "end":
        site.accounts.set_totp(visit.caller.login, "")
        acts.note_account(site, visit, visit.caller.login, visit.caller.role, "app")
        return go("/me?said=no-app")
    return _page(site, visit, secret=site.entrance.offer_app(visit.caller.login))


PAGES = [me, password, app]


def _confirm(site: Site, visit: Visit, form: Form) -> Response[str]:
    secret = site.entrance.offered_app(visit.caller.login)
    if not secret:
        raise UsageError("that took too long", "begin again")
    step = totp.step_of(secret, form["code"], visit.now, 0)
    if not step:
        wrong = visit.say("This code is not right. Take the one that your telephone shows now.")
        return _page(site, visit, secret=secret, wrong=wrong)
    site.accounts.set_totp(visit.caller.login, secret, step)
    acts.note_account(site, visit, visit.caller.login, visit.caller.role, "app")
    return go("/me?said=app")


def _check_has_account(visit: Visit) -> None:
    if visit.caller.login == BREAK_GLASS:
        raise UsageError("who came in by a code of the envelope has no account to change", "make one under Accounts")


def _page(
    site: Site, visit: Visit, *, said: str = "", wrong: str = "", todo: str = "", secret: str = ""
) -> Response[str]:
    mine = next((each for each in site.accounts.all() if each.login == visit.caller.login), None)
    link = totp.link(secret, visit.caller.login, visit.names.look.estate.name) if secret else ""
    body = site.render(
        "me.html",
        visit,
        account=mine,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        qr=qr_svg(link) if link else "",
        said=said,
        wrong=wrong,
        todo=todo,
        waiting=site.waiting(site.board()),
    )
    return html(body, 400 if wrong else 200)
