"""A draft, and the table of clocks, as pages of A4.

Comes in: a draft in full, or rows of clocks; the estate, a speaker, the time. Goes out: `Document`s for `garde.paper`.
Every field shows where it comes from and the numbers of its entries; a draft that nobody signed says so on its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garde.estate.look import Lookup
from garde.journal.legal_words import APPLIES, CLOCKS, RECIPIENTS
from garde.journal.speech import Said, Say, long_time
from garde.journal.text import plain
from garde.legal.fill.base import when
from garde.legal.memory import UNKNOWN, Mark
from garde.legal.rows import ClockRow, DraftPage, FieldRow
from garde.legal.words import clock_state, draft_status, field_state, time_given, time_left
from garde.paper.document import Document

TEMPLATES: Final = Path(__file__).parent / "templates"
LETTER: Final = "gdpr_34"  # is read by patients: no entries, no states; these stand on a page of its own
_WEIGHT: Final = {"known": "line", "said": "line", "unknown": "dashed", "unconfirmed": "grey"}
_HERE: Final = frozenset({"overdue", "soon", "runs", "waits"})  # what is said in full
_CLOCK_WEIGHT: Final = {"overdue": "black", "soon": "grey", "runs": "line", "waits": "dashed"}


@dataclass(frozen=True, slots=True)
class Paper:
    """Whose paper it is, in which language, as of when."""

    look: Lookup
    say: Say
    at: float  # wall seconds


def draft_sheet(paper: Paper, page: DraftPage) -> Document:
    """Return one draft."""
    say, row = paper.say, page.row
    name = plain(paper.look.estate.name)
    data: dict[str, Any] = {
        "hospital": name,
        "heading": row.title,
        "basis": page.basis,
        "status": _status(paper, page),
        "weight": "line" if row.signed else "black",
        "version": say("Version {version}, {at}", version=row.version, at=when(row.made_at)),
        "amends": say("Amends {draft}", draft=row.amends) if row.amends else "",
        "warning": page.warning,
        "note": page.note,
        "letter": row.form == LETTER,
        "appendix": say("Where each part comes from (not for the reader)"),
        "fields": [_field(paper, each) for each in page.fields],
        "entries": say("entries of the record"),
        "signatures": [_signature(paper, each) for each in row.signed],
        "signed": say("Signed"),
        "submitted": _handed(paper, row.submitted),
        "digest": say("{draft}, version {version}, SHA-256 {sha256}", draft=row.draft, version=row.version,
                      sha256=row.sha256),
        "foot": say("Every field names the entries of the journal that it stands on. What is unknown is left unknown."),
    }  # fmt: skip
    title = say("{hospital}: {title}, version {version}", hospital=name, title=Said(row.title), version=row.version)
    return Document(TEMPLATES / "draft.typ", data, title, row.language, row.made_at)


def _status(paper: Paper, page: DraftPage) -> Said:
    row, say = page.row, paper.say
    status = draft_status(row.signed, row.submitted, say)
    if row.signed or row.submitted is not None or not row.unknown:
        return status
    unknown = say.many("{n} field unknown", "{n} fields unknown", len(row.unknown))
    return say("{status}; {unknown}", status=status, unknown=unknown)


def _field(paper: Paper, field: FieldRow) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "value": field.value.split("\n") if field.value else [],
        "unknown": field.state == UNKNOWN,
        "state": field_state(field.state, _person(paper, field.by) if field.by else "", paper.say),
        "weight": _WEIGHT.get(field.state, "line"),
        "entries": ", ".join(map(str, field.entries)),
        "stale": paper.say("no longer so: an amendment is needed") if field.stale else "",
    }


def _person(paper: Paper, login: str) -> Said:
    found = paper.look.person(login)
    return Said(plain(found.name if found is not None and found.name else login))


def _signature(paper: Paper, mark: Mark) -> str:
    return paper.say("{by}, {at}", by=_person(paper, mark.by), at=when(mark.at))


def _handed(paper: Paper, mark: Mark | None) -> str:
    if mark is None:
        return ""
    known = {"at": when(mark.at), "channel": mark.channel, "by": _person(paper, mark.by)}
    if mark.reference:
        return paper.say("Handed in at {at} by {channel}, reference {reference} ({by})",
                         reference=Said(mark.reference), **known)  # fmt: skip
    return paper.say("Handed in at {at} by {channel} ({by})", **known)


# --- the clocks -------------------------------------------------------------------------------------------------------


def clock_sheet(paper: Paper, rows: Sequence[ClockRow]) -> Document:
    """Return the table of clocks: who must be told what, by when."""
    say, name = paper.say, plain(paper.look.estate.name)
    title = say("{hospital}: legal clocks, {time}", hospital=name, time=long_time(paper.at))
    data: dict[str, Any] = {
        "hospital": name,
        "heading": say("Legal clocks"),
        "as_of": say("As of"),
        "time": long_time(paper.at),
        "heads": [say("Duty"), say("Told"), say("Time"), say("Due"), say("State")],
        "rows": [_clock(paper, each) for each in rows],
        "foot": say("A clock starts from what a person said. Hours are elapsed hours, weekends included."),
        "unconfirmed": say("not confirmed: check it"),
    }
    return Document(TEMPLATES / "clocks.typ", data, title, say.language, paper.at)


def _clock(paper: Paper, row: ClockRow) -> dict[str, Any]:
    say = paper.say
    left = time_left(row.left, say) if row.left else ""
    here = row.state in _HERE
    below = [row.condition, row.channel, row.fallback, row.note] if here else []
    applies = say.word(APPLIES, row.applies) if row.state == "waits" else ""
    return {
        "duty": say.word(CLOCKS, row.clock),
        "regime": row.regime,
        "recipient": say.word(RECIPIENTS, row.recipient),
        "time": time_given(row.amount, row.unit, say),
        "due": long_time(row.due) if row.due else "",
        "left": left,
        "state": clock_state(row.state, say),
        "weight": _CLOCK_WEIGHT.get(row.state, "line"),
        "late": say("late") if row.late else "",
        "applies": applies,
        "below": [each for each in below if each],
        "confirmed": row.confirmed,
    }
