"""Who may decide what on the way back, and which two signatures are two persons.

Comes in: the estate, who asks, what for and for which machine. Goes out: yes or no, and the roles that may. Pure. The
rules, one test each:

1. A role counts where the account has it at the console, or the person in the estate.
2. The operator's token (root on the hub's own machine) may what an operator may, but it is no named person: it signs
   nothing, excepts nothing and tries nothing as a clinician.
3. For the service signs one of the people whom the services on the machine name as their heads; where they name nobody,
   whoever heads a ward or care, or leads the crisis. A machine that serves no one directly counts for those behind it.
4. Two logins of one person are one person.
"""

from __future__ import annotations

from typing import Final

from garde.estate.dependencies import impact
from garde.estate.look import Lookup
from garde.model.restart import Item

TOKEN: Final = "local"  # noqa: S105 - the login behind the operator's token
OPERATORS: Final = ("operator", "it_director", "on_call_it", "security_officer")
LEADERS: Final = ("it_director", "crisis_coordinator", "general_director")
CARE: Final = (
    "medical_director", "nursing_director", "emergency_head", "laboratory_head", "radiology_head", "pharmacy_head",
    "ward_head",
)  # fmt: skip

PLAN, BEGIN, AGAIN, OPEN, BACK = "plan", "begin", "again", "open", "back"
ANSWER, TRY, EXCEPT = "answer", "try", "except"
SIGN_IT, SIGN_SERVICE = "sign_it", "sign_service"
CHOOSE, JUDGE, THAW, BASELINE = "choose", "judge", "thaw", "baseline"
CREDENTIAL, WATCH, RATE, HARM = "credential", "watch", "rate", "harm"

ACTS: Final[dict[str, tuple[str, ...]]] = {
    PLAN: (*OPERATORS, "crisis_coordinator", "general_director"),
    BEGIN: (*OPERATORS, "crisis_coordinator"),
    AGAIN: (*OPERATORS, "crisis_coordinator"),
    OPEN: ("operator", *LEADERS),
    BACK: (*OPERATORS, "crisis_coordinator", "general_director", *CARE),  # who pulls the plug does no harm
    ANSWER: (*OPERATORS, "crisis_coordinator"),
    TRY: CARE,  # item 11
    EXCEPT: (*LEADERS, "medical_director"),
    SIGN_IT: OPERATORS,
    SIGN_SERVICE: ("crisis_coordinator", *CARE),
    CHOOSE: (*OPERATORS, "crisis_coordinator"),
    JUDGE: (*OPERATORS, "crisis_coordinator"),
    THAW: LEADERS,
    BASELINE: OPERATORS,
    CREDENTIAL: OPERATORS,
    WATCH: ("operator", *LEADERS),
    RATE: (*OPERATORS, "crisis_coordinator"),
    HARM: (*OPERATORS, "crisis_coordinator"),
}
NAMED: Final = frozenset({SIGN_IT, SIGN_SERVICE, EXCEPT, TRY})  # by a person, not by a token
SIDES: Final = {"it": SIGN_IT, "service": SIGN_SERVICE}


def may(look: Lookup, act: str, login: str, role: str, machine: str = "") -> bool:
    """Whether this account may do this."""
    if not login or act not in ACTS or (login == TOKEN and act in NAMED):
        return False
    heads = heads_of(look, machine) if act == SIGN_SERVICE else ()
    person = look.person(login) if login != TOKEN else None
    if heads:
        return person is not None and person.id in heads
    allowed = ACTS[act]
    return role in allowed or (person is not None and not set(person.roles).isdisjoint(allowed))


def act_for(item: str) -> str:
    """Return what a person has to be allowed to do to answer this item of the gate."""
    return TRY if item == Item.CLINICIAN else ANSWER


def roles_for(look: Lookup, act: str, machine: str = "") -> tuple[str, ...]:
    """Return who may: roles, or the people (ids) whom the services name as their heads."""
    heads = heads_of(look, machine) if act == SIGN_SERVICE else ()
    return heads or ACTS.get(act, ())


def heads_of(look: Lookup, machine: str) -> tuple[str, ...]:
    """Return the people who sign for the services on a machine; () where nobody is named."""
    services = look.services_of(machine)
    if not services and machine in look.machines:
        stopped = impact(look.estate, [machine]).stopped
        services = tuple(each for each in look.estate.services if each.id in stopped)
    return tuple(dict.fromkeys(name for each in services for name in each.heads if name in look.people))


def person_of(look: Lookup, login: str) -> str:
    """Return what makes two logins one person: the person's id, else the login."""
    found = look.person(login)
    return found.id if found is not None else f"login {login.casefold()}"
