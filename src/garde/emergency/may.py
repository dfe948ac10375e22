"""Who may decide what under the plan in force, and what a decision is refused for.

Comes in: the plan, the estate, who asks and what for. Goes out: yes or no, and the roles that may. Pure. The rules, one
test each:

1. What the plan says of an act counts: one of its roles, at the console or in the estate's list of people.
2. What the plan does not speak of, and where there is no plan, every decider of the console may.
3. The operator's token (root on the hub's own machine) may what an operator may.
4. A viewer decides nothing unless the plan or the person's own role names it.
"""

from __future__ import annotations

from typing import Final

from garde.emergency.nouns import Plan
from garde.estate.look import Lookup

DECIDERS: Final = ("operator", "it_director", "crisis_coordinator")  # accounts that may say yes or no at all
TOKEN: Final = "local"  # noqa: S105 - the login behind the operator's token


def roles_for(plan: Plan | None, act: str) -> tuple[str, ...]:
    """Return the roles that may do this."""
    found = next((each.roles for each in plan.decides if each.act == act), ()) if plan else ()
    return found or DECIDERS


def may(plan: Plan | None, look: Lookup, act: str, login: str, role: str) -> bool:
    """Whether this account may do this."""
    allowed = roles_for(plan, act)
    if role in allowed or (login == TOKEN and role == "operator"):
        return True
    person = look.person(login) if login != TOKEN else None
    return person is not None and not set(person.roles).isdisjoint(allowed)
