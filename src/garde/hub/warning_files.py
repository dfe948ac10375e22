"""Where warnings lie on the hub's disk, and that they are still what was approved.

Comes in: a state directory; a warning's id and version. Goes out: its forms, read with an end and compared with the
digest in the journal. A file that is not what was drawn is not handed on: it counts as not there, with the reason.

    <state>/sharing/out/<warning>/<version>/   every form of one version
        changes.json                           what the guard took out, and why: never leaves this machine
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.errors import NotFound, StateDamaged
from garde.sharing.out.forms import STIX
from garde.sharing.out.guard import Part
from garde.sharing.out.memory import Version
from garde.trust.files import write_secret

FOLDER: Final = ("sharing", "out")
CHANGES: Final = "changes.json"
MEDIA: Final = {
    "html": "text/html; charset=utf-8", "pdf": "application/pdf", "csv": "text/csv; charset=utf-8",
    "json": "application/json", "txt": "text/plain; charset=utf-8",
}  # fmt: skip
MOST: Final = 16 * 1024 * 1024  # bytes of one form: 200 indicators of each sort are some 2 MB
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_AGAIN: Final = "have it drawn anew: garde share draw"


def folder_of(state: Path, warning: str, version: int) -> Path:
    """Return where a version lies; raises NotFound for what is no id of ours."""
    if not _ID.fullmatch(warning):
        raise NotFound("there is no such warning", "see them: garde share show")
    return state.joinpath(*FOLDER) / warning / f"{version:04d}"


def keep(state: Path, warning: str, version: int, forms: Mapping[str, bytes], parts: Sequence[Part]) -> None:
    """Write every form, the bundle last; what lay there is replaced."""
    folder = folder_of(state, warning, version)
    shutil.rmtree(folder, ignore_errors=True)
    write_secret(folder / CHANGES, msgspec.json.encode(parts))
    for name in sorted(forms, key=lambda each: each == STIX):
        write_secret(folder / name, forms[name])


def read(state: Path, version: Version, name: str) -> bytes:
    """Return one form of a drawn version. Raises NotFound, StateDamaged where it is not what was drawn."""
    raw = _bytes(folder_of(state, version.warning, version.version) / STIX)
    if hashlib.sha256(raw).hexdigest() != version.sha256:
        raise StateDamaged("the bundle is not what was drawn", _AGAIN)
    if name == STIX:
        return raw
    wanted = digests(raw).get(name)
    if wanted is None:
        raise NotFound(f"this version has no {name[:40]!r}", _AGAIN)
    found = _bytes(folder_of(state, version.warning, version.version) / name)
    if hashlib.sha256(found).hexdigest() != wanted:
        raise StateDamaged(f"{name} is not what was drawn", _AGAIN)
    return found


def names(state: Path, version: Version) -> tuple[str, ...]:
    """Return the forms of a drawn version."""
    return (STIX, *sorted(digests(read(state, version, STIX))))


def media_of(name: str) -> str:
    """Return the media type of a form, by how its name ends."""
    return MEDIA.get(name.rpartition(".")[2], "application/octet-stream")


def changes(state: Path, version: Version) -> tuple[Part, ...]:
    """Return what the guard looked at: the difference between what is known and what leaves."""
    raw = _bytes(folder_of(state, version.warning, version.version) / CHANGES)
    try:
        return tuple(msgspec.json.decode(raw, type=list[Part]))
    except msgspec.DecodeError as error:
        raise StateDamaged(f"the difference cannot be read: {error}", _AGAIN) from error


def digests(bundle: bytes) -> dict[str, str]:
    """Return the digests of the other forms as they stand in the bundle."""
    found: dict[str, str] = {}
    for each in objects(bundle):
        if each.get("type") == "report":
            for reference in each.get("external_references", ()):
                found[str(reference.get("url", ""))] = str(reference.get("hashes", {}).get("SHA-256", ""))
    return found


def objects(bundle: bytes) -> list[dict[str, Any]]:
    """Return the objects of a bundle of ours."""
    found: list[dict[str, Any]] = msgspec.json.decode(bundle)["objects"]
    return found


def _bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            raw = file.read(MOST + 1)
    except OSError as error:
        raise NotFound(f"{path.name} is not there: {error.strerror}", _AGAIN) from error
    if len(raw) > MOST:
        raise StateDamaged(f"{path.name} is no file of ours", _AGAIN)
    return raw
