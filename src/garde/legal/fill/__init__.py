"""Filling a form's fields from what is known, each with the entries that it stands on.

Comes in: the state, the estate, a draft (its incident, form and language). Goes out: for each field its words and the
`seq` of its entries; what is not known is left out. Pure. It guesses nothing: a number that nobody counted stays
unknown.
"""

from __future__ import annotations

from typing import Final

from garde.estate.look import Lookup
from garde.journal.speech import say_in
from garde.legal.fill.base import Ask, Filler, Value
from garde.legal.fill.done import DONE
from garde.legal.fill.plain import PLAIN
from garde.legal.fill.what import WHAT
from garde.legal.fill.when import WHEN
from garde.legal.fill.who import WHO
from garde.legal.forms import forms
from garde.legal.memory import Draft, State
from garde.legal.words import LEGAL_LOCALE

FILLERS: Final[dict[str, Filler]] = {**WHO, **WHEN, **WHAT, **DONE, **PLAIN}
# Fields that only people can answer: nothing in the journal says it.
BY_PEOPLE: Final = frozenset({
    "subjects_kinds", "subjects_count", "records_kinds", "records_count", "cross_border", "expected",
    "suspect_contacts", "advice",
})  # fmt: skip


def filled(state: State, look: Lookup, draft: Draft) -> dict[str, Value]:
    """Return what can be said of each field."""
    incident = state.incident(draft.incident)
    if incident is None:
        return {}
    ask = Ask(state, look, draft, incident, say_in(draft.language, LEGAL_LOCALE))
    names = (each.id for each in forms()[draft.form].fields)
    found = {name: FILLERS[name](ask) for name in names if name in FILLERS}
    return {name: (str(words), entries) for name, (words, entries) in found.items() if words}
