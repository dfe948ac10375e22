"""What is evidence on this machine: found, not yet taken.

Comes in: the agent's journal since a time, the vault's index, the folders in which files were damaged, logs. Goes out:
`Thing`s with their paths. It opens notes and folders for reading only, follows no link, and copies nothing. The rules,
one test each:

1. A note is a small text that came into a folder of damaged files (or above) since the harm began and was no file
   of ours before: it lies in several folders with the same bytes, or is named or worded as such notes are.
2. The same note in many folders is one, with the number of folders.
3. Of the damaged files a few are chosen, first those that differ in ending and type; each with its sound version: the
   pre-image, else the file as it was put back.
4. Programs are those of the processes that were held; what serves many (Samba, interpreters) is no sample.
5. Numbers are bounded: folders, names in them, notes, pairs.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.text import Text
from garde.vault.index import Index
from garde.vault.kernel import open_strict
from garde.vault.names import is_own, join, name_of, parent_of
from garde.vault.records import Known

KINDS: Final = ("finding_made", "verdict_reached", "file_restored", "actor_held")
NOTE_MOST: Final = 64 * 1024  # bytes: the longest of 900 known notes has 36 KiB
MOST_FOLDERS, MOST_NAMES, MOST_NOTES, MOST_PAIRS, MOST_SAMPLES = 2_000, 5_000, 20, 20, 5
ABOVE: Final = 3  # folders above a damaged file in which a note is looked for: the top of a share is one
BEFORE_S: Final = 300.0  # notes are sometimes written first
LOGS: Final = (
    b"/var/log/auth.log", b"/var/log/secure", b"/var/log/wtmp", b"/var/log/btmp", b"/var/log/audit/audit.log",
    b"/var/log/samba/log.smbd", b"/var/log/samba/log.wb-BUILTIN",
)  # fmt: skip
_SERVES_MANY: Final = re.compile(
    rb"(?:.*/)?(?:smbd|nfsd|sshd|python[\d.]*|perl[\d.]*|bash|sh|dash|zsh|node|java|php[\d.]*)"
)
_NAMED: Final = re.compile(
    rb"read.?me|how.?to|crypt|recover|restor|ransom|unlock|instruction|important|warning|_note|help.?(me|you|file)"
    rb"|dechiffr|lisez|your.?files",
    re.I,
)
_WORDED: Final = re.compile(
    r"encrypt|decrypt|ransom|bitcoin|monero|\.onion|tor browser|your (?:files|data|network)|private key|payment|leak"
    r"|chiffr|rançon|vos (?:fichiers|données)|paiement",
    re.I,
)
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to take. `place`: where it was, if it is taken from elsewhere."""

    sort: str
    name: bytes
    path: bytes
    place: bytes = b""
    copies: int = 1
    data: bytes = b""  # of a note
    changed_at: float = 0.0
    detail: str = ""


@dataclass(slots=True)
class Seen:
    """What the journal says of the harm, as paths."""

    since: float
    after: dict[bytes, bytes] = field(default_factory=dict)  # damaged file -> where its damaged content lay
    kept: dict[bytes, bytes] = field(default_factory=dict)  # damaged file -> where that was moved when it was put back
    proven: dict[bytes, str] = field(default_factory=dict)  # file that was put back and verified -> its SHA-256
    spread: set[bytes] = field(default_factory=set)  # names that came into many folders
    programs: dict[bytes, int] = field(default_factory=dict)  # of held processes -> a pid

    def folders(self) -> Iterator[bytes]:
        """Yield the folders of damaged files, and those above them, each once."""
        level = found = dict.fromkeys(parent_of(each) for each in (*self.after, *self.after.values()))
        for _ in range(ABOVE):
            level = dict.fromkeys(parent_of(each) for each in level if each != b"/")
            found = found | level
        yield from list(found)[:MOST_FOLDERS]


# --- the journal ------------------------------------------------------------------------------------------------------


def read(entries: Iterable[Entry], since: float) -> Seen:
    """Fold the agent's own journal."""
    seen = Seen(since)
    for entry in entries:
        if entry.at >= since - BEFORE_S:
            _fold(seen, entry.payload)
    return seen


def _fold(seen: Seen, payload: k.Payload) -> None:
    match payload:
        case k.FindingMade():
            _damage(seen, payload.file)
        case k.VerdictReached():
            for each in payload.files:
                _damage(seen, each)
        case k.FileRestored():
            path = payload.path.value or b""
            if payload.evidence.value:
                seen.kept[path] = payload.evidence.value
            if payload.verified:
                seen.proven[path] = payload.sha256
        case k.ActorHeld():
            exe = payload.actor.exe.value or b""
            if exe and payload.action == "process":
                seen.programs.setdefault(exe, payload.actor.pid)


def _damage(seen: Seen, file: k.FileDamage) -> None:
    path, after = _path(file.path), _path(file.path_after)
    if "note_spread" in file.proofs:
        seen.spread.add(name_of(path))
    elif path and "vault_touched" not in file.proofs:
        seen.after[path] = after or path


def _path(text: Text) -> bytes:
    return text.value if text.value and text.value.startswith(b"/") else b""


# --- notes ------------------------------------------------------------------------------------------------------------


