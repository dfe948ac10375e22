"""STIX 2.x bundles, and the envelopes of TAXII 2.1, which hold the same objects.

Comes in: JSON bytes of a neighbour. Goes out: what was found. Each object is read by itself: one that is no object of
STIX is counted, and stands in nobody's way. Only indicators count; what was merely observed is no indicator.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from garde.model.watchlist import Sort
from garde.sharing.in_ import patterns
from garde.sharing.in_.found import NOT_WATCHED, OVER, TLPS, TOO_MANY, UNREADABLE, Found

MOST_OBJECTS: Final = 1_000_000
LABEL: Final = "garde:"  # `out/stix.py`: what a pattern alone does not tell
_NOTE: Final = LABEL + Sort.NOTE_NAME
_TLP_1: Final = {
    "613f2e26-407d-48c7-9eca-b8e91df99dc9": "clear",
    "34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
    "f88d31f6-486f-44da-b317-01333bde0b82": "amber",
    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
}
_TLP_2: Final = {
    "94868c89-83c2-464b-929b-a1a8aa3c8487": "clear",
    "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "green",
    "55d920b0-5e8b-4f79-9ee9-91f868d9b421": "amber",
    "939a9414-2ddd-4d32-a0cd-375ea402b003": "amber+strict",
    "e828b379-4e03-4974-9ac4-e53a884c97c1": "red",
}
_TLP: Final = {f"marking-definition--{key}": level for key, level in {**_TLP_1, **_TLP_2}.items()}


class _Bundle(msgspec.Struct):
    objects: list[msgspec.Raw] = []


class _Object(msgspec.Struct):
    type: str = ""
    pattern: str = ""
    pattern_type: str = "stix"
    revoked: bool = False
    valid_until: str = ""
    labels: list[str] = []
    object_marking_refs: list[str] = []
    extensions: dict[str, Any] = {}
    definition: dict[str, Any] = {}


_bundle = msgspec.json.Decoder(_Bundle)
_object = msgspec.json.Decoder(_Object)


def read(raw: bytes, found: Found, now: float) -> None:
    """Read a bundle or an envelope. Raises msgspec.DecodeError, RecursionError where it is none at all."""
    objects = _bundle.decode(raw).objects
    for each in objects[:MOST_OBJECTS]:
        try:
            _read(_object.decode(each), found, now)
        except (msgspec.DecodeError, RecursionError, ValueError):
            found.refuse(UNREADABLE)
    if len(objects) > MOST_OBJECTS:
        found.refuse(TOO_MANY, len(objects) - MOST_OBJECTS)


def _read(each: _Object, found: Found, now: float) -> None:
    for mark in each.object_marking_refs:
        found.mark(_TLP.get(mark, ""))
    if each.type == "marking-definition":
        _mark(each, found)
    elif each.type == "indicator":
        _indicator(each, found, now)


def _mark(each: _Object, found: Found) -> None:
    """A marking that is its own: of TLP 1 or 2, whatever its id."""
    for extension in each.extensions.values():
        level = extension.get("tlp_2_0") if isinstance(extension, dict) else None
        if isinstance(level, str) and level in TLPS:
            found.mark(level)
    level = each.definition.get("tlp")
    if isinstance(level, str):
        found.mark(level)


def _indicator(each: _Object, found: Found, now: float) -> None:
    if each.revoked or (each.valid_until and datetime.fromisoformat(each.valid_until).timestamp() <= now):
        found.refuse(OVER)
    elif each.pattern_type != "stix":
        found.refuse(NOT_WATCHED)
    else:
        try:
            values = patterns.values(each.pattern)
        except patterns.PatternRefused as refused:
            found.refuse(refused.why)
            return
        for sort, value in values:
            is_note = sort is Sort.FILE_NAME and _NOTE in each.labels
            found.add(Sort.NOTE_NAME if is_note else sort, value)
