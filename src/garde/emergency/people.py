"""Who of the estate holds a role of the plan, and what they are told.

Comes in: roles of the plan, the estate. Goes out: `Holders`, and notices: whom to call with which words. Pure; `oncall`
does the calling. The rules, one test each:

1. The people that the plan names hold a role; where none of them is in the estate, whoever is on duty in the first of
   its roles that the estate knows.
2. A role that nobody holds is left out of a call, and said.
3. A notice has two lines at most in each language, and names nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from garde.emergency.check import lines_of
from garde.emergency.nouns import Plan
from garde.emergency.wakes import key
from garde.estate.look import Lookup
from garde.estate.nouns import Words
from garde.estate.vocabulary import PERSON_ROLES
from garde.journal.notice_kinds import NoticeNeeded
from garde.journal.speech import LANGUAGES

DECIDE_S: Final = 600.0  # within which somebody is to decide on a proposal
TEXTS: Final[dict[str, dict[str, str]]] = {
    "proposal": {
        "en": "The emergency plan should be triggered: {what}.\nDecide on the hub's page, or: garde plan trigger",
        "fr": "Le plan d’urgence devrait être déclenché : {what}.\nDécidez sur la page du hub, ou : garde plan trigger",
    },
    "overdue": {
        "en": "Overdue: {what}.\nDo it now, or say on the hub's page why not.",
        "fr": "En retard : {what}.\nFaites-le maintenant, ou dites sur la page du hub pourquoi non.",
    },
    "told": {
        "en": "Diversion, {what}: not everybody was told.\nSee the hub's page for who is missing.",
        "fr": "Déviation, {what} : tous ne sont pas informés.\nVoir sur la page du hub qui manque.",
    },
    "review": {
        "en": "Diversion, {what}: time to look at it again.\nKeep, change or open it on the hub's page.",
        "fr": "Déviation, {what} : à réexaminer maintenant.\nMaintenir, changer ou rouvrir sur la page du hub.",
    },
    "hold": {
        "en": "The emergency plan was to be kept until now.\nLift it, or keep it until another time.",
        "fr": "Le plan d’urgence devait être maintenu jusqu’à maintenant.\nLevez-le, ou fixez une autre heure.",
    },
}


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a role: people by id, or a role of the estate in which somebody is on duty."""

    people: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def nobody(self) -> bool:
        """Whether the role is vacant."""
        return not self.people and not self.roles


def holders(plan: Plan, look: Lookup, role: str) -> Holders:
    """Return who holds a role of the plan."""
    found = plan.role(role)
    if found is None:
        return Holders()
    named = tuple(each for each in found.people if each in look.people)
    if named:
        return Holders(named)
    return Holders(roles=tuple(each for each in found.held_by if is_held(look, each))[:1])


def is_held(look: Lookup, role: str) -> bool:
    """Whether anybody has this role of the estate, or stands on its rota."""
    return any(role in each.roles for each in look.estate.people) or any(each.people for each in look.duty(role))


def names_of(plan: Plan, look: Lookup, role: str) -> tuple[str, ...]:
    """Return the ids of the people who may be meant by a role, in the estate's order."""
    found = holders(plan, look, role)
    by_role = [each.id for each in look.estate.people if not set(each.roles).isdisjoint(found.roles)]
    on_rota = [name for each in found.roles for line in look.duty(each) for name in line.people]
    return tuple(dict.fromkeys([*found.people, *on_rota, *by_role]))


def notice(
    kind: str, about: str, more: str, whom: Iterable[Holders], texts: dict[str, str], *,
    within_s: float, all_must: bool = False,
) -> NoticeNeeded | None:  # fmt: skip
    """Return the notice; None where nobody is left to be told."""
    people: dict[str, None] = {}
    roles: dict[str, None] = {}
    for each in whom:
        people |= dict.fromkeys(each.people)
        roles |= dict.fromkeys(each.roles)
    if not people and not roles:
        return None
    said = tuple((language, text) for language, text in texts.items() if text)
    return NoticeNeeded(key(kind, about, more), about, tuple(people), tuple(roles), said, all_must, within_s)


def filled(kind: str, look: Lookup, what: Words) -> dict[str, str]:
    """Return one of the texts above in every language."""
    return {each: TEXTS[kind][each].replace("{what}", _short(look.say(what, each))) for each in LANGUAGES}


def two_lines(words: Words) -> dict[str, str]:
    """Return the plan's own words, two lines at most."""
    return {language: "\n".join(lines_of(words, language)[:2]) for language in words}


def deciders(plan: Plan, look: Lookup, act: str) -> list[Holders]:
    """Return who is asked to decide: whoever leads, and where nobody does, the roles that may."""
    lead = holders(plan, look, plan.leader) if plan.leader else Holders()
    if not lead.nobody:
        return [lead]
    allowed = next((each.roles for each in plan.decides if each.act == act), ())
    return [Holders(roles=tuple(each for each in allowed if each in PERSON_ROLES and is_held(look, each))[:2])]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
