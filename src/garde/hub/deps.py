"""What the hub hands to those who serve people: the API and the console's pages.

Comes in: the assembled parts (`garde.hub.program`). Goes out: `Deps`, one frozen record, and the two Protocols that
say what the hub needs of the console's accounts. Nothing here does anything.

Rules for whoever uses it:

* The hub writes about an incident by `deps.loop.append` only, with `who` = "person/<login>" for what a person did. It
  commits before it returns, may block for some milliseconds, and is safe from any thread; `await
  deps.loop.write(...)` is the same for coroutines. OSError means that the journal cannot be written (full disk): say
  so, nothing was done.
* `deps.loop.listen(callback)` hears every entry after its commit, in order, in the thread that appended: return at
  once (`asyncio_loop.call_soon_threadsafe`), never raise.
* Views are folds: hand them to the loop as `garde.hub.fold.Fold` (the console's tuple is `garde.hub.console.VIEWS`);
  they are replayed and kept in the verified snapshot with the capabilities' states. Read them by
  `deps.loop.look(name, function)`, which holds the loop's lock: take out what you need and render outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from garde.clock import Clock
from garde.hub.rights import ROLES, Right, holders, may

__all__ = ["DECIDERS", "ROLES", "Account", "Accounts", "Caller", "Deps"]

if TYPE_CHECKING:
    from garde.estate.look import Lookup
    from garde.hub.enrol import Enrolment
    from garde.hub.keeping import EstateKeeper
    from garde.hub.liveness import Liveness
    from garde.hub.loop import Loop
    from garde.hub.orders import Orders
    from garde.hub.replies import Replies

DECIDERS = holders(Right.DECIDE)  # may say yes or no; the authority says to what


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    login: str
    role: str  # one of ROLES
    how: str  # session | token: a token file is no person, and never one of two

    def may(self, right: Right | str) -> bool:
        """Whether the caller has a right; the token of root on the hub's own machine has all of them."""
        return self.how == "token" or may(self.role, Right(right))


@dataclass(frozen=True, slots=True)
class Account:
    """One local account, without its secrets."""

    login: str
    role: str
    shut: bool = False
    totp: bool = False  # asks for a code of an app as well


class Accounts(Protocol):
    """Local accounts and the sessions of the console (`garde.hub.console.accounts.open_accounts(state, clock)`).

    Methods block (argon2 takes 150 ms): call them in a thread. UsageError for a login, role or password that cannot be,
    NotFound for a login that is not there. They write no entries: the caller does (`AccountChanged`).
    """

    def make(self, login: str, role: str, password: str) -> None:
        """Make an account; UsageError where it exists."""
        ...

    def set_password(self, login: str, password: str) -> None:
        """Change the password; ends every session of the account."""
        ...

    def set_role(self, login: str, role: str) -> None:
        """Change the role; counts from the next request on."""
        ...

    def shut(self, login: str) -> None:
        """Shut the account; ends every session of it."""
        ...

    def all(self) -> Sequence[Account]:
        """Return every account, by login."""
        ...

    def make_break_glass(self, count: int = 5) -> Sequence[str]:
        """Make new one-time codes for the printed envelope and return them, this once; older codes are void."""
        ...

    def caller(self, cookies: Mapping[str, str]) -> Caller | None:
        """Return who a console session belongs to; None where there is none, or it has ended. Quick: no argon2."""
        ...

    def close(self) -> None:
        """End; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that serving people needs."""

    loop: Loop
    accounts: Accounts
    estate: Callable[[], Lookup]  # the hospital as it is in force now
    clock: Clock
    state: Path  # the hub's state directory
    orders: Orders  # .waiting(machine): orders on their way
    liveness: Liveness  # .all(): every enrolled agent with mode and last sign of life
    enrolment: Enrolment  # .make_token(machine, by=login): a new agent's token, as text
    replies: Replies  # .give(code, meaning, how, by): a code that somebody typed
    keeper: EstateKeeper  # .take(lists, who): lists merged into hospital.yaml
