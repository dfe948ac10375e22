"""The API of keeping the hub: agents' tokens, accounts, the estate.

Comes in: requests of an admin, or of root on the hub's own machine (the token). Goes out: tokens and codes shown
once, and an entry for everything that changed.
"""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, SkipValidation

from garde.errors import UsageError
from garde.hub.api_shapes import (
    AccountAsked,
    AccountChange,
    CodesShown,
    EstateState,
    Revocation,
    TokenAsked,
    TokenShown,
)
from garde.hub.deps import ROLES, Account, Caller
from garde.hub.guard import LOCAL, Door, Hub, Who
from garde.hub.keeping import EstateKeeper
from garde.journal.hub_kinds import AccountChanged

LONGEST_TOKEN_H = 7 * 24.0
Name = Annotated[str, PathParameter(max_length=200)]
File = NamedDependency[SkipValidation[EstateKeeper]]


@post("/agents/tokens", sync_to_thread=True)
def make_token(deps: Hub, caller: Who, data: JSONBody[TokenAsked]) -> TokenShown:
    """Make a one-time enrolment token for a machine of the estate."""
    if not 0 < data.hours <= LONGEST_TOKEN_H:
        raise UsageError(f"a token counts for {LONGEST_TOKEN_H:.0f} hours at most")
    token = deps.enrolment.make_token(data.machine, caller.login, data.hours * 3600)
    return TokenShown(data.machine, str(token), data.hours * 3600)


@get("/agents/{machine:str}/codes", sync_to_thread=True)
def codes(deps: Hub, machine: Name) -> CodesShown:
    """The release codes of a machine, to be printed and kept where the network is not."""
    return CodesShown(machine, list(deps.enrolment.codes(machine)))


@post("/agents/{machine:str}/revoke", sync_to_thread=True)
def revoke(deps: Hub, caller: Who, machine: Name, data: JSONBody[Revocation]) -> dict[str, str]:
    """Believe an agent no more."""
    deps.enrolment.revoke(machine, caller.login, data.reason[:200])
    return {"revoked": machine}


@get("/accounts", sync_to_thread=True)
def accounts(deps: Hub) -> list[Account]:
    """Every local account, without its secrets."""
    return list(deps.accounts.all())


@post("/accounts", sync_to_thread=True)
def make_account(deps: Hub, caller: Who, data: JSONBody[AccountAsked]) -> Account:
    """Make a local account."""
    _check_role(data.role)
    if data.login.strip().lower() == LOCAL:
        raise UsageError(f"{LOCAL} is what the operator's token is called in the journal", "choose another login")
    deps.accounts.make(data.login, data.role, data.password)
    _note(deps, caller, data.login, data.role, "made")
    return Account(data.login, data.role)


@patch("/accounts/{login:str}", sync_to_thread=True)
def change_account(deps: Hub, caller: Who, login: Name, data: JSONBody[AccountChange]) -> list[Account]:
    """Change an account's password or role, or shut it."""
    role = next((each.role for each in deps.accounts.all() if each.login == login), "")
    if data.role is not None:
        _check_role(data.role)
        deps.accounts.set_role(login, data.role)
        role = data.role
        _note(deps, caller, login, role, "role")
    if data.password is not None:
        deps.accounts.set_password(login, data.password)
        _note(deps, caller, login, role, "password")
    if data.shut:
        deps.accounts.shut(login)
        _note(deps, caller, login, role, "shut")
    return [each for each in deps.accounts.all() if each.login == login]


@post("/accounts/break-glass", sync_to_thread=True)
def break_glass(deps: Hub, caller: Who) -> dict[str, list[str]]:
    """Make new break-glass codes for the sealed envelope; the older ones are void."""
    made = list(deps.accounts.make_break_glass())
    _note(deps, caller, "break-glass", "admin", "password")
    return {"codes": made}


@get("/estate", sync_to_thread=True)
def estate(deps: Hub, keeper: File) -> EstateState:
    """The estate in force."""
    return keeper.state()


@post("/estate/reload", sync_to_thread=True)
def reload(deps: Hub, caller: Who, keeper: File) -> EstateState:
    """Read hospital.yaml again; where it has a fault nothing changes, and the answer names file and line."""
    return keeper.reload(f"person/{caller.login}")


def routers(door: Door) -> list[Router]:
    """Return what this part of the API is made of."""
    admin = [make_token, codes, revoke, accounts, make_account, change_account, break_glass, reload]
    return [
        Router("/", route_handlers=[estate], guards=[door.everybody], tags=["hub"]),
        Router("/", route_handlers=admin, guards=[door.admins], tags=["hub"]),
    ]


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"there is no role {role!r}", f"choose one of {', '.join(ROLES)}")


def _note(deps: Hub, caller: Caller, login: str, role: str, change: str) -> None:
    deps.loop.append([AccountChanged(login, role, change, caller.login)], who=f"person/{caller.login}")
