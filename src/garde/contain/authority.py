"""The written authority: who may make which cut.

Comes in: the estate's rules, an action with its price, what people said. Goes out: `Ruling`, and whether those who
said yes are enough. Pure; it makes no cut. The rules of reading the rules, one test each:

1. The first rule that names the action, whose severity is reached, counts; `care: none` fits only where no clinical
   service stops. Rules for unanswered incidents are read on their own.
2. What no rule speaks of needs one person, and is never done automatically.
3. `automatic` needs nobody, `one` one person, `two` two different persons, `never` is never done.
4. Who may decide: an account of a deciding role (operator, IT director, crisis coordinator); where the rule names
   roles, one that has such a role, at the console or in the estate's list of people.
5. The same person twice is one person, also under two logins. The operator's token is no person: it never counts
   among two.
6. Who said no starts it anew: yes of before no longer counts.
7. A machine that carries no agent (or a silenced one) is isolated at its switch port: what an unanswered rule says of
   `isolate` counts for its `port`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from garde.contain.memory import Said
from garde.estate.look import Lookup
from garde.estate.nouns import Rule

AUTOMATIC, ONE, TWO, UNANSWERED, NEVER = "automatic", "one", "two", "unanswered", "never"
# Roles of accounts that may say yes or no.
DECIDERS: Final = frozenset({"operator", "it_director", "crisis_coordinator"})
TOKEN: Final = "local"  # noqa: S105 - the login behind the operator's token
NEVER_ALLOWED: Final = "the written authority never allows it"
NO_RULE: Final = "no rule of the written authority speaks of it: one person decides"
_STRICTNESS: Final = (AUTOMATIC, ONE, TWO, NEVER)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the authority says of one cut."""

    needs: str  # automatic | one | two | unanswered | never
    words: str  # the rule, as it was signed
    rule: str = ""  # its id
    roles: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many persons must say yes, where one may."""
        return 2 if self.needs == TWO else 1

    @property
    def never(self) -> str:
        """Why nobody may say yes; "" where somebody may."""
        return f"{NEVER_ALLOWED}: {self.words}" if self.needs == NEVER else ""


def ruling(look: Lookup, action: str, severity: int, price: Sequence[str]) -> Ruling:
    """Return what the written authority says of an action at this severity and price."""
    for rule in look.estate.authority:
        if rule.needs != UNANSWERED and _fits(rule, action, severity, price):
            return Ruling(rule.needs, words(look, rule), rule.id, rule.roles)
    return Ruling(ONE, NO_RULE)


def cautious(found: Ruling, why: str) -> Ruling:
    """Return a ruling that leaves to one person what would have been automatic."""
    return replace(found, needs=ONE, words=f"{found.words} — {why}") if found.needs == AUTOMATIC else found


def stricter(one: Ruling, other: Ruling) -> bool:
    """Whether the first asks for more than the second."""
    return _STRICTNESS.index(one.needs) > _STRICTNESS.index(other.needs)


def unanswered(look: Lookup, severity: int) -> tuple[Rule, ...]:
    """Return the rules for incidents that nobody answers, as far as this severity reaches."""
    return tuple(each for each in look.estate.authority if each.needs == UNANSWERED and severity >= each.severity)


def may_when_unanswered(rule: Rule, action: str, price: Sequence[str], by_port: bool) -> bool:
    """Whether an unanswered rule makes this cut; `by_port`: a port is the only way to isolate this machine."""
    named = action in rule.actions or (action == "port" and by_port and "isolate" in rule.actions)
    return named and (rule.care != "none" or not price)


def words(look: Lookup, rule: Rule) -> str:
    """Return a rule in the hospital's own language; its id where it has no words."""
    return look.say(rule.words) or rule.id


def may_decide(look: Lookup, found: Ruling, login: str, role: str) -> bool:
    """Whether this account may say yes or no to a cut under this ruling."""
    if role not in DECIDERS and role not in found.roles:
        return False
    if not found.roles or role in found.roles:
        return True
    person = look.person(login) if login != TOKEN else None
    return person is not None and not set(person.roles).isdisjoint(found.roles)


def enough(look: Lookup, found: Ruling, said: Iterable[Said]) -> tuple[str, ...]:
    """Return the logins whose yes carries the cut; empty where they are not enough."""
    if found.needs == NEVER:
        return ()
    yes: dict[str, str] = {}  # person -> login
    for each in said:
        if not may_decide(look, found, each.by, each.role):
            continue
        if each.decision == "reject":
            yes.clear()
        elif each.decision == "approve" and not (found.count > 1 and each.by == TOKEN):
            yes.setdefault(_person(look, each.by), each.by)
    return tuple(yes.values())[: found.count] if len(yes) >= found.count else ()


def _person(look: Lookup, login: str) -> str:
    found = look.person(login) if login != TOKEN else None
    return f"person {found.id}" if found else f"login {login.casefold()}"


def _fits(rule: Rule, action: str, severity: int, price: Sequence[str]) -> bool:
    return action in rule.actions and severity >= rule.severity and (rule.care != "none" or not price)
