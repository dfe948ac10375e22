"""Drafts as their pages show them: every form with its newest draft; one draft, field by field, each with its entries.

Comes in: what `garde.legal` knows, the forms as data, names. Goes out: `FormShown`s and `DraftPage`. Pure; it fills,
signs and sends nothing. What is unknown stays so, and a field that no source confirms says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from garde.hub.console.names import Names
from garde.hub.console.views.clocks import in_language, recipient_words
from garde.journal.speech import Said, mark
from garde.journal.text import plain
from garde.legal.forms import LANGUAGES, Form, forms
from garde.legal.memory import KNOWN, SAID, UNCONFIRMED, UNKNOWN, Draft, Field, Incident, State

STATES: Final = {
    KNOWN: mark("from the record"),
    UNKNOWN: mark("UNKNOWN"),
    SAID: mark("a person’s words"),
    UNCONFIRMED: mark("from the record; this field is not confirmed by its source"),
}
TONES: Final = {KNOWN: "good", UNKNOWN: "bad", SAID: "note", UNCONFIRMED: "warn"}
LANGUAGE_WORDS: Final = {"en": mark("English"), "fr": mark("French")}


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One draft of a form, in one language."""

    id: str
    language: Said
    words: Said
    tone: str
    unknown: int


@dataclass(frozen=True, slots=True)
class FormShown:
    """One form."""

    id: str
    title: Said
    recipient: Said
    basis: Said
    warning: Said
    drafts: tuple[DraftLine, ...]
    languages: tuple[tuple[str, Said], ...]


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One field of a draft."""

    name: str
    label: Said
    value: str  # raw: the template escapes it
    state: str
    words: Said
    tone: str
    entries: tuple[int, ...]
    by: Said  # who wrote it; "" nobody
    stale: bool  # what was handed in says otherwise than the journal now


@dataclass(frozen=True, slots=True)
class MarkShown:
    """A signature, or that it was handed in."""

    who: Said
    version: int
    at: float
    seq: int
    how: Said = Said("")  # noqa: RUF009 - a word that never changes


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One draft."""

    id: str
    title: Said
    recipient: Said
    basis: Said
    warning: Said
    note: Said
    language: str
    version: int
    sha256: str
    made: float
    fields: tuple[FieldShown, ...]
    unknown: int
    signed: tuple[MarkShown, ...]  # this version
    earlier: tuple[MarkShown, ...]  # signatures of versions before
    submitted: MarkShown | None
    words: Said
    tone: str
    amends: str
    amended_by: str
    stale: tuple[Said, ...]  # labels of fields that are not so any more
    mine: bool  # whoever looks has signed this version


def form_list(state: State, incident: Incident | None, names: Names) -> tuple[FormShown, ...]:
    """Return every form, in the order of its data, with its drafts of an incident."""
    mine = state.drafts_of(incident) if incident is not None else []
    return tuple(_form(each, mine, names) for each in forms().values())


def _form(form: Form, mine: list[Draft], names: Names) -> FormShown:
    say = names.say
    newest = {each.language: each for each in mine if each.form == form.id}
    return FormShown(
        id=form.id,
        title=in_language(form.title, say.language),
        recipient=recipient_words(form.recipient, names),
        basis=in_language(form.basis, say.language),
        warning=in_language(form.warning, say.language) if not form.confirmed else Said(""),
        drafts=tuple(_line(each, names) for each in newest.values()),
        languages=tuple((each, say.word(LANGUAGE_WORDS, each)) for each in LANGUAGES),
    )


def _line(draft: Draft, names: Names) -> DraftLine:
    words, tone = standing(draft, names)
    return DraftLine(draft.id, names.say.word(LANGUAGE_WORDS, draft.language), words, tone, _unknown(draft))


def _unknown(draft: Draft) -> int:
    return sum(each.state == UNKNOWN for each in draft.newest.fields)


def standing(draft: Draft, names: Names) -> tuple[Said, str]:
    """Return how a draft stands, in words, and its tone."""
    say = names.say
    if draft.submitted:
        if draft.stale and not draft.amended_by:
            return say("handed in; an amendment is needed"), "bad"
        return say("handed in"), "good"
    if draft.signed:
        return say("signed, not handed in yet"), "warn"
    return say("version {n}, not signed", n=draft.newest.number), "note"


def draft_page(draft: Draft, names: Names, login: str) -> DraftPage:
    """Return one draft."""
    say, form = names.say, forms()[draft.form]
    words, tone = standing(draft, names)
    labels: Mapping[str, Said] = {each.id: in_language(each.label, say.language) for each in form.fields}
    submitted = draft.submitted
    shown = draft.newest if submitted is None else draft.versions[submitted.version - 1]
    return DraftPage(
        id=draft.id,
        title=in_language(form.title, say.language),
        recipient=recipient_words(form.recipient, names),
        basis=in_language(form.basis, say.language),
        warning=in_language(form.warning, say.language) if not form.confirmed else Said(""),
        note=in_language(form.note, say.language),
        language=draft.language,
        version=shown.number,
        sha256=shown.sha256,
        made=shown.at,
        fields=tuple(_field(each, draft, labels, names) for each in shown.fields),
        unknown=sum(each.state == UNKNOWN for each in shown.fields),
        signed=tuple(
            MarkShown(names.person(each.by), each.version, each.at, each.seq)
            for each in draft.signatures
            if each.version == shown.number
        ),
        earlier=tuple(
            MarkShown(names.person(each.by), each.version, each.at, each.seq)
            for each in draft.signatures
            if each.version != shown.number
        ),
        submitted=MarkShown(
            names.person(submitted.by), submitted.version, submitted.at, submitted.seq,
            say("{channel} {reference}", channel=submitted.channel, reference=Said(submitted.reference)),
        )
        if submitted
        else None,
        words=words,
        tone=tone,
        amends=draft.amends,
        amended_by=draft.amended_by,
        stale=tuple(labels.get(each, Said(plain(each))) for each in draft.stale) if not draft.amended_by else (),
        mine=any(each.by == login for each in draft.signed),
    )  # fmt: skip


def _field(field: Field, draft: Draft, labels: Mapping[str, Said], names: Names) -> FieldShown:
    edit = draft.edits.get(field.name) if field.state == SAID else None
    return FieldShown(
        name=field.name,
        label=labels.get(field.name, Said(plain(field.name))),
        value=field.value,
        state=field.state,
        words=names.say.word(STATES, field.state),
        tone=TONES.get(field.state, "plain"),
        entries=tuple(field.entries),
        by=names.person(edit.by) if edit else Said(""),
        stale=field.name in draft.stale and not draft.amended_by,
    )
