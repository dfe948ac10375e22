"""The message to patients, in clear and plain language: short sentences, no terms of the trade.

Comes in: `Ask`. Goes out: values with their entries. What is not known is not promised: "no sign so far" is said with
its limits, and never as a fact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from garde.journal.speech import Said
from garde.legal.fill.base import NOTHING, ROLES_OF_CUT, Ask, Filler, Value, size


def _day(ask: Ask, at: float) -> Said:
    from babel.dates import format_date

    return Said(format_date(datetime.fromtimestamp(at), "long", locale=ask.language))


def happened(ask: Ask) -> Value:
    """Return what happened."""
    incident, say = ask.incident, ask.say
    if not incident.first_harm:
        return NOTHING
    day, entries = _day(ask, incident.first_harm), [incident.first_harm_seq, incident.seq]
    first = say("On {day} our computers were attacked. The attackers made files unreadable.", day=day)
    if not incident.confirmed:
        return first, entries
    second = say("Our protection noticed it and stopped the writing.")
    return say("{first} {second}", first=first, second=second), [*entries, incident.confirmed[0]]


def data(ask: Ask) -> Value:
    """Return what that means for their data."""
    incident, say = ask.incident, ask.say
    parts: list[Said] = []
    entries: list[int] = []
    if incident.egress is not None:
        parts.append(_left(ask))
        entries.append(incident.egress.seq)
    for thing in incident.reenter.values():
        parts.append(say("Some of what was written down after {day} must be entered again.", day=_day(ask, thing.at)))
        entries += thing.entries
        break
    if not parts:
        return NOTHING
    return Said(" ".join(parts)), entries


def _left(ask: Ask) -> Said:
    egress, say = ask.incident.egress, ask.say
    assert egress is not None
    if egress.finding == "seen":
        return say(
            "Data left our hospital: we have seen {size}. We do not know yet whether yours are among them.",
            size=size(egress.bytes, say),
        )
    if egress.finding == "none_seen":
        return say(
            "As of {day} we have found no sign that data left our hospital. We go on looking, and tell you if that "
            "changes.",
            day=_day(ask, egress.as_of),
        )
    return say("We cannot say yet whether data left our hospital. We go on looking, and tell you what we find.")


def care(ask: Ask) -> Value:
    """Return what it means for their care."""
    things = list(ask.incident.services.values())
    if not things:
        return NOTHING
    names = ask.say.list(
        [ask.say("{name}", name=ask.look.label(each.about, ask.language, "services")) for each in things]
    )
    words = ask.say(
        "For a time these worked without their usual computers: {names}. Appointments may have been delayed or moved. "
        "Our staff work on paper as they have practised.",
        names=names,
    )  # fmt: skip
    return words, [each for thing in things for each in thing.entries]


def done(ask: Ask) -> Value:
    """Return what was done, in a few sentences."""
    incident, say = ask.incident, ask.say
    parts: list[Said] = []
    entries: list[int] = []
    cuts = [each for each in incident.cuts.values() if each.more in ROLES_OF_CUT]
    if cuts:
        parts.append(say("We cut the attackers off."))
        entries += [each for cut in cuts for each in cut.entries]
    if incident.files_back or incident.restored:
        parts.append(say("We put files back from sound copies."))
        entries += [each for each in [incident.files_seq] if each]
        entries += [each for thing in incident.restored.values() for each in thing.entries]
    for form, sentence in (
        (_AUTHORITY, say("The data protection authority knows.")),
        ("police", say("The police know.")),
    ):
        handed = [each.submitted for each in ask.state.drafts_of(incident) if each.form == form and each.submitted]
        if handed and handed[0] is not None:
            parts.append(sentence)
            entries.append(handed[0].seq)
    return (Said(" ".join(parts)), entries) if parts else NOTHING


def you(ask: Ask) -> Value:
    """Return what they can do; more where data left, or where that cannot be told."""
    say, egress = ask.say, ask.incident.egress
    care_words = say(
        "Come to your appointment unless we call you. Bring your medicines in their own boxes, and your list of "
        "medicines if you have one."
    )
    caution = say(
        "If somebody who claims to be the hospital asks you for money, passwords or bank details, do not answer, and "
        "tell us or the police."
    )
    entries = [ask.incident.seq, *([egress.seq] if egress is not None else [])]
    return say("{care} {caution}", care=care_words, caution=caution), entries


_AUTHORITY: Final = "gdpr_33"
PLAIN: Final[dict[str, Filler]] = {
    "plain_happened": happened,
    "plain_data": data,
    "plain_care": care,
    "plain_done": done,
    "plain_you": you,
}
