"""The rules of people: who is called, who decides. Each function is one sentence of this list.

Comes in: an indexed estate and the places of its parts. Goes out: problems. Called by check.py.

* A login and a mail address belong to one person; a mail address has one @.
* Whoever is on the rota has a telephone (a warning).
* The hours of the rota can be read, and a line of it names somebody.
* On-call IT is covered at every hour of the week (a warning).
* A rule names at least one cut, a severity of 1 to 3, and seconds exactly where it is `unanswered`.
* A rule can fire: what it speaks of is not all taken by rules before it.
* For every cut somebody may decide: a rule fits it, or it is never made (a warning).
* Where two must say yes, two have the roles; where one must, one has (a warning).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from garde.estate.hours import gaps, read_hours, say_span
from garde.estate.look import Lookup
from garde.estate.nouns import Rule
from garde.estate.places import Places, Problem
from garde.estate.sentences import Quoted, Sentence, Unreadable
from garde.estate.vocabulary import ACTIONS, CARE, CONSOLE_ROLES, NEEDS, SEVERITIES
from garde.journal.speech import mark

_Case = tuple[str, int, bool]  # action, severity, whether a clinical service stops


def people_can_be_told_apart(look: Lookup, places: Places) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for number, person in enumerate(look.estate.people):
        named = [(("logins", index), text) for index, text in enumerate(person.logins)]
        for path, text in [*named, (("mail",), person.mail)]:
            where = places.at("people", number, *path)
            if path == ("mail",) and text and (text.count("@") != 1 or " " in text):
                yield Problem(where, Sentence("{text} is no mail address", text=Quoted(text)))
            owner = owners.setdefault(text.casefold(), person.id) if text else person.id
            if owner != person.id:
                yield Problem(where, Sentence("{text} belongs to {owner} already", text=text, owner=owner))


def the_rota_can_be_called(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, line in enumerate(look.estate.rota):
        if not line.people:
            yield Problem(places.at("rota", number), Sentence("this line of the rota names nobody"))
        for index, name in enumerate(line.people):
            person, where = look.people.get(name), places.at("rota", number, "people", index)
            if person is not None and not person.phones:
                what = Sentence("{person} is on call and has no telephone", person=name)
                yield Problem(where, what, warning=True)


def the_rota_has_hours(look: Lookup, places: Places) -> Iterator[Problem]:
    covered = []
    for number, line in enumerate(look.estate.rota):
        try:
            hours = read_hours(line.hours)
        except Unreadable as error:
            yield Problem(places.at("rota", number, "hours"), error.why)
            continue
        if line.role == "on_call_it" and line.people:
            covered.append(hours)
    open_hours = gaps(covered)
    if open_hours and look.estate.people:
        spans: list[Sentence | str] = [say_span(*span) for span in open_hours[:3]]
        what = Sentence(
            "nobody is on call as on_call_it: {spans}", spans=(*spans, *(["…"] if len(open_hours) > 3 else []))
        )
        yield Problem(places.at("rota"), what, warning=True)


def rules_are_whole(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, rule in enumerate(look.estate.authority):
        if not rule.actions:
            what = Sentence("the rule {rule} names no cut", rule=rule.id)
            yield Problem(places.at("authority", number, "actions"), what)
        if rule.severity not in SEVERITIES:
            what = Sentence("the severity of an incident is 1, 2 or 3")
            yield Problem(places.at("authority", number, "severity"), what)
        where = places.at("authority", number, "after_s")
        if rule.needs == "unanswered" and rule.after_s <= 0:
            what = Sentence("the rule {rule} is `unanswered`: after how many seconds (`after_s:`)?", rule=rule.id)
            yield Problem(where, what)
        if rule.needs in NEEDS and rule.needs != "unanswered" and rule.after_s:
            what = Sentence(
                "`after_s` counts only where a rule is `unanswered`; {rule} is `{needs}`",
                rule=rule.id, needs=rule.needs,
            )  # fmt: skip
            yield Problem(where, what)


def rules_can_fire(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, rule in enumerate(look.estate.authority):
        cases = _cases(rule)
        takers = [each for each in look.estate.authority[:number] if _takes(each, rule) and cases & _cases(each)]
        if cases and not cases - {case for each in takers for case in _cases(each)}:
            before = tuple(each.id for each in takers)
            what = Sentence("the rule {rule} can never fire: {before} is before it", rule=rule.id, before=before)
            yield Problem(places.at("authority", number), what)


def _cases(rule: Rule) -> set[_Case]:
    """Return every case that a rule speaks of; none where one of its words is not known."""
    severities = [each for each in SEVERITIES if each >= rule.severity]
    prices = [False] if rule.care == "none" else [False, True]
    if rule.care not in CARE or rule.needs not in NEEDS:
        return set()
    return set(product(rule.actions, severities, prices))


def _takes(earlier: Rule, later: Rule) -> bool:
    """Whether a case that an earlier rule fits never comes to the later one.

    A rule for the unanswered stands beside the others: it makes what somebody was asked for. So it takes nothing from
    them, and they take from it only what is made at once, or never.
    """
    if later.needs == "unanswered":
        return earlier.needs in ("unanswered", "automatic", "never")
    return earlier.needs != "unanswered"


def every_cut_has_a_rule(look: Lookup, places: Places) -> Iterator[Problem]:
    rules = [each for each in look.estate.authority if each.needs != "unanswered"]
    covered = {case for rule in rules for case in _cases(rule)}
    lacking = [action for action in ACTIONS if not covered >= set(product([action], SEVERITIES, [False, True]))]
    if lacking and look.estate.authority:
        what = Sentence(
            "no rule fits every case of {actions}: where none fits, one person decides", actions=tuple(lacking)
        )
        yield Problem(places.at("authority"), what, warning=True)


def somebody_may_say_yes(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, rule in enumerate(look.estate.authority):
        wanted = {"one": 1, "two": 2}.get(rule.needs, 0)
        if not wanted or not rule.roles or set(rule.roles) & set(CONSOLE_ROLES):
            continue  # every operator may, and accounts are made at the hub
        able = [person for person in look.estate.people if set(person.roles) & set(rule.roles)]
        if len(able) < wanted:
            form = _ONE_HAS if able else _NOBODY_HAS
            what = Sentence(form, rule=rule.id, needs=rule.needs, roles=rule.roles)
            yield Problem(places.at("authority", number, "roles"), what, warning=True)


# Fewer than are wanted, and two are the most that are: one or none.
_ONE_HAS: Final = mark("the rule {rule} needs {needs} with one of the roles {roles}; 1 of the people has one")
_NOBODY_HAS: Final = mark("the rule {rule} needs {needs} with one of the roles {roles}; nobody has one")

RULES = (
    people_can_be_told_apart,
    the_rota_can_be_called,
    the_rota_has_hours,
    rules_are_whole,
    rules_can_fire,
    every_cut_has_a_rule,
    somebody_may_say_yes,
)
