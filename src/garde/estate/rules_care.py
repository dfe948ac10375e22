"""The rules of care: services, what they need, and the words for them. Each function is one sentence of this list.

Comes in: an indexed estate and the places of its parts. Goes out: problems. Called by check.py.

* The needs of machines do not run in a circle.
* The needs of services do not run in a circle.
* Machines can be started in an order: their needs and those of their services together run in no circle (a warning).
* A service hangs on something: it has machines, or needs a service (a warning).
* What a service needs or runs on is not among its `uses` as well (a warning).
* A service and a ward have a name, a rule its words, in every language of the hospital (a warning).
* Languages are two letters, and words are in one of the hospital's (a warning).
* A clinical service says what the wards do without it (a warning).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from garde.estate.convert import no_language
from garde.estate.dependencies import start_needs
from garde.estate.look import Lookup
from garde.estate.places import Places, Problem
from garde.estate.sentences import Sentence
from garde.estate.vocabulary import LANGUAGE


def find_circle(needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return one circle, in order, its first id once more at its end; () where there is none."""
    done: set[str] = set()
    for start in needs:
        trail: dict[str, Iterator[str]] = {}  # what is being followed, in order
        current = "" if start in done else start
        if current:
            trail[current] = iter(needs[current])
        while trail:
            current = next(reversed(trail))
            after = next((each for each in trail[current] if each in needs and each not in done), None)
            if after is None:
                done.add(current)
                del trail[current]
            elif after in trail:
                names = list(trail)
                return (*names[names.index(after) :], after)
            else:
                trail[after] = iter(needs[after])
    return ()


def needs_run_in_no_circle(look: Lookup, places: Places) -> Iterator[Problem]:
    estate = look.estate
    machines = find_circle({each.id: each.needs for each in estate.machines})
    services = find_circle({each.id: each.needs for each in estate.services})
    numbers = {each.id: number for number, each in enumerate(estate.machines)}
    if machines:
        where = places.at("machines", numbers[machines[0]], "needs")
        yield Problem(where, Sentence("these machines need each other in a circle: {circle}", circle=_chain(machines)))
    if services:
        number = next(number for number, each in enumerate(estate.services) if each.id == services[0])
        where = places.at("services", number, "needs")
        yield Problem(where, Sentence("these services need each other in a circle: {circle}", circle=_chain(services)))
    both = find_circle(start_needs(estate)) if not machines and not services else ()
    if both:
        what = Sentence(
            "these machines cannot be started one after the other, with what their services need: {circle}",
            circle=_chain(both),
        )
        yield Problem(places.at("machines", numbers[both[0]]), what, warning=True)


def _chain(names: tuple[str, ...]) -> str:
    return " → ".join(names if len(names) <= 12 else (*names[:10], "…", names[-1]))


def services_hang_on_something(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, service in enumerate(look.estate.services):
        if not service.machines and not service.needs:
            what = Sentence(
                "the service {service} has no machines and needs no service: no cut would ever count for it",
                service=service.id,
            )
            yield Problem(places.at("services", number), what, warning=True)
        for index, each in enumerate(service.uses):
            if each in service.needs or each in service.machines:
                what = Sentence("{id} is needed: that it is used as well says nothing", id=each)
                yield Problem(places.at("services", number, "uses", index), what, warning=True)


def words_are_whole(look: Lookup, places: Places) -> Iterator[Problem]:
    wanted = look.estate.languages
    for table, field in (("services", "name"), ("wards", "name"), ("authority", "words"), ("services", "instead")):
        for number, each in enumerate(getattr(look.estate, table)):
            words = getattr(each, field)
            where = places.at(table, number, field)
            lacking = [language for language in wanted if not words.get(language)]
            if lacking and (words or field == "name"):
                what = Sentence("{id} has no {field} in {languages}", id=each.id, field=field, languages=tuple(lacking))
                yield Problem(where, what, warning=True)
            other = [language for language in words if language not in wanted]
            if other:
                what = Sentence(
                    "{field} in {languages}, which is none of the hospital's `languages`",
                    field=field, languages=tuple(other),
                )  # fmt: skip
                yield Problem(where, what, warning=True)


def languages_are_languages(look: Lookup, places: Places) -> Iterator[Problem]:
    if not look.estate.languages:
        what = Sentence("the hospital speaks no language: name one (`languages: [en]`)")
        yield Problem(places.at("languages"), what)
    for index, text in enumerate(look.estate.languages):
        if not LANGUAGE.fullmatch(text):
            yield Problem(places.at("languages", index), no_language(text))
    for number, person in enumerate(look.estate.people):
        if not LANGUAGE.fullmatch(person.language):
            yield Problem(places.at("people", number, "language"), no_language(person.language))


def wards_know_what_to_do(look: Lookup, places: Places) -> Iterator[Problem]:
    for number, service in enumerate(look.estate.services):
        if service.clinical and not service.instead:
            what = Sentence("{service} does not say what the wards do without it (`instead:`)", service=service.id)
            yield Problem(places.at("services", number), what, warning=True)


RULES = (
    needs_run_in_no_circle,
    services_hang_on_something,
    words_are_whole,
    languages_are_languages,
    wards_know_what_to_do,
)
