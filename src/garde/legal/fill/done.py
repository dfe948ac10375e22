"""Fields that say what was done: measures, recovery, who was told, evidence, the ransom.

Comes in: `Ask`. Goes out: values with their entries.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from garde.journal.legal_words import FORMS
from garde.journal.recovery_words import STAGES
from garde.journal.speech import Said, mark
from garde.legal.fill.base import NOTHING, ROLES_OF_CUT, Ask, Filler, Value, lines, size, when
from garde.legal.fill.what import data_left, threat
from garde.legal.fill.when import cut_words
from garde.legal.memory import MOST_KEPT, Draft, Item
from garde.legal.words import NOT_PAID

SORTS: Final = {
    "note": mark("ransom note"),
    "damaged": mark("damaged file"),
    "clean": mark("clean original"),
    "sample": mark("program sample"),
    "log": mark("log"),
    "capture": mark("network capture"),
    "image": mark("disk image"),
    "record": mark("record"),
}
STAMPS: Final = {"rfc3161": mark("with an RFC 3161 time stamp"), "none": mark("without a time stamp")}
_Part = tuple[str, list[int]]


def measures_taken(ask: Ask) -> Value:
    """Return what was done, a line each."""
    return lines([*_stopped(ask), *_cut(ask), *_kept(ask), *_brought_back(ask), *_told(ask)])


def _stopped(ask: Ask) -> list[_Part]:
    incident, say = ask.incident, ask.say
    found: list[_Part] = []
    if incident.held:
        words = say.many("the writer was stopped, {n} time", "the writers were stopped, {n} times", incident.held)
        found.append((words, incident.confirmed[:20]))
    if incident.files_back:
        back = say.many("{n} file put back from a healthy version", "{n} files put back from healthy versions",
                        incident.files_back)  # fmt: skip
        found.append((back, [incident.files_seq]))
    return found


def _cut(ask: Ask) -> list[_Part]:
    cuts = [each for each in ask.incident.cuts.values() if each.more in ROLES_OF_CUT]
    return [(ask.say("{at}: {what}", at=when(cut.at), what=cut_words(ask, cut)), cut.entries) for cut in cuts]


def _kept(ask: Ask) -> list[_Part]:
    incident, say = ask.incident, ask.say
    found: list[_Part] = []
    proven = [each for each in incident.frozen.values() if each.what == "proven"]
    if proven:
        words = say.many("retention of {n} store of backups frozen (proven)",
                         "retention of {n} stores of backups frozen (proven)", len(proven))  # fmt: skip
        found.append((words, [each for thing in proven for each in thing.entries]))
    if incident.items:
        words = say.many("{n} item of evidence kept", "{n} items of evidence kept", _items(ask))
        found.append((words, [each.seq for each in incident.items[:20]]))
    if incident.plan is not None:
        at = when(incident.plan.at)
        found.append((say("the hospital’s emergency plan in force since {at}", at=at), incident.plan.entries))
    return found


def _brought_back(ask: Ask) -> list[_Part]:
    incident, say = ask.incident, ask.say
    found: list[_Part] = [
        (say("data of {machine} brought back from a judged restore point and verified", machine=ask.machine(name)),
         each.entries)
        for name, each in incident.restored.items()
    ]  # fmt: skip
    if incident.credentials:
        words = say.many("{n} credential changed", "{n} credentials changed", len(incident.credentials))
        found.append((words, list(incident.credentials.values())[:20]))
    return found


def _told(ask: Ask) -> list[_Part]:
    told = ask.incident.told
    if not told:
        return []
    names = {each.id: each.name for each in ask.look.estate.neighbours}
    words = ask.say.list([ask.say("{name}", name=names.get(each, each)) for each in told])
    entries = [each for thing in told.values() for each in thing.entries]
    return [(ask.say("neighbouring hospitals warned: {names}", names=words), entries)]


def recovery(ask: Ask) -> Value:
    """Return how far each server has come on its way back."""
    steps = ask.incident.steps.values()
    return lines(
        (
            ask.say("{machine} {stage}", machine=ask.machine(each.about), stage=ask.say.word(STAGES, each.what)),
            each.entries,
        )
        for each in steps
    )


def measures_proposed(ask: Ask) -> Value:
    """Return what is still to come of what was begun; where nothing was: unknown."""
    going_on = [each for each in ask.incident.steps.values() if each.what != "open"]
    if not going_on:
        return NOTHING
    machines = ask.machines(each.about for each in going_on)
    words = ask.say(
        "Servers return one by one, each after its checks, a time under watch and two signatures; on their way: "
        "{machines}",
        machines=machines,
    )  # fmt: skip
    return words, [each for thing in going_on for each in thing.entries]


# --- who was told -----------------------------------------------------------------------------------------------------


def _handed_in(ask: Ask, drafts: list[Draft]) -> list[_Part]:
    found: list[_Part] = []
    for draft in drafts:
        handed = draft.submitted
        if handed is not None:
            words = ask.say("{form}: handed in at {at} by {channel}", form=ask.say.word(FORMS, draft.form),
                            at=when(handed.at), channel=handed.channel)  # fmt: skip
            if handed.reference:
                words = ask.say("{words}, reference {reference}", words=words, reference=Said(handed.reference))
            found.append((words, [handed.seq]))
    return found


def _others(ask: Ask) -> list[Draft]:
    return [each for each in ask.state.drafts_of(ask.incident) if each.form != ask.draft.form]


def informed(ask: Ask) -> Value:
    """Return to whom something was handed in, and which neighbours know."""
    return lines([*_handed_in(ask, _others(ask)), *_told(ask)])


def earlier(ask: Ask) -> Value:
    """Return what was handed in to the same recipient before."""
    drafts = ask.state.drafts_of(ask.incident)
    return lines(_handed_in(ask, [each for each in drafts if each.form.startswith("nis2_")]))


def patients_told(ask: Ask) -> Value:
    """Return whether the persons concerned were told; where nobody handed anything in: unknown."""
    return lines(_handed_in(ask, [each for each in _others(ask) if each.form == "gdpr_34"]))


# --- evidence ---------------------------------------------------------------------------------------------------------


def _items(ask: Ask) -> int:
    return len(ask.incident.items) + ask.incident.items_more


def _item(ask: Ask, item: Item) -> Said:
    say = ask.say
    sha256 = item.sha256 or say("not known")
    sort = say.word(SORTS, item.sort)
    words = say("{item}: {sort} {name}, {size}, SHA-256 {sha256}", item=item.item, sort=sort, name=Said(item.name),
                size=size(item.size, say), sha256=sha256)  # fmt: skip
    where = ask.machine(item.machine) if item.machine else say("{place}", place=Said(item.place))
    offset = say("{seconds} s", seconds=say.tenths(item.offset_s)) if item.offset_known else say("not known")
    return say("{words}; taken {at}, {where}; clock offset {offset}", words=words, at=when(item.at), where=where,
               offset=offset)  # fmt: skip


def evidence(ask: Ask) -> Value:
    """Return the list of evidence."""
    words, entries = lines(((_item(ask, each), [each.seq]) for each in ask.incident.items), MOST_KEPT)
    if ask.incident.items_more:
        more = ask.say.many("{n} further item", "{n} further items", ask.incident.items_more)
        words = ask.say("{words}\nand {more}: see the evidence bundle", words=Said(words), more=more)
    return words, entries


def evidence_kept(ask: Ask) -> Value:
    """Return how much of which sort is kept."""
    counted = Counter(each.sort for each in ask.incident.items)
    if not counted:
        return NOTHING
    say = ask.say
    parts = [say("{sort}: {n}", sort=say.word(SORTS, sort), n=n) for sort, n in counted.items()]
    return say.list(parts), [each.seq for each in ask.incident.items]


def bundle(ask: Ask) -> Value:
    """Return the evidence bundle by its manifest."""
    made = ask.incident.bundle
    if made is None:
        return NOTHING
    words = ask.say(
        "Made {at}, {items} items, {stamp}; SHA-256 of its manifest: {manifest}",
        at=when(made.at), items=made.more, stamp=ask.say.word(STAMPS, made.what), manifest=made.about,
    )  # fmt: skip
    return words, made.entries


# --- the ransom -------------------------------------------------------------------------------------------------------


def demand(ask: Ask) -> Value:
    """Return that a note demands something; how much is a person's to read from it."""
    notes = ask.incident.notes
    if not notes:
        return NOTHING
    names = ask.say.list([ask.say("{name}", name=Said(each.name)) for each in notes])
    return ask.say("A ransom note was found: {names}. Its words are among the evidence.", names=names), [
        each.seq for each in notes
    ]


