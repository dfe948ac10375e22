"""Files into the store: saved HL7 messages, FHIR bundles, tables.

Comes in: a file's bytes. Goes out: what is to be stored, one item per message. A file that is of no form that is known
is refused whole: nothing of it is guessed at.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from garde.downtime.mllp import Deframer, Frame
from garde.downtime.store.messages import Form
from garde.errors import UsageError

_START = re.compile(rb"(?:^|[\r\n])(?=MSH[^A-Za-z0-9\r\n])")
_HEADING = re.compile(rb'[\s"]*(number|ward)[\s"]*[,;]', re.IGNORECASE)


def split_file(data: bytes, name: str) -> tuple[Form, list[bytes]]:
    """Return the form and the items of a file; raises UsageError."""
    text = data.lstrip(b"\xef\xbb\xbf\r\n\t ")
    if text.startswith(b"\x0b"):
        stream = Deframer()
        pieces = [*stream.feed(data), *stream.close()]
        return Form.HL7, [piece.data for piece in pieces if isinstance(piece, Frame)]
    if text.startswith(b"MSH"):
        return Form.HL7, [each for part in _START.split(text) if (each := part.strip(b"\r\n"))]
    if text.startswith(b"{"):
        return Form.FHIR, split_bundle(text, name)
    if _HEADING.match(text):
        heading, *rows = [each for each in re.split(rb"\r?\n|\r", text) if each.strip()]
        return Form.CSV, [heading + b"\n" + row for row in rows]
    raise UsageError(
        f"{name} holds no form that is known", "HL7 v2 begins with MSH, FHIR with {, a table with number or ward"
    )


def split_bundle(data: bytes, name: str) -> list[bytes]:
    """Return the resources of a bundle (or the one resource), an Encounter with the Locations that it names."""
    try:
        found = msgspec.json.decode(data)
        entries = found["entry"] if found["resourceType"] == "Bundle" else [{"resource": found}]
        resources = [each["resource"] for each in entries if "resource" in each]
        return [msgspec.json.encode(each) for each in with_places(resources) if each["resourceType"] != "Location"]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise UsageError(f"{name} is no FHIR R4 bundle: {error}", "export one as JSON") from error


def with_places(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put into each Encounter the Locations that it names, and those that they lie in."""
    places = {each["id"]: each for each in resources if each["resourceType"] == "Location" and "id" in each}
    return [_with_places(each, places) if each["resourceType"] == "Encounter" else each for each in resources]


def _with_places(encounter: dict[str, Any], places: dict[str, dict[str, Any]]) -> dict[str, Any]:
    todo = [str((each.get("location") or {}).get("reference", "")) for each in encounter.get("location", ())]
    found: dict[str, dict[str, Any]] = {}
    while todo:
        key = todo.pop().replace("urn:uuid:", "").rpartition("/")[2]
        if key in places and key not in found:
            found[key] = places[key]
            todo.append(str((places[key].get("partOf") or {}).get("reference", "")))
    return {**encounter, "contained": [*encounter.get("contained", ()), *found.values()]} if found else encounter
