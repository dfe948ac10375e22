"""Words of ours that several need: states of clocks and fields, the default text of the ransom decision.

Comes in: what is to be said, a speaker (`say_in(language, LEGAL_LOCALE)`). Goes out: sentences of the catalogues of
`locale/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from garde.journal.speech import Said, Say, mark

LEGAL_LOCALE: Final = Path(__file__).parent / "locale"
NOT_PAID: Final = mark(
    "Not paid. Paying guarantees neither a working key, nor that copied data are not published, nor that they do not "
    "come again; it pays for the next attack. The hospital restores from its own backups."
)
NOBODY_SAID: Final = mark("Nobody has said since when: {event}. No clock of it runs: garde legal aware {id} TIME")
NO_INCIDENT: Final = mark("There is no incident")
NO_DRAFTS: Final = mark("There are no drafts: garde legal draft gdpr_33")
DUE: Final = mark("{clock} ({regime}) to {recipient}: {state}, due {due}, {left}")
UNDATED: Final = mark("{clock} ({regime}) to {recipient}: {state}, {time}")
ENTRIES: Final = mark("entries {entries}")
AMEND: Final = mark("no longer as handed in: {fields}; garde legal draft {form}")
FIELD_STATES: Final = {
    "known": mark("from the record"),
    "unknown": mark("unknown"),
    "said": mark("in the words of {by}"),
    "unconfirmed": mark("from the record; the source does not confirm that the form has this field"),
}
CLOCK_STATES: Final = {
    "waits": mark("waits"),
    "runs": mark("runs"),
    "soon": mark("nearly over"),
    "overdue": mark("OVERDUE"),
    "submitted": mark("handed in"),
    "progress": mark("a progress report was handed in"),
    "not_applicable": mark("does not apply"),
    "proposal": mark("proposal, not in force"),
    "expired": mark("not in force"),
}


def draft_status(signed: Sequence[object], submitted: object, say: Say) -> Said:
    """Return how far a draft has come."""
    if submitted is not None:
        return say("HANDED IN")
    return say("SIGNED") if signed else say("DRAFT, not signed")


def field_state(state: str, by: str, say: Say) -> Said:
    """Return where a field's words come from; `by`: whose words they are."""
    return say(FIELD_STATES[state], by=by) if state in FIELD_STATES else Said("")


def clock_state(state: str, say: Say) -> Said:
    """Return how a clock stands."""
    return say.word(CLOCK_STATES, state)


def time_given(amount: int, unit: str, say: Say) -> Said:
    """Return how long a duty gives."""
    if not amount:
        return say("without delay")
    if unit == "days":
        return say.many("{n} day", "{n} days", amount)
    return (
        say.many("{n} month", "{n} months", amount) if unit == "months" else say.many("{n} hour", "{n} hours", amount)
    )


def time_left(seconds: float, say: Say) -> Said:
    """Return what is left of it, or by how much it is over."""
    hours = abs(seconds) / 3600
    if hours < 1:
        amount = say.many("{n} minute", "{n} minutes", int(abs(seconds) // 60))
    elif hours < 96:
        amount = say.many("{n} hour", "{n} hours", int(hours))
    else:
        amount = say.many("{n} day", "{n} days", int(hours // 24))
    return say("{amount} left", amount=amount) if seconds >= 0 else say("{amount} over", amount=amount)
