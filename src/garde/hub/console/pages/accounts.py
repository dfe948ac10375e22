"""The local accounts and the codes of the break-glass envelope, for those who keep them.

Comes in: a visit, and forms that carry the keeper's own password again: a screen that was left open must not be
enough to make an account. Goes out: HTML, changed accounts, and an entry for each change.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromQuery

from garde.errors import GardeError, NotPermitted, UsageError
from garde.hub.console import acts
from garde.hub.console.accounts import BREAK_GLASS, check_login
from garde.hub.console.names import ROLES
from garde.hub.console.site import Site, Visit
from garde.hub.console.web import Here, Seen, Sent
from garde.trust.web import Form, go, html


@get("/accounts", sync_to_thread=True)
def all_accounts(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """Every account."""
    acts.check_keeper(visit.caller)
    return _page(site, visit, said=visit.say(acts.SAID[said]) if said in acts.SAID else "")


@post("/accounts", sync_to_thread=True)
def change(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Make an account, or change one."""
    acts.check_keeper(visit.caller)
    try:
        check_own_password(site, visit, form)
        done = _change(site, visit, form)
    except GardeError as error:
        return _page(site, visit, form=form, wrong=visit.say.known(error.message), todo=visit.say.known(error.todo))
    return go(f"/accounts?said={done}")


@post("/accounts/codes", sync_to_thread=True)
def new_codes(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Make new codes for the envelope and show them, this once."""
    acts.check_keeper(visit.caller)
    try:
        check_own_password(site, visit, form)
    except GardeError as error:
        return _page(site, visit, wrong=visit.say.known(error.message), todo=visit.say.known(error.todo))
    codes = site.accounts.make_break_glass()
    acts.note_account(site, visit, BREAK_GLASS, "it_director", "codes")
    return html(site.render("codes.html", visit, machine="", codes=codes, waiting=0))


PAGES = [all_accounts, change, new_codes]


def check_own_password(site: Site, visit: Visit, form: Form) -> None:
    """Raise NotPermitted where the form does not carry the reader's own password. Who came in by a code has none."""
    if visit.caller.login == BREAK_GLASS:
        return
    if not site.entrance.is_password(visit.caller.login, form["own"], visit.address):
        raise NotPermitted("your own password was not right: nothing was done", "type it once more")


def _change(site: Site, visit: Visit, form: Form) -> str:
    login, what = check_login(form["login"], new=form["what"] == "made"), form["what"]
    if login == visit.caller.login and what in ("role", "shut"):
        raise UsageError("you cannot take your own account away", "let somebody else do it")
    role = form["role"]
    match what:
        case "made":
            site.accounts.make(login, role, form["password"])
        case "password":
            site.accounts.set_password(login, form["password"])
        case "role":
            site.accounts.set_role(login, role)
        case "shut":
            site.accounts.shut(login)
        case _:
            raise UsageError("nothing was chosen")
    role = next((each.role for each in site.accounts.all() if each.login == login), role)
    acts.note_account(site, visit, login, role, what)
    return what


def _page(
    site: Site, visit: Visit, *, said: str = "", wrong: str = "", todo: str = "", form: Form | None = None
) -> Response[str]:
    body = site.render(
        "accounts.html",
        visit,
        accounts=site.accounts.all(),
        roles=ROLES,
        codes_left=site.accounts.codes_left(),
        said=said,
        wrong=wrong,
        todo=todo,
        typed=form.fields if form else {},
        own_password=visit.caller.login != BREAK_GLASS,
        waiting=site.waiting(site.board()),
    )
    return html(body, 400 if wrong else 200)
