"""The gate of one server as its page shows it: thirteen items, who says what of them, two signatures, the next step.

Comes in: what `garde.recovery` says and remembers of the server, names, who looks. Goes out: `GatePage`. Pure; it
decides nothing: an item is fine where the engine says so, and this page only tells who said what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from garde.hub.console.names import SHORT_ROLES, Names
from garde.hub.console.views.credentials import CredentialShown, credential
from garde.hub.console.views.steps import BY_STAGE, StepShown, not_yet, step_of
from garde.hub.console.views.waves import ServerShown, Speech, server
from garde.journal.recovery_words import ANSWERS, ITEMS, SIDES
from garde.journal.speech import Said
from garde.model.restart import Answer, Item, Stage
from garde.recovery.judged import CredentialView, Gate, ItemView, PointView, Row, SignatureView
from garde.recovery.memory import Found, Looked, Step, Swept
from garde.recovery.memory import Said as Word

PORTS: Final = 12  # that are named; of more there is a count
TRY: Final = "try"  # the act behind item 11; every other item is `answer`
May = Callable[[str], bool]  # act of `garde.recovery.may` -> whether whoever looks may, for this machine
Roles = Callable[[str], Said]


@dataclass(frozen=True, slots=True)
class ItemShown:
    """One item."""

    id: str
    number: int
    text: Said
    word: Said
    tone: str
    machine: Said  # what its own agent says; "": nothing
    outside: Said  # what another machine saw
    person: Said
    who: Said
    found: tuple[str, ...]
    more: int
    lacks: Said
    yes_no: bool  # whoever looks may answer it
    except_: bool  # ... may except it


@dataclass(frozen=True, slots=True)
class SignatureShown:
    """One of the two."""

    side: str
    words: Said
    by: Said  # "": not signed
    at: float
    may: bool
    why_not: Said
    void: Said  # why one that was given does not count


@dataclass(frozen=True, slots=True)
class GatePage:
    """See the module."""

    server: ServerShown
    round: int
    status: str
    rated: Said
    needs: Said
    services: Said  # all of them
    items: tuple[ItemShown, ...]
    fine: int
    signatures: tuple[SignatureShown, ...]
    steps: tuple[StepShown, ...]
    not_yet: tuple[Said, ...]
    credentials: tuple[CredentialShown, ...]
    again: Said  # "data after HH:MM must be entered again"
    data: Said
    may_answer: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """What whoever looks may do about this server, and who else may."""

    may: May
    roles: Roles
    same: May  # login -> whether that is whoever looks


def gate_page(
    gate: Gate, row: Row, step: Step, speech: Speech, rights: Rights, *, points: Sequence[PointView],
    credentials: Sequence[CredentialView], rated: Said, flows: Sequence[str], services: Sequence[str],
) -> GatePage:  # fmt: skip
    """Return the page."""
    names, case = speech.names, _Case(gate, step, speech, rights)
    used = names.services(services) if services else Said("")
    placed = next((each for each in points if each.placed), None)
    steps = [step_of(want, speech, flows, used) for want in BY_STAGE.get(Stage(gate.stage), ())]
    return GatePage(
        server=server(row, speech),
        round=gate.round,
        status=gate.status,
        rated=rated,
        needs=names.machines(row.needs) if row.needs else Said(""),
        services=used,
        items=tuple(_item(number, each, case) for number, each in enumerate(gate.items, 1)),
        fine=sum(each.fine for each in gate.items),
        signatures=tuple(_signature(side, gate, speech, rights) for side in SIDES),
        steps=tuple(each for each in steps if rights.may(each.want)),
        not_yet=tuple(not_yet(each, names, rights.roles(each.want)) for each in steps if not rights.may(each.want)),
        credentials=tuple(credential(each, names, speech.now) for each in credentials),
        again=again(placed.enter_after, speech) if placed else Said(""),
        data=_data(placed, points, speech),
        may_answer=any(rights.may(act) for act in ("answer", TRY, "except")),
    )


def again(after: float, speech: Speech) -> Said:
    """Return the line that the wards need."""
    if not after:
        return speech.names.say("It is not known which data must be entered again.")
    return speech.names.say("Data after {time} must be entered again.", time=speech.names.minute(after, speech.now))


# --- items ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    gate: Gate
    step: Step
    speech: Speech
    rights: Rights


def _item(number: int, item: ItemView, case: _Case) -> ItemShown:
    gate, step, speech, rights = case.gate, case.step, case.speech, case.rights
    names = speech.names
    word, tone = _word(item, speech)
    said = next(reversed(step.answers.get(item.item, [])), None)
    looked = step.looked if any(each.startswith("look/") for each in item.by) or item.item == "network" else None
    return ItemShown(
        id=item.item,
        number=number,
        text=names.say.word(ITEMS, item.item),
        word=word,
        tone=tone,
        machine=_machine(step.swept, item.item, speech),
        outside=_outside(looked, speech) if looked else Said(""),
        person=_person(said, speech) if said else Said(""),
        who=names.person(said.by) if said else Said(""),
        found=item.found,
        more=item.more,
        lacks=names.say.list([speech.because(each) for each in item.reasons]),
        yes_no=_goes_on(gate) and bool(item.people) and rights.may(act_of(item.item)),
        except_=_goes_on(gate) and item.exceptable and rights.may("except"),
    )


def _word(item: ItemView, speech: Speech) -> tuple[Said, str]:
    say = speech.names.say
    if item.answer == Answer.YES:
        return say("yes"), "good"
    if item.fine:
        return say("excepted until {time}", time=speech.names.minute(item.excepted_until, speech.now)), "warn"
    if item.expired:
        return say("the exception is over"), "bad"
    if item.answer == Answer.NO:
        return say("NO"), "bad"
    return say("not answered yet"), "plain"


def _machine(swept: Swept | None, item: str, speech: Speech) -> Said:
    found: Found | None = swept.answers.get(item) if swept else None
    if swept is None or found is None:
        return Said("")
    answer = speech.names.say.word(ANSWERS, found.answer)
    return speech.names.say("{answer}, {time}", answer=answer, time=speech.names.minute(swept.at, speech.now))


def _outside(looked: Looked, speech: Speech) -> Said:
    names, say = speech.names, speech.names.say
    who = {"who": names.machine(looked.looker), "time": names.minute(looked.at, speech.now)}
    if not looked.tried:
        return say("{who} could not look, {time}", **who)
    if not looked.answering:
        return say.many(
            "no port of {n} answers to {who}, {time}", "no port of {n} answers to {who}, {time}", looked.tried, **who
        )
    ports = names.some([Said(str(each)) for each in looked.answering], PORTS)
    return say("to {who} answer: {ports}, {time}", ports=ports, **who)


def _person(said: Word, speech: Speech) -> Said:
    names, say = speech.names, speech.names.say
    at = names.minute(said.at, speech.now)
    if said.until:
        text = say("excepted until {time}", time=names.minute(said.until, speech.now))
    else:
        text = say.word(ANSWERS, said.answer)
    told = say("{answer}, {time}", answer=text, time=at)
    return say("{text} — “{note}”", text=told, note=said.note) if said.note else told


def _goes_on(gate: Gate) -> bool:
    return gate.round > 0 and gate.stage not in (Stage.WAITING, Stage.RECUT)


def act_of(item: str) -> str:
    """Return what somebody has to be allowed to do to answer an item."""
    return TRY if item == Item.CLINICIAN else "answer"


# --- signatures -------------------------------------------------------------------------------------------------------


def _signature(side: str, gate: Gate, speech: Speech, rights: Rights) -> SignatureShown:
    given = next((each for each in gate.signatures if each.side == side and each.counts), None)
    void = next((each for each in reversed(gate.signatures) if each.side == side and not each.counts), None)
    why = _why_not(side, gate, speech, rights)
    return SignatureShown(
        side=side,
        words=speech.names.say.word(SIDES, side),
        by=speech.names.person(given.by) if given else Said(""),
        at=given.at if given else 0.0,
        may=not why,
        why_not=why,
        void=_void(void, speech) if void and not given else Said(""),
    )


def _why_not(side: str, gate: Gate, speech: Speech, rights: Rights) -> Said:
    say, act = speech.names.say, f"sign_{side}"
    if not rights.may(act):
        return say("Signs here: {roles}.", roles=rights.roles(act))
    if any(rights.same(each.by) and each.counts for each in gate.signatures if each.side != side):
        return say("You signed for the other side: somebody else signs here.")
    if not _goes_on(gate) or not gate.item(Item.OBSERVED).fine:
        return say("It is signed when the watch is over.")
    return Said("")


def _void(void: SignatureView, speech: Speech) -> Said:
    why = speech.because(void.why) if void.why else Said("")
    return speech.names.say("The signature of {who} does not count: {why}.", who=speech.names.person(void.by), why=why)


# --- data ---------------------------------------------------------------------------------------------------------


def _data(placed: PointView | None, points: Sequence[PointView], speech: Speech) -> Said:
    names, say = speech.names, speech.names.say
    if placed is not None:
        return say("In place: {store}, taken {time}.", store=placed.store,
                   time=names.minute(placed.taken_at, speech.now))  # fmt: skip
    tried = next((each for each in points if each.tried), None)
    if tried is not None:
        return say("Tried in a scratch place: {store}, taken {time}.", store=tried.store,
                   time=names.minute(tried.taken_at, speech.now))  # fmt: skip
    if points:
        return say.many("{n} restore point, none chosen yet.", "{n} restore points, none chosen yet.", len(points))
    return say("No restore point of it is known.")


def roles_words(roles: Sequence[str], names: Names) -> Said:
    """Return the names of roles, and of people where somebody named them."""
    return names.say.list([
        names.say.word(SHORT_ROLES, each) if each in SHORT_ROLES else names.person(each) for each in roles
    ])  # fmt: skip
