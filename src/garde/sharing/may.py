"""Who may do what about warnings, going out and coming in.

Comes in: the estate, who asks, what for. Goes out: yes or no, and the roles that may. Pure. The rules, one test each:

1. A role counts where the account has it at the console, or the person in the estate.
2. The operator's token (root on the hub's own machine) may what an operator may, but it is no person: it releases no
   warning and decides no precaution.
"""

from __future__ import annotations

from typing import Final

from garde.estate.look import Lookup

TOKEN: Final = "local"  # noqa: S105 - the login behind the operator's token
OPERATORS: Final = ("operator", "it_director", "on_call_it", "security_officer")
LEADERS: Final = ("it_director", "crisis_coordinator", "general_director")

DRAW, APPROVE, SEND, TOLD, KEY = "draw", "approve", "send", "told", "key"
TAKE, PRECAUTION = "take", "precaution"

ACTS: Final[dict[str, tuple[str, ...]]] = {
    DRAW: (*OPERATORS, "crisis_coordinator", "general_director", "dpo"),
    APPROVE: (*LEADERS, "dpo"),
    SEND: (*OPERATORS, "crisis_coordinator", "general_director", "dpo"),  # of what was approved
    TOLD: (*OPERATORS, "crisis_coordinator", "general_director", "dpo"),
    KEY: ("operator", *LEADERS),
    TAKE: (*OPERATORS, "crisis_coordinator"),
    PRECAUTION: LEADERS,
}
NAMED: Final = frozenset({APPROVE, PRECAUTION})  # by a person, not by a token


def may(look: Lookup, act: str, login: str, role: str) -> bool:
    """Whether this account may do this."""
    if not login or act not in ACTS or (login == TOKEN and act in NAMED):
        return False
    person = look.person(login) if login != TOKEN else None
    allowed = ACTS[act]
    return role in allowed or (person is not None and not set(person.roles).isdisjoint(allowed))


def roles_for(act: str) -> tuple[str, ...]:
    """Return the roles that may."""
    return ACTS.get(act, ())
