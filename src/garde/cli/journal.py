"""`garde journal`: check the record, show it, keep it elsewhere.

Comes in: a state directory, a database, or the file of an export; checkpoints noted elsewhere, the hub's public key.
Goes out: the faults, entries in plain words, an export, checkpoints. It reads only, beside a running hub or agent and
without one, and needs no network.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.options import Json, Lang, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.journal import Entry, Fault, Head
    from garde.journal.chain import ChainStore
    from garde.journal.checkpoint import Check, Checkpoint
    from garde.journal.export import Counts, Export

SHOWN = 200  # faults told to people; with --json all are
_TOO_LONG = 2**20  # bytes of a file of checkpoints: one takes 350

Action = Annotated[
    Literal["verify", "show", "export", "checkpoints"],
    Parameter(name="ACTION", help="Check it; show entries in words; write it out; list the signed checkpoints."),
]
Database = Annotated[str, Parameter(name="--database", help="The journal in PostgreSQL: postgresql://USER@HOST/NAME.")]
ExportFile = Annotated[Path | None, Parameter(name="--export", help="verify: check this export, not a journal.")]
Noted = Annotated[
    list[Path] | None, Parameter(name="--checkpoint", negative=(), help="verify: file of a checkpoint noted elsewhere.")
]
Key = Annotated[str, Parameter(name="--key", help="verify: the hub's public key (hexadecimal, or a file of it).")]
HeadNoted = Annotated[str, Parameter(name="--head", help="verify: SEQ:HASH of an entry noted elsewhere.")]
To = Annotated[Path | None, Parameter(name="--to", help="export: write to this file. Default: standard output.")]
Words = Annotated[
    bool, Parameter(name="--words", negative=(), help="export: with paths and names, as far as not erased.")
]
Last = Annotated[int, Parameter(name="--last", help="show: so many entries, the newest.")]
After = Annotated[int | None, Parameter(name="--after", help="show: the entries after this one, not the newest.")]
Kinds = Annotated[list[str] | None, Parameter(name="--kind", negative=(), help="show: entries of this kind only.")]


def journal(
    action: Action,
    /,
    *,
    state: State = None,
    database: Database = "",
    export: ExportFile = None,
    checkpoint: Noted = None,
    key: Key = "",
    head: HeadNoted = "",
    to: To = None,
    words: Words = False,
    last: Last = 50,
    after: After = None,
    kind: Kinds = None,
    lang: Lang = None,
    as_json: Json = False,
) -> int:
    """Check the record, show it in plain words, write it out, list what was signed of it.

    Example: garde journal verify --state /var/lib/garde --checkpoint noted.json --key hub.pub
    """
    from garde.cli.screen import Screen

    _only_with(action, "verify", export is not None or bool(checkpoint) or bool(key) or bool(head))
    _only_with(action, "export", to is not None or words)
    _only_with(action, "show", after is not None or bool(kind))
    screen = Screen(as_json)
    if action == "verify":
        known = _Known([each for path in checkpoint or [] for each in _noted(path)], _check(key), _head(head))
        if export is None:
            return _verify(screen, state, database, known)
        _alone(state, database)
        return _verify_export(screen, export, known)
    with _opened(state, database) as opened:
        if action == "export":
            return _export(screen, opened, to, words)
        if action == "checkpoints":
            return _checkpoints(screen, opened)
        return _show(screen, _chosen(opened, last, after, kind or []), lang)


def _only_with(action: str, wanted: str, used: bool) -> None:
    from garde.errors import UsageError

    if used and action != wanted:
        raise UsageError(f"{action} takes none of the options of {wanted}", "see `garde journal --help`")


@contextmanager
def _opened(state: Path | None, database: str) -> Iterator[ChainStore]:
    from garde.cli.places import find_state
    from garde.errors import NotPermitted, UsageError
    from garde.journal import open_journal

    if not database:
        with open_journal(find_state(state), read_only=True) as journal:
            yield journal
        return
    if state is not None:
        raise UsageError("a journal lies in a state directory or in a database, not in both", "")
    try:
        from garde.journal.sqlalchemy_store import PostgresStore
    except ImportError as error:
        raise UsageError("this installation has no PostgreSQL", "install garde[postgres]") from error
    try:
        with PostgresStore(database, read_only=True) as store:
            yield store
    except OSError as error:
        raise NotPermitted(str(error), "is the server there, and may this user read it?") from error


# --- verify -----------------------------------------------------------------------------------------------------------


def _noted(path: Path) -> Iterator[Checkpoint]:
    from garde.errors import UsageError
    from garde.journal.checkpoint import decode

    raw = _read_small(path)
    lines = [line for line in raw.splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"{path} holds no checkpoint", "")
    for line in lines:
        try:
            yield decode(line)
        except ValueError as error:
            raise UsageError(f"{path} holds no checkpoint: {error}", "") from error


def _read_small(path: Path) -> bytes:
    from garde.errors import NotFound

    try:
        with path.open("rb") as file:
            return file.read(_TOO_LONG)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}", "name a file that can be read") from error


def _check(key: str) -> Check | None:
    """Return what checks signatures: a key in hexadecimal, or a file that holds one."""
    from garde.errors import UsageError

    if not key:
        return None
    try:
        from garde.trust.keys import PublicKey
    except ImportError as error:
        raise UsageError("this installation checks no signatures", "install garde[link]") from error

    text = key if len(key) == 64 and not Path(key).exists() else _read_small(Path(key)).decode("ascii", "replace")
    try:
        public = PublicKey.from_hex(text.strip().lower())
    except ValueError as error:
        raise UsageError(f"--key: {error}", "the hub shows its public key when it is set up") from error
    return lambda message, signature: public.verify(signature, message)


def _head(text: str) -> Head | None:
    from garde.errors import UsageError
    from garde.journal import Head

    seq, _, digest = text.partition(":")
    if not text:
        return None
    if not seq.isdecimal() or len(digest) != 64:
        raise UsageError("--head is SEQ:HASH", "as `garde journal verify` says it of a journal that holds")
    return Head(int(seq), digest.lower())


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known from elsewhere."""

    noted: list[Checkpoint]
    check: Check | None
    head: Head | None


