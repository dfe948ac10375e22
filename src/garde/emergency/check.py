"""Whether a plan makes sense: the rules beyond its types. Each function is one sentence of this list.

Comes in: a plan with the places of its parts, and the estate where it is known. Goes out: problems with file and line.

* Ids stand once in their table, and what a part names exists in the plan.
* Words that are closed are of the list: acts, states, what a criterion is checked by, what a trigger needs.
* A plan has phases and ways in; each phase has a name.
* A trigger names something that can make it fit, and triggers do not run in a circle: a phase whose overdue task
  triggers that same phase, or one before it.
* The steps of a card are as many in every language; so are the lines of a call, two at the most.
* A message fills in only fields that there are.
* A role is held by roles that an estate can have; with an estate at hand: by somebody who is there (a warning).
* With an estate at hand: the services and people that the plan names are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from garde.emergency.nouns import Plan, Trigger
from garde.estate.look import Lookup
from garde.estate.nouns import Words
from garde.estate.places import Places, Problem
from garde.estate.vocabulary import CONSOLE_ROLES, PERSON_ROLES

ACTS: Final = ("trigger", "phase", "hold", "stand_down", "task", "divert", "service", "flag", "report", "load")
PATH_STATES: Final = ("open", "limited", "diverted")
SERVICE_STATES: Final = ("works", "degraded", "paper", "closed")
CHECKS: Final = ("hand", "services", "quiet", "tasks", "told", "restart", "watch", "paper")
NEEDS: Final = ("one", "automatic")
FIELDS: Final = ("hospital", "path", "since", "review", "reason", "by")  # of a message, in square brackets
NEIGHBOURS: Final = "neighbours"
ANY: Final = "any"
ACCOUNT_ROLES: Final = (*CONSOLE_ROLES, "viewer")
_FIELD: Final = re.compile(r"\[([^\[\]]*)\]")
_TABLES: Final = (
    "phases",
    "roles",
    "cards",
    "calls",
    "triggers",
    "tasks",
    "stand_down",
    "recipients",
    "paths",
    "messages",
)


def check(plan: Plan, places: Places, look: Lookup | None = None) -> Iterator[Problem]:
    """Return everything that is wrong."""
    for rule in (_ids, _references, _closed_words, _whole, _triggers, _lines, _messages):
        yield from rule(plan, places)
    if look is not None:
        yield from _estate(plan, places, look)


def _ids(plan: Plan, places: Places) -> Iterator[Problem]:
    for table in _TABLES:
        seen: set[str] = set()
        for number, each in enumerate(getattr(plan, table)):
            if each.id in seen:
                yield Problem(places.at(table, number, "id"), f"{each.id} stands a second time in {table}")
            seen.add(each.id)


# (table, field, table that it names; further words that may stand there)
_NAMES: Final[tuple[tuple[str, str, str, tuple[str, ...]], ...]] = (
    ("phases", "calls", "calls", ()),
    ("roles", "card", "cards", ()),
    ("calls", "roles", "roles", ()),
    ("triggers", "phase", "phases", ()),
    ("triggers", "task", "tasks", ()),
    ("tasks", "owner", "roles", ()),
    ("tasks", "phase", "phases", ()),
    ("tasks", "call", "calls", ()),
    ("paths", "tell", "recipients", (NEIGHBOURS,)),
    ("messages", "path", "paths", ()),
)


def _references(plan: Plan, places: Places) -> Iterator[Problem]:
    for table, name, target, more in _NAMES:
        known = {each.id for each in getattr(plan, target)} | set(more)
        for number, each in enumerate(getattr(plan, table)):
            for found in _listed(getattr(each, name)):
                if found not in known:
                    where = places.at(table, number, name)
                    yield Problem(where, f"{each.id}: there is no {found} in {target}")
    if plan.leader and plan.role(plan.leader) is None:
        yield Problem(places.at("leader"), f"there is no {plan.leader} in roles")


def _listed(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


_CLOSED: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("triggers", "needs", NEEDS),
    ("triggers", "states", SERVICE_STATES),
    ("stand_down", "check", CHECKS),
    ("messages", "state", PATH_STATES),
    ("decides", "act", ACTS),
    ("decides", "roles", (*PERSON_ROLES, *ACCOUNT_ROLES)),
    ("roles", "held_by", PERSON_ROLES),
)


def _closed_words(plan: Plan, places: Places) -> Iterator[Problem]:
    for table, name, words in _CLOSED:
        for number, each in enumerate(getattr(plan, table)):
            for found in _listed(getattr(each, name)):
                if found not in words:
                    yield Problem(places.at(table, number, name), f"{found} is none of {', '.join(words)}")
    for number, trigger in enumerate(plan.triggers):
        if trigger.severity not in (0, 1, 2, 3):
            yield Problem(places.at("triggers", number, "severity"), "the severity of an incident is 1, 2 or 3")


def _whole(plan: Plan, places: Places) -> Iterator[Problem]:
    if not plan.phases:
        yield Problem(places.at("phases"), "the plan has no phases")
    if not plan.paths:
        yield Problem(places.at("paths"), "the plan names no way in (`paths:`): nothing can be diverted", warning=True)
    for number, role in enumerate(plan.roles):
        if not role.people and not role.held_by:
            yield Problem(places.at("roles", number), f"nobody can hold the role {role.id}: name `people` or `held_by`")
    if not plan.leader:
        yield Problem(
            places.at("leader"), "nobody leads: where something waits nobody is asked (`leader:`)", warning=True
        )


def _triggers(plan: Plan, places: Places) -> Iterator[Problem]:
    for number, each in enumerate(plan.triggers):
        where = places.at("triggers", number)
        if not (each.severity or each.services or each.task):
            yield Problem(where, f"the trigger {each.id} can never fit: name `severity`, `services` or `task`")
        if _is_circle(plan, each):
            yield Problem(
                where,
                f"the trigger {each.id} runs in a circle: its task belongs to {plan.task(each.task).phase}, "  # type: ignore[union-attr]
                f"and it triggers {each.phase}, which is not graver",
            )


def _is_circle(plan: Plan, trigger: Trigger) -> bool:
    """Phases stand in an order, and a trigger may only lead up: then no chain of triggers can come back."""
    task = plan.task(trigger.task) if trigger.task else None
    return task is not None and plan.rank(trigger.phase) <= plan.rank(task.phase)


def _lines(plan: Plan, places: Places) -> Iterator[Problem]:
    for number, card in enumerate(plan.cards):
        if len({len(lines_of(card.steps, language)) for language in card.steps}) > 1:
            yield Problem(places.at("cards", number, "steps"), f"{card.id}: a language has more steps than another")
    for number, call in enumerate(plan.calls):
        if any(len(lines_of(call.text, language)) > 2 for language in call.text):
            yield Problem(places.at("calls", number, "text"), f"{call.id}: a call has two lines at most")


def lines_of(words: Words, language: str) -> list[str]:
    """Return the lines of a text in a language; none where there is none."""
    return [each.strip() for each in words.get(language, "").splitlines() if each.strip()]


def _messages(plan: Plan, places: Places) -> Iterator[Problem]:
    for number, message in enumerate(plan.messages):
        for text in message.text.values():
            for found in _FIELD.findall(text):
                if found not in FIELDS:
                    where = places.at("messages", number, "text")
                    yield Problem(where, f"[{found}] cannot be filled in: there is {', '.join(FIELDS)}")


def _estate(plan: Plan, places: Places, look: Lookup) -> Iterator[Problem]:
    on_duty = {role for person in look.estate.people for role in person.roles} | {
        each.role for each in look.estate.rota
    }
    for number, role in enumerate(plan.roles):
        for name in role.people:
            if name not in look.people:
                yield Problem(
                    places.at("roles", number, "people"), f"{role.id}: there is no person {name} in the estate"
                )
        if not any(name in look.people for name in role.people) and on_duty.isdisjoint(role.held_by):
            text = f"nobody of the estate holds the role {role.id}"
            yield Problem(places.at("roles", number), text, warning=True)
    for number, trigger in enumerate(plan.triggers):
        for name in trigger.services:
            if name != ANY and name not in look.services:
                where = places.at("triggers", number, "services")
                yield Problem(where, f"{trigger.id}: there is no service {name} in the estate")