def notes(state: Path, seen: Seen) -> list[Thing]:
    """Return the ransom notes, those with the most copies first. Rules 1 and 2."""
    found: dict[bytes, Thing] = {}
    damaged = {*seen.after, *seen.after.values()}
    with _index(state) as index:
        for folder in seen.folders():
            for each in _new_texts(folder, damaged, seen.since, index):
                known = found.get(each.data)
                found[each.data] = replace(known, copies=known.copies + 1) if known else each
    are = [each for each in found.values() if _is_note(each, seen)]
    return sorted(are, key=lambda each: -each.copies)[:MOST_NOTES]


def _new_texts(folder: bytes, damaged: set[bytes], since: float, index: Index | None) -> Iterator[Thing]:
    try:
        with os.scandir(folder) as listed:
            names = [os.fsencode(each.name) for _, each in zip(range(MOST_NAMES), listed, strict=False)]
    except OSError:
        return
    for name in names:
        path = join(folder, name)
        if path not in damaged and not is_own(path):
            thing = _text_at(path, since, index)
            if thing is not None:
                yield thing


def _text_at(path: bytes, since: float, index: Index | None) -> Thing | None:
    try:
        handle = open_strict(path, _READ)
    except OSError:
        return None
    try:
        at = os.fstat(handle)
        new = max(at.st_mtime, at.st_ctime) >= since - BEFORE_S
        if not stat.S_ISREG(at.st_mode) or not 0 < at.st_size <= NOTE_MOST or not new:
            return None
        data = os.pread(handle, NOTE_MOST, 0)
    except OSError:
        return None
    finally:
        os.close(handle)
    if not is_text(data) or _was_ours(path, since, index):
        return None
    return Thing("note", name_of(path), path, changed_at=at.st_mtime, data=data)


def _was_ours(path: bytes, since: float, index: Index | None) -> bool:
    known = _find(index, path)
    return known is not None and known.captured_at < since - BEFORE_S


def _is_note(thing: Thing, seen: Seen) -> bool:
    if thing.copies > 1 or thing.name in seen.spread or _NAMED.search(thing.name):
        return True
    return len({each.lower() for each in _WORDED.findall(words_of(thing.data))}) > 1


def is_text(data: bytes) -> bool:
    """Whether bytes are words that people read."""
    words = words_of(data)
    shown = sum(each.isprintable() or each in "\n\r\t" for each in words)
    return bool(words.strip()) and shown >= 0.95 * len(words) and words.count("\ufffd") <= 0.02 * len(words)


def words_of(data: bytes) -> str:
    """Return the words of a note, whatever it is written in."""
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        return text if sum(each > 0x7F for each in data) < 0.3 * len(data) else data.decode("utf-8", "replace")


# --- damaged files, programs, logs ------------------------------------------------------------------------------------


def pairs(state: Path, seen: Seen) -> list[tuple[Thing, Thing | None]]:
    """Return damaged files, each with its sound version where there is one. Rule 3."""
    with _index(state) as index:
        return [(_damaged(path, seen), _sound(path, seen, index)) for path in _chosen(seen)]


def _chosen(seen: Seen) -> list[bytes]:
    """Choose a few: of each ending and type one, then more of them."""
    groups: dict[tuple[bytes, bytes], list[bytes]] = {}
    for path, after in seen.after.items():
        groups.setdefault((_ending(path), _ending(after)), []).append(path)
    ordered = [paths[at] for at in range(MOST_PAIRS) for paths in groups.values() if at < len(paths)]
    return ordered[:MOST_PAIRS]


def _ending(path: bytes) -> bytes:
    return name_of(path).rpartition(b".")[2]


def _damaged(path: bytes, seen: Seen) -> Thing:
    lay = seen.after[path]
    return Thing("damaged", name_of(lay), seen.kept.get(path, lay), place=lay)


def _sound(path: bytes, seen: Seen, index: Index | None) -> Thing | None:
    known = _find(index, path)
    if known is not None and known.object is not None:
        return Thing("clean", name_of(path), known.object, place=path, changed_at=known.mtime_ns / 1e9,
                     detail="pre-image")  # fmt: skip
    if path in seen.proven:
        return Thing("clean", name_of(path), path, place=path, detail="as it was put back, verified")
    return None


def samples(seen: Seen) -> list[Thing]:
    """Return the programs of what was held. Rule 4."""
    own = [each for each in seen.programs if each.startswith(b"/") and not _SERVES_MANY.fullmatch(each)]
    return [
        Thing("sample", name_of(each), each, detail="program of a held process, kept inert")
        for each in own[:MOST_SAMPLES]
    ]


def logs() -> list[Thing]:
    """Return the logs that there are: who signed in, from where."""
    return [Thing("log", name_of(each), each, detail="its end") for each in LOGS if os.path.lexists(each)]


# --- the vault's index ------------------------------------------------------------------------------------------------


class _index:  # noqa: N801 - a context manager used like a function
    """The vault's index for reading; None where there is none."""

    def __init__(self, state: Path) -> None:
        self._file = state / "index.db"
        self._opened: Index | None = None

    def __enter__(self) -> Index | None:
        if self._file.exists():
            try:
                self._opened = Index(self._file, read_only=True)
            except (OSError, sqlite3.Error):
                self._opened = None
        return self._opened

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            self._opened.close()


def _find(index: Index | None, path: bytes) -> Known | None:
    try:
        return index.find(path) if index is not None else None
    except sqlite3.Error:
        return None
