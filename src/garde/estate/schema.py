"""The JSON schema of `hospital.yaml`, for editors that complete and underline.

Comes in: the nouns and the vocabulary. Goes out: the schema (draft 2020-12). It knows types and closed words; what
must exist elsewhere in the file, and make sense together, only `garde estate check` knows.
"""

from __future__ import annotations

import typing
from typing import Any

from garde.estate.convert import part_of, required, types_of
from garde.estate.nouns import Estate, Words
from garde.estate.vocabulary import CHOICES, HELP, ID, LANGUAGE, SEVERITIES

_ID = f"^{ID.pattern}$"
_BY_LANGUAGE = {
    "type": "object",
    "patternProperties": {f"^{LANGUAGE.pattern}$": {"type": "string"}},
    "additionalProperties": False,
}
_WORDS = {"anyOf": [{"type": "string"}, _BY_LANGUAGE]}
_PLAIN: dict[Any, dict[str, Any]] = {
    # A value that looks like a number is read as it is written where text is wanted: a telephone, a version.
    str: {"type": ["string", "number"]},
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0},
    float: {"type": "number", "minimum": 0},
}


def schema() -> dict[str, Any]:
    """Return the schema as plain data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hospital.yaml",
        "description": "A hospital as Garde knows it.",
        **_table(Estate, ""),
    }


def _table(kind: type, prefix: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required(kind)),
        "properties": {name: _field(declared, f"{prefix}{name}") for name, declared in types_of(kind).items()},
    }


def _field(declared: Any, name: str) -> dict[str, Any]:
    return {"description": HELP[name], **_type(declared, name)}


def _type(declared: Any, name: str) -> dict[str, Any]:
    inner = part_of(declared)
    if inner is not None:
        return {"type": ["array", "null"], "items": _table(inner, f"{name}.")}
    if declared == Words:
        return _WORDS
    if name in CHOICES:
        one: dict[str, Any] = {"enum": list(CHOICES[name])}
    elif name.endswith(".id"):
        one = {"type": "string", "pattern": _ID}
    elif name == "authority.severity":
        one = {"enum": list(SEVERITIES)}
    elif declared in _PLAIN:
        one = _PLAIN[declared]
    else:
        one = _PLAIN[str]
    if typing.get_origin(declared) is tuple:
        return {"anyOf": [one, {"type": "array", "items": one}]}
    return one
