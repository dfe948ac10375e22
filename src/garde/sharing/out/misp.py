"""A warning as a MISP event.

Comes in: a guarded `Draft`. Goes out: JSON bytes, as MISP imports them. Pure. Who may see it is said twice: by its
distribution, which MISP obeys, and by the TLP's tag, which people read.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec

from garde.sharing.out.draft import Draft, Indicator
from garde.sharing.out.stix import stamp
from garde.sharing.out.words import plainly

_NAMESPACE: Final = uuid.UUID("9d2e2b0e-61a4-4d5d-8f64-3a1c7a0fb7aa")  # drawn once
_ORGANISATION, _COMMUNITY, _CONNECTED, _ALL = "0", "1", "2", "3"
DISTRIBUTION: Final = {
    "clear": _ALL, "green": _CONNECTED, "amber": _COMMUNITY, "amber+strict": _ORGANISATION, "red": _ORGANISATION,
}  # fmt: skip
_TYPES: Final = {
    "sha256": ("sha256", "Payload delivery"),
    "address": ("ip-dst", "Network activity"),
    "file_name": ("filename", "Payload delivery"),
    "note_name": ("filename", "Artifacts dropped"),
    "ending": ("filename-pattern", "Artifacts dropped"),
    "user": ("text", "Other"),
    "mail": ("email", "Attribution"),
    "domain": ("domain", "Network activity"),
    "wallet": ("btc", "Financial fraud"),
}
_NO_ALARM: Final = frozenset({"user", "mail", "wallet"})  # nothing that a sensor should stop anybody for


def write(draft: Draft) -> bytes:
    """Return the event."""
    return msgspec.json.format(msgspec.json.encode({"Event": event(draft)}), indent=1)


def event(draft: Draft) -> dict[str, Any]:
    """Return it as JSON has it."""
    space = uuid.uuid5(_NAMESPACE, f"{draft.secret}\n{draft.tlp}")
    lines = plainly(draft)
    return {
        "uuid": str(uuid.uuid5(space, "event")),
        "info": lines[0],
        "date": stamp(draft.began or draft.first)[:10],
        "timestamp": f"{draft.at:.0f}",
        "published": False,
        "analysis": "1",  # ongoing
        "threat_level_id": "1",  # high
        "distribution": DISTRIBUTION[draft.tlp],
        "Orgc": {"name": draft.hospital or "A hospital", "uuid": str(uuid.uuid5(space, "organisation"))},
        "Tag": [{"name": name} for name in _tags(draft)],
        "Attribute": [
            _comment("\n".join(lines[1:]), space, draft.at),
            *(_attribute(each, space, draft.at) for each in draft.indicators),
        ],
    }


def _attribute(each: Indicator, space: uuid.UUID, at: float) -> dict[str, Any]:
    kind, category = _TYPES[each.sort]
    return {
        "uuid": str(uuid.uuid5(space, f"{each.sort}\n{each.value}")),
        "type": kind,
        "category": category,
        "value": f"*{each.value}" if each.sort == "ending" else each.value,
        "to_ids": each.sort not in _NO_ALARM,
        "comment": f"{each.sort}, {each.what}",
        "timestamp": f"{at:.0f}",
        "distribution": "5",  # as the event's
    }


def _comment(text: str, space: uuid.UUID, at: float) -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid5(space, "text")),
        "type": "comment",
        "category": "Internal reference",
        "value": text,
        "to_ids": False,
        "timestamp": f"{at:.0f}",
        "distribution": "5",
    }


def _tags(draft: Draft) -> list[str]:
    tags = [f"tlp:{draft.tlp}"]
    if draft.family:
        tags.append(f'misp-galaxy:ransomware="{draft.family.replace(chr(34), "")}"')
    return tags
