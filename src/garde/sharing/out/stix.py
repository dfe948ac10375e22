"""A warning as a STIX 2.1 bundle, marked with TLP 2.0 by the extension of OASIS.

Comes in: a guarded `Draft`, digests of the forms that go with it. Goes out: JSON bytes. Pure: the same draft gives the
same bytes. Ids are made from what nobody outside knows and what an object says, so that the same thing has the same id
in every version of a warning and none of another house. An indicator never changes: what is new is another object.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from garde.sharing.out.draft import Draft, Indicator
from garde.sharing.out.words import plainly

TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP_MARKS: Final = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}  # fixed by OASIS for everybody
LABEL: Final = "garde:"  # before an indicator's sort: what a pattern alone does not tell (a note's name, an ending)
_NAMESPACE: Final = uuid.UUID("5f0c1f9a-6f5c-4d5e-9a55-0f7c1f5e6d11")  # drawn once
_SPECIAL: Final = re.compile(r"([\\.^$*+?{}\[\]|()])")  # of a regular expression
_PATHS: Final = {
    "sha256": "file:hashes.'SHA-256'",
    "address": "ipv4-addr:value",
    "file_name": "file:name",
    "note_name": "file:name",
    "user": "user-account:account_login",
    "mail": "email-addr:value",
    "domain": "domain-name:value",
}
_Object = dict[str, Any]


def write(draft: Draft, forms: Mapping[str, str]) -> bytes:
    """Return the bundle. `forms`: SHA-256 of each other form of this version, by its file's name."""
    return msgspec.json.format(msgspec.json.encode(bundle(draft, forms)), indent=1)


def bundle(draft: Draft, forms: Mapping[str, str]) -> _Object:
    """Return it as JSON has it."""
    made = _Maker(draft)
    objects = [made.mark(), made.identity(), *made.found(), made.report(forms)]
    return {"type": "bundle", "id": made.id("bundle", str(draft.version)), "objects": objects}


class _Maker:
    """Makes the objects of one version."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._space = uuid.uuid5(_NAMESPACE, f"{draft.secret}\n{draft.tlp}")
        self._refs: list[str] = []

    def id(self, kind: str, what: str) -> str:
        """Return the id of an object of this kind about this."""
        return f"{kind}--{uuid.uuid5(self._space, f'{kind}{chr(10)}{what}')}"

    def mark(self) -> _Object:
        level = self._draft.tlp
        return {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": TLP_MARKS[level],
            "created": "2022-10-01T00:00:00.000Z",
            "name": f"TLP:{level.upper()}",
            "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": level}},
        }

    def identity(self) -> _Object:
        """Who warns; a hospital without a name where the guard took it out."""
        found = self._object("identity", "", self._draft.first)
        found |= {"name": self._draft.hospital or "A hospital", "identity_class": "organization"}
        return found | {"sectors": ["healthcare"]}

    def found(self) -> Iterator[_Object]:
        """Yield what it was, and what to watch for."""
        yield from self._keep(self._malware())
        for each in dict.fromkeys(self._draft.techniques):
            yield from self._keep(self._technique(each))
        for indicator in self._draft.indicators:
            yield from self._keep(self._indicator(indicator))
            yield from self._keep(self._indicates(indicator))

    def _keep(self, found: _Object | None) -> Iterator[_Object]:
        if found is not None:
            self._refs.append(found["id"])
            yield found

    def _malware(self) -> _Object | None:
        if not self._draft.family:
            return None
        found = self._object("malware", self._draft.family, self._draft.at, created=self._draft.first)
        found |= {"name": self._draft.family, "malware_types": ["ransomware"], "is_family": True}
        return found | {"confidence": round(self._draft.confidence * 100)}

    def _technique(self, technique: str) -> _Object:
        place = f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"
        known = {"source_name": "mitre-attack", "external_id": technique, "url": place}
        return self._object("attack-pattern", technique, self._draft.first) | {
            "name": technique,
            "external_references": [known],
        }

    def _indicator(self, each: Indicator) -> _Object | None:
        pattern = pattern_of(each)
        if not pattern:
            return None
        found = self._object("indicator", f"{each.sort}\n{each.value}", each.first_at)
        found |= {"name": f"{each.sort}: {each.value}", "indicator_types": ["malicious-activity"]}
        found |= {"pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1"}
        return found | {"valid_from": stamp(each.first_at), "labels": [f"{LABEL}{each.sort}", f"{LABEL}{each.what}"]}

    def _indicates(self, each: Indicator) -> _Object | None:
        if not self._draft.family or not pattern_of(each):
            return None
        source = self.id("indicator", f"{each.sort}\n{each.value}")
        target = self.id("malware", self._draft.family)
        found = self._object("relationship", f"{source}\n{target}", each.first_at)
        return found | {"relationship_type": "indicates", "source_ref": source, "target_ref": target}

    def report(self, forms: Mapping[str, str]) -> _Object:
        """Return what holds them together; the other forms stand in it by their digests."""
        draft = self._draft
        found = self._object("report", draft.warning, draft.at, created=draft.first)
        lines = plainly(draft)
        found |= {"name": lines[0], "description": "\n".join(lines[1:]), "published": stamp(draft.at)}
        found |= {"report_types": ["threat-report", "indicator"], "labels": [f"{LABEL}version-{draft.version}"]}
        found |= {"confidence": 85 if draft.confirmed else 50}
        found |= {"object_refs": self._refs or [self.id("identity", "")]}
        references = [
            {"source_name": "garde", "description": name, "url": name, "hashes": {"SHA-256": digest}}
            for name, digest in sorted(forms.items())
        ]
        return found | ({"external_references": references} if references else {})

    def _object(self, kind: str, what: str, modified: float, created: float = 0.0) -> _Object:
        found: _Object = {
            "type": kind,
            "spec_version": "2.1",
            "id": self.id(kind, what),
            "created": stamp(created or modified),
            "modified": stamp(max(modified, created)),
            "object_marking_refs": [TLP_MARKS[self._draft.tlp]],
        }
        if kind != "identity":
            found["created_by_ref"] = self.id("identity", "")
        return found


def pattern_of(each: Indicator) -> str:
    """Return the STIX pattern of an indicator; "" where there is none for its sort (a wallet)."""
    if each.sort == "ending":
        return f"[file:name MATCHES {_quoted(_SPECIAL.sub(_escaped, each.value) + '$')}]"
    path = _PATHS.get(each.sort, "")
    if each.sort == "address" and ":" in each.value:
        path = "ipv6-addr:value"
    return f"[{path} = {_quoted(each.value)}]" if path else ""


def stamp(at: float) -> str:
    """Return a time as STIX has it, to the millisecond."""
    return datetime.fromtimestamp(max(at, 0.0), UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at % 1 * 1000):03d}Z"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[1]
