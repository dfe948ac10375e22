"""Is a bundle of evidence what the hub signed? It needs a folder and a key: no hub, no network, no database.

Comes in: a folder that anybody may have made, the hub's public key from elsewhere. Goes out: `Report`: checks in words,
each with its answer. It runs nothing of the bundle, follows no link in it, and reads no file as a whole but the small
ones that it must. Rules, one test each:

1. Everything below data/ is named by the manifest and has its digest; nothing more lies there, nothing is a link.
2. The manifest has the digest that the tag manifest names; the tag manifest is signed by the key that was given.
3. The journal in it holds: its chain, its words, and a checkpoint signed by the same key that covers its last entry.
4. Every item in it was taken with the digest that the journal's own entry names.
5. A stamp, where there is one, is of this signature; whether its authority is believed is said apart.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.clock import iso
from garde.errors import GardeError
from garde.forensics.custody import bag
from garde.forensics.custody.bag import Signature, check_name
from garde.forensics.custody.store import DIGEST, ID
from garde.journal.entry import Fault
from garde.journal.export import EntryLine, ExportRecord
from garde.journal.text import plain
from garde.journal.verify import faults
from garde.trust.keys import PublicKey

JOURNAL: Final = "data/journal.jsonl"
EVIDENCE: Final = "data/evidence/"
SMALL: Final = 16 * 2**20  # bytes of a manifest or another file that is read whole
MOST_FILES: Final = 100_000
_ROW: Final = re.compile(r"([0-9a-f]{64}) {1,2}\*?(.+)")
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Broken(Exception):
    """The rest cannot be checked."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. `ok` None: it says nothing, for or against."""

    what: str
    ok: bool | None
    detail: str = ""


@dataclass(slots=True)
class Report:
    """What came of it."""

    checks: list[Check] = field(default_factory=list)
    manifest: str = ""
    files: int = 0
    bytes: int = 0
    entries: int = 0
    items: int = 0
    signed_at: str = ""
    stamped_at: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything that must hold holds."""
        return bool(self.checks) and all(each.ok is not False for each in self.checks)

    def add(self, what: str, faults: list[str]) -> bool:
        """Note a check by what was found against it."""
        self.checks.append(Check(what, not faults, "; ".join(faults[:5])))
        return not faults


def verify(folder: Path, key: str, *, roots: bytes = b"") -> Report:
    """Check a bundle against the hub's public key (hex); `roots`: certificates of time authorities, PEM."""
    report = Report()
    public = PublicKey.from_hex(key)
    try:
        tags = _signature(folder, public, report)
        _tags(folder, tags, report)
        digests = _payload(folder, report)
        taken = _journal(folder, public, digests, report)
        _items(digests, taken, report)
        _stamp(folder, roots, report)
    except Broken as error:
        report.checks.append(Check("the bundle can be read", False, str(error)))
    return report


# --- the outer files --------------------------------------------------------------------------------------------------


def _signature(folder: Path, public: PublicKey, report: Report) -> bytes:
    """Rule 2, from the outside in; returns the tag manifest."""
    tags = _small(folder, bag.TAGS)
    try:
        said = msgspec.json.decode(_small(folder, bag.SIGNATURE), type=Signature)
    except msgspec.MsgspecError as error:
        raise Broken(f"{bag.SIGNATURE}: {error}") from error
    report.manifest, report.signed_at = hashlib.sha256(tags).hexdigest(), plain(said.at)
    found = []
    if said.format != bag.FORMAT:
        found.append(f"its form is {said.format}: check it with a newer Garde")
    if said.manifest != report.manifest:
        found.append("it signs another manifest")
    elif not _is_signed(public, said):
        found.append("it is not signed by the key that was given")
    report.add("signed by the hub", found)
    return tags


def _is_signed(public: PublicKey, said: Signature) -> bool:
    try:
        signature = bytes.fromhex(said.signature)
    except ValueError:
        return False
    return said.key == public.hex and public.verify(signature, bag.signed_bytes(said.manifest, said.at))


def _tags(folder: Path, raw: bytes, report: Report) -> None:
    rows = _rows(raw, bag.TAGS)
    found = [f"{name} is not named" for name in (bag.BAGIT, bag.INFO, bag.MANIFEST) if name not in rows]
    for name, digest in rows.items():
        if name not in (bag.BAGIT, bag.INFO, bag.MANIFEST):
            found.append(f"{plain(name)} has no place there")
        elif hashlib.sha256(_small(folder, name)).hexdigest() != digest:
            found.append(f"{name} was changed")
    if _small(folder, bag.BAGIT) != bag.DECLARED:
        found.append(f"{bag.BAGIT} does not declare BagIt 1.0")
    report.add("manifest unchanged", found)


# --- what it is about -------------------------------------------------------------------------------------------------


def _payload(folder: Path, report: Report) -> dict[str, str]:
    """Rule 1; returns the digests as the manifest names them."""
    rows = _rows(_small(folder, bag.MANIFEST), bag.MANIFEST)
    found = []
    there = dict(_walk(folder))
    for name, digest in rows.items():
        if name not in there:
            found.append(f"{plain(name)} is missing")
        elif there[name] < 0:
            found.append(f"{plain(name)} is no regular file")
        else:
            seen, size = _digest(folder / name)
            report.bytes += size
            if seen != digest:
                found.append(f"{plain(name)} was changed")
    found += [f"{plain(name)} was added" for name in there if name not in rows]
    report.files = len(rows)
    report.add("every file is there, unchanged, and no other", found)
    return rows