def decision(ask: Ask) -> Value:
    """Return the decision, where somebody made one."""
    made = ask.incident.decided
    if made is None:
        return NOTHING
    words = ask.say("The ransom is paid.") if made.paid else ask.say("The ransom is not paid.")
    return words, [made.seq]


def decided_by(ask: Ask) -> Value:
    """Return who decided, and when."""
    made = ask.incident.decided
    if made is None:
        return NOTHING
    return ask.say("{by}, {at}", by=ask.person(made.by), at=when(made.at)), [made.seq]


def decided_why(ask: Ask) -> Value:
    """Return on what grounds."""
    made = ask.incident.decided
    if made is None or not made.why:
        return NOTHING
    return (ask.say(NOT_PAID) if made.why == NOT_PAID else Said(made.why)), [made.seq]


def payment(ask: Ask) -> Value:
    """Return whether something was paid; its proof is a person's to add."""
    made = ask.incident.decided
    if made is None:
        return NOTHING
    words = ask.say("Decided to pay; proof to be added") if made.paid else ask.say("None: decided not to pay")
    return words, [made.seq]


def known_then(ask: Ask) -> Value:
    """Return what is known that a decision about the ransom rests on."""
    parts: list[_Part] = [threat(ask), data_left(ask), *_brought_back(ask)]
    if ask.incident.files_back:
        parts += _stopped(ask)[-1:]
    return lines(parts)


DONE: Final[dict[str, Filler]] = {
    "measures_taken": measures_taken,
    "measures_proposed": measures_proposed,
    "recovery": recovery,
    "informed": informed,
    "earlier": earlier,
    "patients_told": patients_told,
    "evidence": evidence,
    "evidence_kept": evidence_kept,
    "bundle": bundle,
    "demand": demand,
    "decision": decision,
    "decided_by": decided_by,
    "decided_why": decided_why,
    "payment": payment,
    "known_then": known_then,
}
