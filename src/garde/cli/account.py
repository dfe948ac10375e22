"""`garde account`: who may sign in at the downtime desk's pages.

Comes in: an action, a login. Goes out: what was changed; a new password, shown once. It works on the desk's own state
directory, beside the running desk or without one: who may write there keeps the accounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.downtime import DEFAULT_STATE, DeskState
from garde.cli.options import Json

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.desk.pages.accounts import Accounts

Action = Annotated[
    Literal["list", "add", "role", "password", "shut", "open"],
    Parameter(help="List; make one; change its role; give it a new password; shut it; open it again."),
]
Login = Annotated[str, Parameter(name="LOGIN", help="One person's: c.moreau.")]
Role = Annotated[
    Literal["", "clerk", "lab", "lead"],
    Parameter(name="--role", help="add, role: lab looks, keys; clerk also gives and matches; lead also voids, signs."),
]


def account(
    action: Action,
    login: Login = "",
    /,
    *,
    role: Role = "",
    state: DeskState = DEFAULT_STATE,
    as_json: Json = False,
) -> int:
    """Keep who may sign in at the downtime desk's pages. A login is one person's: two logins are two people.

    Example: garde account add c.moreau --role clerk
    """
    import contextlib

    from garde.cli.screen import Screen
    from garde.clock import SystemClock
    from garde.desk.config import load_config
    from garde.desk.pages.accounts import Accounts

    screen, place = Screen(as_json), state.absolute()
    load_config(place)
    with contextlib.closing(Accounts(place, SystemClock())) as accounts:
        if action == "list":
            _list(accounts, screen)
        else:
            _act(action, login, role, accounts, screen)
    return 0


def _list(accounts: Accounts, screen: Screen) -> None:
    for each in accounts.all():
        screen.data({"kind": "account", "login": each.login, "role": each.role, "shut": each.shut})
        screen.line(f"{each.login}  {each.role}{'  SHUT' if each.shut else ''}", "dim" if each.shut else "note")


def _act(action: str, login: str, role: str, accounts: Accounts, screen: Screen) -> None:
    from garde.desk.pages.accounts import check_login, new_password

    name, password = check_login(login), ""
    match action:
        case "add":
            password = new_password()
            accounts.make(name, role, password)
        case "password":
            password = new_password()
            accounts.set_password(name, password)
        case "role":
            accounts.set_role(name, role)
        case _:
            accounts.set_shut(name, shut=action == "shut")
    screen.data({"kind": "account_changed", "login": name, "action": action, "password": password})
    screen.line(f"{name}: {action}", "good")
    if password:
        screen.line(f"  Password, shown this once: {password}", "warn")
        screen.line("  Hand it over by voice or on paper; `garde account password` gives another.", "dim")
