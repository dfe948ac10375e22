"""Who may ask for what: the API's one door.

Comes in: a request with the operator's token (`Authorization: Bearer ...`) or a console session's cookie. Goes out: a
`Caller`, or 401/403. A session that changes something must come from a page of ours (`Origin`): a cookie alone is
sent by any page.

The token file lies on the hub's own disk, 0600: who reads it is root there and may ask for everything; but it is no
person, and never counts as one of two.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection, Request
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from garde.hub.config import TOKEN_FILE
from garde.hub.deps import Accounts, Caller, Deps
from garde.hub.rights import Right, holders
from garde.trust.files import read_secret

Connection = ASGIConnection[Any, Any, Any, Any]
Hub = NamedDependency[SkipValidation[Deps]]
Who = NamedDependency[SkipValidation[Caller]]

LOCAL = "local"  # the login that the token stands for
_SAFE = {"GET", "HEAD", "OPTIONS"}
_CALLER = "garde_caller"


class Door:
    """Finds out who asks."""

    def __init__(self, accounts: Accounts, state: Path) -> None:
        self._accounts = accounts
        self._token = hashlib.sha256(read_secret(state / TOKEN_FILE).strip()).digest()

    def caller(self, connection: Connection) -> Caller | None:
        """Return who asks, None where nobody is named. Raises 401 for a wrong token, 403 for another's page."""
        bearer = connection.headers.get("authorization", "")
        if bearer:
            kind, _, token = bearer.partition(" ")
            digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
            if kind.lower() != "bearer" or not hmac.compare_digest(digest, self._token):
                raise NotAuthorizedException("this token is not the hub's")
            return Caller(LOCAL, "operator", "token")
        caller = self._accounts.caller(connection.cookies)
        if caller is not None and connection.scope.get("method") not in _SAFE:
            _check_origin(connection)
        return caller

    def needs(self, *roles: str) -> Callable[[Connection, BaseRouteHandler], None]:
        """Return a guard that lets these roles in; without any: everybody who is signed in."""

        def guard(connection: Connection, handler: BaseRouteHandler) -> None:
            caller = self.caller(connection)
            if caller is None:
                raise NotAuthorizedException("sign in, or send the operator's token")
            if roles and caller.how != "token" and caller.role not in roles:
                raise PermissionDeniedException(f"this needs one of the roles {', '.join(roles)}")
            connection.scope["state"][_CALLER] = caller

        return guard

    @property
    def everybody(self) -> Callable[[Connection, BaseRouteHandler], None]:
        """Everybody who is signed in."""
        return self.needs()

    @property
    def readers(self) -> Callable[[Connection, BaseRouteHandler], None]:
        """Who may read the record in full."""
        return self.needs(*sorted(holders(Right.READ)))

    @property
    def deciders(self) -> Callable[[Connection, BaseRouteHandler], None]:
        """Who may say yes or no to a cut."""
        return self.needs(*sorted(holders(Right.DECIDE)))

    @property
    def admins(self) -> Callable[[Connection, BaseRouteHandler], None]:
        """Who keeps accounts, agents and the hospital's file."""
        return self.needs(*sorted(holders(Right.KEEP)))


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """Return who the guard let in."""
    caller: Caller = request.scope["state"][_CALLER]
    return caller


def _check_origin(connection: Connection) -> None:
    origin = connection.headers.get("origin", "")
    if not origin or urlsplit(origin).netloc != connection.headers.get("host", ""):
        raise PermissionDeniedException("this did not come from a page of this hub")
