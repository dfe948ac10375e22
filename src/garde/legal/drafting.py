"""Drafts: made from what is known, made anew when a person writes, amended when what was handed in is so no more.

Comes in: the state, the estate, the entry that asks. Goes out: `draft_made` and `amendment_needed`. Pure. The form's
fields are filled by `fill`; a person's words take the place of what was filled, and say so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from garde.estate.look import Lookup
from garde.journal import legal_kinds as a
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import EgressConcluded
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.legal.fill import filled
from garde.legal.forms import LANGUAGES, FormField, forms
from garde.legal.keys import draft_id
from garde.legal.memory import KNOWN, SAID, UNCONFIRMED, UNKNOWN, Draft, Edit, Field, State

# What changes with every further entry, or tells how the matter is handled: no reason for an amendment.
_MOVING: Final = frozenset({
    "chronology", "last_actions", "evidence", "evidence_kept", "bundle", "measures_taken", "measures_proposed",
    "informed", "patients_told", "earlier", "recovery", "plain_done", "delay",
})  # fmt: skip
# Said anew each time that somebody looked: other words count only when the finding is another one.
_LOOKED: Final = frozenset({"data_left", "plain_data", "known_then"})


def made(state: State, look: Lookup, entry: Entry) -> Iterator[Payload]:
    """Yield the version that a wish or a person's words ask for."""
    if isinstance(entry.payload, a.DraftWanted):
        yield from _wanted(state, look, entry.payload)
    elif state.news.edited:
        draft = state.drafts[state.news.edited]
        yield _version(state, look, draft, draft.newest.number + 1)


def _wanted(state: State, look: Lookup, wanted: a.DraftWanted) -> Iterator[Payload]:
    incident = state.incident(wanted.incident)
    if incident is None or wanted.form not in forms() or wanted.language not in LANGUAGES:
        return
    before = state.latest(incident.id, wanted.form, wanted.language)
    if before is not None and not before.submitted:
        yield _version(state, look, before, before.newest.number + 1)
        return
    name = draft_id(wanted.form, wanted.language, len(state.drafts) + 1)
    amends = before.id if before is not None else ""
    edits = dict(before.edits) if before is not None else {}
    yield _version(state, look, Draft(name, incident.id, wanted.form, wanted.language, edits=edits, amends=amends), 1)


def _version(state: State, look: Lookup, draft: Draft, number: int) -> a.DraftMade:
    fields = fields_of(state, look, draft)
    digest = hashlib.sha256(canonical(draft, number, fields)).hexdigest()
    said = tuple(a.DraftField(each.name, Text(each.value), each.state, tuple(each.entries)) for each in fields)
    return a.DraftMade(
        draft.id, draft.incident, draft.form, draft.language, number, digest, said, draft.amends
    )  # fmt: skip


def fields_of(state: State, look: Lookup, draft: Draft) -> list[Field]:
    """Return a draft's fields as they would be filled now, a person's words in their place."""
    values = filled(state, look, draft)
    return [
        _field(each, values.get(each.id, ("", [])), draft.edits.get(each.id)) for each in forms()[draft.form].fields
    ]


def _field(asked: FormField, value: tuple[str, Sequence[int]], edit: Edit | None) -> Field:
    words, entries = value
    if edit is not None:
        return Field(asked.id, edit.value, SAID, sorted({*entries, edit.seq}))
    if not words:
        return Field(asked.id, "", UNKNOWN, [])
    return Field(asked.id, words, KNOWN if asked.confirmed else UNCONFIRMED, sorted(set(entries)))


def canonical(draft: Draft, number: int, fields: Sequence[Field]) -> bytes:
    """Return the bytes whose SHA-256 is signed: JSON with sorted keys and no spaces."""
    return msgspec.json.encode(
        {
            "draft": draft.id, "incident": draft.incident, "form": draft.form, "language": draft.language,
            "version": number, "amends": draft.amends,
            "fields": [
                {"name": each.name, "value": each.value, "state": each.state, "entries": each.entries}
                for each in fields
            ],
        },
        order="deterministic",
    )  # fmt: skip


def amendments(state: State, look: Lookup, incident: str, entry: Entry) -> Iterator[Payload]:
    """Yield what was handed in of an incident and is no longer so, each field once."""
    for draft in state.drafts_of(state.incidents[incident]):
        handed = draft.submitted
        if handed is None or draft.amended_by:
            continue
        before = {each.name: each.value for each in draft.versions[handed.version - 1].fields}
        now = {each.name: each.value for each in fields_of(state, look, draft)}
        passed = {*_MOVING, *draft.stale, *(() if isinstance(entry.payload, EgressConcluded) else _LOOKED)}
        names = [name for name, value in now.items() if name not in passed and value != before.get(name)]
        if names:
            yield a.AmendmentNeeded(draft.id, handed.version, tuple(names), entry.seq)
