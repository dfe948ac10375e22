"""One visit, from everything that was said of it. The rules:

1. A visit with a number that was discharged stays so until the discharge is cancelled (A13), however late another
   message of it arrives; one without a number is opened anew by a later admission.
2. A cancelled admission (A11) is undone by a later admission only.
3. Whoever was never seen to be admitted is here all the same where a transfer or an update of an inpatient says so, and
   no discharge time stands in it: the feed may have begun after they came.
4. A transfer moves to its place; cancelled (A12), the patient is where they were before, or where the message says.
5. A message without a place moves nobody.
6. Tracking (A09, A10): the bed is kept until the arrival says where.
7. Class and particulars are those said last; what a message leaves empty, it does not take away.

Comes in: a thread of `VisitStated`. Goes out: `VisitNow`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from garde.downtime.census.facts import Fact, Thread
from garde.downtime.nouns import Care, Place, Source, Step, VisitStated

_COMES = (Step.ADMIT, Step.REGISTER)
_HERE = (
    Step.ADMIT, Step.REGISTER, Step.TRANSFER, Step.ARRIVE, Step.DEPART, Step.TO_INPATIENT, Step.TO_OUTPATIENT,
    Step.CANCEL_DISCHARGE, Step.CANCEL_TRANSFER,
)  # fmt: skip
_MOVES_NOBODY = (Step.CANCEL_ADMIT, Step.DISCHARGE, Step.DEPART)
_STAYING = (Care.INPATIENT, Care.EMERGENCY)
_TEXTS = ("doctor", "service", "admitted", "leaves", "reason", "diet")


@dataclass(frozen=True, slots=True)
class VisitNow:
    """How a visit stands. `source` is the message that put the patient where they are."""

    number: str
    here: bool
    expected: bool
    care: Care
    place: Place
    source: Source
    moving: bool = False
    doctor: str = ""
    service: str = ""
    admitted: float | None = None
    left: float | None = None
    leaves: float | None = None
    reason: str = ""
    diet: str = ""
    first: Step = Step.UPDATE  # with what it was first heard of
    said: Source | None = None  # the newest word of it


def visit_now(number: str, thread: Thread[VisitStated]) -> VisitNow:
    """Return how it stands."""
    facts = thread.facts
    gone = _last(facts, (Step.DISCHARGE, Step.CANCEL_DISCHARGE, *(() if number else _COMES)))
    admission = _last(facts, (*_COMES, Step.CANCEL_ADMIT))
    waiting = _last(facts, (Step.PREADMIT, Step.CANCEL_PREADMIT))
    left = gone is not None and gone.value.step is Step.DISCHARGE
    cancelled = admission is not None and admission.value.step is Step.CANCEL_ADMIT
    seen = any(_is_here(fact.value) for fact in facts)
    place, source, moving = _where(facts)
    now = VisitNow(
        number, seen and not left and not cancelled,
        not seen and not left and waiting is not None and waiting.value.step is Step.PREADMIT,
        _care(facts), place, source, moving, first=facts[0].value.step, said=facts[-1].source,
        left=(gone.value.discharged or gone.source.at) if gone and left else None,
    )  # fmt: skip
    return _with_particulars(now, facts)


def _last(facts: list[Fact[VisitStated]], steps: tuple[Step, ...]) -> Fact[VisitStated] | None:
    return next((fact for fact in reversed(facts) if fact.value.step in steps), None)


def _is_here(said: VisitStated) -> bool:
    return said.step in _HERE or (said.step is Step.UPDATE and said.care in _STAYING and said.discharged is None)


def _care(facts: list[Fact[VisitStated]]) -> Care:
    for fact in reversed(facts):
        if fact.value.step is Step.TO_INPATIENT:
            return Care.INPATIENT
        if fact.value.step is Step.TO_OUTPATIENT:
            return Care.OUTPATIENT
        if fact.value.care is not Care.UNSAID:
            return fact.value.care
    return Care.UNSAID


def _where(facts: list[Fact[VisitStated]]) -> tuple[Place, Source, bool]:
    stack: list[tuple[Place, Source]] = [(Place(), facts[0].source)]
    moving = False
    for fact in facts:
        said = fact.value
        if said.step is Step.CANCEL_TRANSFER and len(stack) > 1:
            stack.pop()
        if said.place and said.step is Step.TRANSFER:
            stack += [(said.before, fact.source)] if said.before and not stack[-1][0] else []
            stack.append((said.place, fact.source))
        elif said.step not in _MOVES_NOBODY and said.place not in (Place(), stack[-1][0]):
            stack[-1] = (said.place, fact.source)
        if said.step in (Step.DEPART, Step.ARRIVE, Step.TRANSFER):
            moving = said.step is Step.DEPART
    return (*stack[-1], moving)


def _with_particulars(now: VisitNow, facts: list[Fact[VisitStated]]) -> VisitNow:
    found = {}
    for name in _TEXTS:
        for fact in reversed(facts):
            if (value := getattr(fact.value, name)) not in ("", None):
                found[name] = value
                break
    return replace(now, **found)
