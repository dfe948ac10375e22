"""In which role a person's code speaks.

Comes in: a person of the estate. Goes out: a role as `cut_decided` carries it. Whether that role may decide anything is
the written authority's business; here only which one is named.
"""

from __future__ import annotations

from typing import Final

from garde.estate.nouns import Person

# Roles that decide at the console; tests/unit/oncall checks that they are the authority's own.
DECIDERS: Final = frozenset({"operator", "it_director", "crisis_coordinator"})
_ON_CALL: Final = "on_call_it"
_OPERATOR: Final = "operator"  # what whoever is on call is at the console


def role_of(person: Person) -> str:
    """Return the role: a director's own first, then the operator that on-call IT is, else the person's first."""
    own = [each for each in person.roles if each in DECIDERS]
    if own:
        return own[0]
    return _OPERATOR if _ON_CALL in person.roles else next(iter(person.roles), "viewer")


def login_of(person: Person) -> str:
    """Return by which name the record knows the person."""
    return next(iter(person.logins), person.id)
