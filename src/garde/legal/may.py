"""Who may say what in matters of law.

Comes in: the estate, who asks, what for. Goes out: yes or no, and the roles that may. Pure. The rules, one test each:

1. A role counts where the account has it at the console, or the person in the estate.
2. The operator's token (root on the hub's own machine) loads clocks, has drafts filled and writes in them. It is no
   named person: it starts no clock, judges no duty, signs nothing, hands nothing in and decides no ransom.
"""

from __future__ import annotations

from typing import Final

from garde.estate.look import Lookup

TOKEN: Final = "local"  # noqa: S105 - the login behind the operator's token
LAW: Final = ("dpo", "legal")
LEADERS: Final = ("it_director", "crisis_coordinator", "general_director")

LOAD, AWARE, APPLIES = "load", "aware", "applies"
DRAFT, EDIT, SIGN, SUBMIT, RANSOM = "draft", "edit", "sign", "submit", "ransom"

ACTS: Final[dict[str, tuple[str, ...]]] = {
    LOAD: (*LAW, *LEADERS),
    AWARE: (*LAW, *LEADERS),
    APPLIES: (*LAW, *LEADERS),
    DRAFT: (*LAW, *LEADERS, "operator", "security_officer", "communication"),
    EDIT: (*LAW, *LEADERS, "operator", "security_officer", "communication"),
    SIGN: (*LAW, *LEADERS),
    SUBMIT: (*LAW, *LEADERS),
    RANSOM: LEADERS,
}
NAMED: Final = frozenset({AWARE, APPLIES, SIGN, SUBMIT, RANSOM})  # by a person, not by a token


def may(look: Lookup, act: str, login: str, role: str) -> bool:
    """Whether this account may do this."""
    if not login or act not in ACTS or (login == TOKEN and act in NAMED):
        return False
    allowed = ACTS[act]
    if role in allowed or (login == TOKEN and role == "operator"):
        return True
    person = look.person(login) if login != TOKEN else None
    return person is not None and not set(person.roles).isdisjoint(allowed)


def roles_for(act: str) -> tuple[str, ...]:
    """Return the roles that may."""
    return ACTS.get(act, ())
