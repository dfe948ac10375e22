"""Filling a form's fields from what is known, each with the entries that it stands on.

Comes in: the state, the estate, a draft (its incident, form and language). Goes out: for each field its words and the
`seq` of its entries; what is not known is left out. Pure. It guesses nothing: a number that nobody counted stays
unknown.
"""

from __future__ import annotations

from garde.estate.look import Lookup
from garde.legal.memory import Draft, State

Filled = dict[str, tuple[str, list[int]]]


def filled(state: State, look: Lookup, draft: Draft) -> Filled:
    """Return what can be said of each field."""
    return {}