def _walk(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield everything below data/ with its size; -1: a link, a pipe, or something else that is no file."""
    left, waiting = MOST_FILES, ["data"]
    while waiting:
        directory = waiting.pop()
        try:
            listed = list(os.scandir(folder / directory))
        except OSError as error:
            raise Broken(f"{plain(directory)}: {error.strerror}") from error
        for each in listed:
            left -= 1
            if left < 0:
                raise Broken("it holds more files than a bundle has")
            name, seen = f"{directory}/{each.name}", each.stat(follow_symlinks=False)
            if stat.S_ISDIR(seen.st_mode):
                waiting.append(name)
            else:
                yield name, seen.st_size if stat.S_ISREG(seen.st_mode) else -1


def _journal(folder: Path, public: PublicKey, digests: dict[str, str], report: Report) -> dict[str, set[str]]:
    """Rule 3; returns the digests with which each item was taken, as the journal says."""
    if JOURNAL not in digests:
        report.add("the journal holds", ["there is none"])
        return {}
    taken: dict[str, set[str]] = {}
    try:
        with os.fdopen(_open(folder / JOURNAL), "rb") as lines:
            record = ExportRecord(lines)
            found = [_said(each) for each in faults(record, check=lambda data, sign: public.verify(sign, data))]
        with os.fdopen(_open(folder / JOURNAL), "rb") as lines:
            signed, last = _read_taken(lines, taken)
    except (GardeError, OSError, ValueError) as error:
        report.add("the journal holds", [plain(getattr(error, "message", str(error)))])
        return {}
    report.entries = last
    if signed < last or not last:
        found.append(f"its last signed checkpoint covers {signed} of {last} entries")
    report.add("the journal holds, signed to its last entry", found)
    return taken


def _said(fault: Fault) -> str:
    return f"entry {fault.seq}: {plain(fault.what)}" if fault.seq else plain(fault.what)


def _read_taken(lines: Iterator[bytes], taken: dict[str, set[str]]) -> tuple[int, int]:
    """Collect what was taken; returns how much is signed, and the last entry."""
    signed = last = 0
    for line in lines:
        if line.startswith(b'{"line":"checkpoint"'):
            signed = max(signed, int(msgspec.json.decode(line).get("size", 0)))
        elif line.startswith(b'{"line":"entry"'):
            entry = msgspec.json.decode(line, type=EntryLine)
            last = entry.seq
            if entry.kind in ("evidence_taken", "evidence_referred"):
                said: dict[str, Any] = msgspec.json.decode(bytes(entry.payload))
                taken.setdefault(str(said.get("item", "")), set()).add(str(said.get("sha256", "")))
    return signed, last


def _items(digests: dict[str, str], taken: dict[str, set[str]], report: Report) -> None:
    """Rule 4."""
    own = {name.removeprefix(EVIDENCE): digest for name, digest in digests.items() if name.startswith(EVIDENCE)}
    found = []
    for item, digest in own.items():
        if not ID.fullmatch(item) or item not in taken:
            found.append(f"{plain(item)} was never taken, as far as the journal knows")
        elif digest not in taken[item]:
            found.append(f"{item} is not what was taken")
    report.items = len(own)
    report.add("every item is what the journal says was taken", found)


def _stamp(folder: Path, roots: bytes, report: Report) -> None:
    """Rule 5."""
    from garde.forensics.custody import stamp

    if not os.path.lexists(folder / bag.STAMP):
        report.checks.append(Check("stamped by a time authority", None, "no stamp: none was reachable"))
        return
    try:
        said = stamp.check(_small(folder, bag.STAMP), _small(folder, bag.SIGNATURE), roots)
    except (ValueError, Broken) as error:
        report.add("stamped by a time authority", [plain(str(error))])
        return
    report.stamped_at = iso(said.at)
    proven = True if said.proven else (False if roots else None)
    report.checks.append(Check("stamped by a time authority", proven, plain(said.why)))


# --- files ------------------------------------------------------------------------------------------------------------


def _rows(raw: bytes, what: str) -> dict[str, str]:
    """Return name -> digest of a manifest; raises Broken where it is none of a bundle."""
    found: dict[str, str] = {}
    try:
        for line in raw.decode().splitlines():
            match = _ROW.fullmatch(line)
            if match is None or not DIGEST.fullmatch(match[1]) or match[2] in found:
                raise Broken(f"{what} has a line that is none: {plain(line, 80)}")
            found[check_name(match[2])] = match[1]
    except ValueError as error:
        raise Broken(f"{what}: {plain(str(error), 200)}") from error
    if len(found) > MOST_FILES:
        raise Broken(f"{what} names more files than a bundle has")
    return found


def _open(path: Path) -> int:
    handle = os.open(path, _READ)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path.name} is no regular file")
    return handle


def _small(folder: Path, name: str) -> bytes:
    try:
        with os.fdopen(_open(folder / name), "rb") as file:
            data = file.read(SMALL + 1)
    except OSError as error:
        raise Broken(f"{name}: {error.strerror or error}") from error
    if len(data) > SMALL:
        raise Broken(f"{name} is larger than such a file is")
    return data


def _digest(path: Path) -> tuple[str, int]:
    try:
        with os.fdopen(_open(path), "rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return digest.hexdigest(), file.tell()
    except OSError:
        return "", 0
