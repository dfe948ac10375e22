"""Who may have evidence exported, or add to it.

Comes in: the estate, who asks, what for. Goes out: yes or no, and the roles that may. Pure. Rules, one test each:

1. A role counts where the account has it at the console, or the person in the estate.
2. The operator's token (root on the hub's own machine) may what an operator may: whoever is root there has the files.
"""

from __future__ import annotations

from typing import Final

from garde.estate.look import Lookup

EXPORT, REFER = "export", "refer"
_WHO: Final = (
    "operator", "it_director", "crisis_coordinator", "dpo", "legal", "security_officer", "general_director",
)  # fmt: skip
ACTS: Final[dict[str, tuple[str, ...]]] = {EXPORT: _WHO, REFER: _WHO}


def may(look: Lookup, act: str, login: str, role: str) -> bool:
    """Whether this account may do this."""
    allowed = ACTS.get(act, ())
    if not login or role in allowed:
        return bool(login) and role in allowed
    person = look.person(login)
    return person is not None and not set(person.roles).isdisjoint(allowed)


def roles_for(act: str) -> tuple[str, ...]:
    """Return the roles that may."""
    return ACTS.get(act, ())