def _verify(screen: Screen, state: Path | None, database: str, known: _Known) -> int:
    with _opened(state, database) as opened:
        found = _tell(screen, opened.verify(known.head, noted=known.noted, check=known.check))
        return _verdict(screen, found, known, (opened.head(), len(opened.checkpoints())))


def _verify_export(screen: Screen, export: Path, known: _Known) -> int:
    from garde.errors import NotFound
    from garde.journal.export import ExportRecord
    from garde.journal.verify import faults

    try:
        with export.open("rb") as file:
            record = ExportRecord(file)
            found = _tell(screen, faults(record, expected=known.head, noted=known.noted, check=known.check))
    except OSError as error:
        raise NotFound(f"{export}: {error.strerror}", "name a file that can be read") from error
    return _verdict(screen, found, known, (record.last, record.signed))


def _alone(state: Path | None, database: str) -> None:
    from garde.errors import UsageError

    if state is not None or database:
        raise UsageError("an export is checked by itself", "leave --state and --database out")


def _tell(screen: Screen, faults: Iterable[Fault]) -> int:
    count = 0
    for count, fault in enumerate(faults, 1):
        screen.data({"kind": "fault", "seq": fault.seq, "what": fault.what})
        if count <= SHOWN:
            screen.line(f"entry {fault.seq}: {fault.what}" if fault.seq else fault.what, "bad")
    if count > SHOWN:
        screen.line(f"… and {count - SHOWN} more", "bad")
    return count


def _verdict(screen: Screen, found: int, known: _Known, read: tuple[Head, int]) -> int:
    from garde.errors import Tampered

    head, checkpoints = read
    screen.data(
        {
            "kind": "verified",
            "holds": not found,
            "faults": found,
            "entries": head.seq,
            "head": f"{head.seq}:{head.hash}",
            "checkpoints": checkpoints,
            "noted": len(known.noted),
            "signatures_checked": known.check is not None,
        }
    )
    if found:
        many = "1 fault" if found == 1 else f"{found} faults"
        raise Tampered(f"the record does not hold: {many}", "keep it as evidence, with what was noted elsewhere")
    screen.line(f"{head.seq:,} entries hold", "good")
    screen.line(f"head {head.seq}:{head.hash}", "dim")
    signed = "signed by this key" if known.check else "signatures not looked at: name the hub's key with --key"
    borne_out = f"{checkpoints + len(known.noted)} checkpoints are borne out ({signed})"
    screen.line(borne_out, "good" if known.check else "warn")
    if not known.noted:
        screen.line("whether the end was cut off together with its checkpoints, only one noted elsewhere tells", "dim")
    return 0


# --- show -------------------------------------------------------------------------------------------------------------


def _show(screen: Screen, entries: Iterable[Entry], lang: str | None) -> int:
    from garde.journal.speech import say_in
    from garde.journal.words import line

    say = say_in(lang or _language())
    for entry in entries:
        told = line(entry, say)
        screen.data(_as_data(entry, told.text, told.tone))
        screen.line(f"{entry.seq:>7}  {say.clock(entry.at)}  {say('{who}', who=entry.who)}  {told.text}", told.tone)
    return 0


def _chosen(opened: ChainStore, last: int, after: int | None, kinds: list[str]) -> Iterable[Entry]:
    from garde.errors import UsageError
    from garde.journal.kinds import KINDS

    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UsageError(f"there is no kind {unknown[0]}", "docs/journal.md lists them")
    if after is not None:
        return opened.entries(after, kinds)
    start = 0 if kinds else max(0, opened.head().seq - last)
    return deque(opened.entries(start, kinds), maxlen=max(0, last))


def _as_data(entry: Entry, text: str, tone: str) -> dict[str, object]:
    import msgspec

    from garde.clock import iso
    from garde.journal import wire

    return {
        "kind": "entry",
        "seq": entry.seq,
        "at": iso(entry.at),
        "who": entry.who,
        "entry": entry.kind,
        "text": text,
        "tone": tone,
        "payload": msgspec.json.decode(wire.encode(entry.payload)),
        "hash": entry.hash,
    }


def _language() -> str:
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if wanted.startswith("fr") else "en"


# --- export and checkpoints -------------------------------------------------------------------------------------------


def _export(screen: Screen, opened: ChainStore, to: Path | None, words: bool) -> int:
    from garde.clock import SystemClock
    from garde.journal.export import Export

    with opened.reading() as view:
        export = Export(view, opened.keys, SystemClock().now(), words=words)
        if to is None:
            for line in export:
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return 0
        counts = _write(export, to)
    screen.data(
        {
            "kind": "exported",
            "file": str(to),
            "entries": counts.entries,
            "head": counts.head,
            "checkpoints": counts.checkpoints,
            "texts": counts.texts if words else None,
        }
    )
    screen.line(f"{counts.entries:,} entries and {counts.checkpoints} checkpoints are in {to}", "good")
    told = f"with {counts.texts:,} paths and names" if words else "without paths and names (--words adds them)"
    screen.line(told, "dim")
    return 0


def _write(export: Export, to: Path) -> Counts:
    """Write the file whole or not at all, for its owner only: it may hold patients' names."""
    from garde.errors import Incomplete
    from garde.private import written_beside

    try:
        with written_beside(to, 0o600) as file:
            file.writelines(export)
    except OSError as error:
        raise Incomplete(f"{to}: {error.strerror}", "nothing was left there") from error
    return export.counts


def _checkpoints(screen: Screen, opened: ChainStore) -> int:
    from garde.clock import iso
    from garde.journal.checkpoint import as_data

    kept = opened.checkpoints()
    for each in kept:
        screen.data(as_data(each))
        screen.line(f"{iso(each.at)}  {each.size:>9,} entries  {each.root}")
    if not kept:
        screen.line("none was signed yet: a hub signs one as it goes; an agent's journal has none", "dim")
    return 0
