"""`garde evidence`: what is kept as evidence; adding to it; one bundle of all of it; checking such a bundle.

Comes in: the hub's state directory and an action; for `verify` a folder and a key, and no hub. Goes out: lines and
JSON. `list` and everything that changes something ask the hub (running or not), which checks who may and writes who it
was.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock

Action = Annotated[
    Literal["list", "take", "export", "verify"],
    Parameter(name="ACTION", help="list; take FILE: add it; export: make a bundle; verify FOLDER: check one."),
]
Words = Annotated[str, Parameter(name="WORDS", help="take: a file (or what it is); verify: the bundle's folder.")]
Incident = Annotated[str, Parameter(name="--incident", help="list, export: which. Default: the newest.")]
Sort = Annotated[
    Literal["note", "damaged", "clean", "sample", "log", "capture", "image", "record"],
    Parameter(name="--sort", help="take: what it is."),
]
Reference = Annotated[
    bool, Parameter(name="--reference", negative=(), help="take: it stays where it is; only its digest is kept.")
]
Note = Annotated[str, Parameter(name="--note", help="take: who has it, which seal, for the record.")]
Out = Annotated[Path | None, Parameter(name="--out", help="export: copy the bundle there as well.")]
Wait = Annotated[float, Parameter(name="--wait", help="export: seconds to wait for it.")]
Key = Annotated[str, Parameter(name="--key", help="verify: the hub's public key, in hexadecimal or in a file.")]
Tsa = Annotated[Path | None, Parameter(name="--tsa", help="verify: certificates of time authorities to believe (PEM).")]
Lang = Annotated[Literal["en", "fr"] | None, Parameter(help="export: language. Default: by $LC_ALL and $LANG.")]
_MARKS: Final[dict[bool | None, tuple[str, str]]] = {True: ("ok", "good"), False: ("NO", "bad"), None: ("--", "warn")}
LARGEST: Final = 64 * 2**30  # bytes of a file that is taken: a disk image goes by reference


def evidence(
    action: Action,
    /,
    *words: Words,
    state: HubState = DEFAULT_STATE,
    incident: Incident = "",
    sort: Sort = "record",
    reference: Reference = False,
    note: Note = "",
    out: Out = None,
    wait: Wait = 120.0,
    key: Key = "",
    tsa: Tsa = None,
    lang: Lang = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Show the evidence, add to it, export it as one signed bundle, or check a bundle without any hub.

    Example: garde evidence verify /media/usb/i1-1 --key hub.pub
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen
    from garde.errors import UsageError

    screen = Screen(as_json)
    if action == "verify":
        if not words:
            raise UsageError("which folder? garde evidence verify FOLDER --key KEY")
        return _verify(screen, Path(words[0]), key, tsa)
    clock, at = clock_of(lab_clock), state.absolute()
    match action:
        case "list":
            _list(screen, at, clock, incident)
        case "take":
            if not words:
                raise UsageError("take what? garde evidence take FILE --sort image")
            _take(screen, at, clock, words[0], sort=sort, reference=reference, note=note)
        case _:
            return _export(screen, at, clock, incident, lang=lang, out=out, wait=wait)
    return 0


# --- verify -----------------------------------------------------------------------------------------------------------


def _verify(screen: Screen, folder: Path, key: str, tsa: Path | None) -> int:
    from garde.errors import NotFound
    from garde.forensics.custody.verify import verify

    if not folder.is_dir():
        raise NotFound(f"{folder} is no folder", "name the bundle's own folder: the one with bagit.txt in it")
    report = verify(folder, _key(key), roots=_read(tsa) if tsa else b"")
    for each in report.checks:
        screen.data({"kind": "check", "what": each.what, "ok": each.ok, "detail": each.detail})
        mark, tone = _MARKS[each.ok]
        screen.line(f"{mark:>3}  {each.what}{': ' if each.detail else ''}{each.detail}", tone)
    screen.data(
        {
            "kind": "verified", "ok": report.ok, "manifest": report.manifest, "files": report.files,
            "bytes": report.bytes, "entries": report.entries, "items": report.items, "signed_at": report.signed_at,
            "stamped_at": report.stamped_at,
        }
    )  # fmt: skip
    if report.ok:
        screen.line(f"It is what the hub signed at {report.signed_at}: {report.items} items, {report.entries} entries",
                    "good")  # fmt: skip
        return 0
    screen.line("It is NOT what the hub signed: do not rely on it", "bad")
    return 1


def _key(text: str) -> str:
    from garde.errors import UsageError
    from garde.trust.keys import PublicKey

    if not text:
        raise UsageError(
            "with which key? --key KEY", "the hub's public key, by another way than the bundle: hub.pub, or its form"
        )
    found = text if len(text) == 64 and not Path(text).exists() else _read(Path(text)).decode("ascii", "replace")
    try:
        return PublicKey.from_hex(found.strip().lower()).hex
    except ValueError as error:
        raise UsageError(f"--key: {error}", "it is 64 hexadecimal digits, or a file that holds them") from error


def _read(path: Path) -> bytes:
    from garde.errors import NotFound

    try:
        with path.open("rb") as file:
            return file.read(1 << 20)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror}", "name a file that can be read") from error


# --- list, take, export -----------------------------------------------------------------------------------------------


def _list(screen: Screen, state: Path, clock: Clock, incident: str) -> None:
    from urllib.parse import quote

    from garde.hub.client import ask_hub

    items: list[dict[str, Any]] = ask_hub(state, clock, "GET", f"/evidence?incident={quote(incident)}")
    for each in items:
        screen.data({"kind": "item", **each})
        where = "here" if each["file"] else f"at {each['machine'] or each['place']}"
        same = "" if all(move["same"] for move in each["moves"]) else "  NOT THE SAME ANY MORE"
        screen.line(f"{each['item'][:12]}  {each['sort']:<8} {each['size']:>12,}  {where:<12} {each['name']}{same}",
                    "bad" if same else "note")  # fmt: skip
    here = sum(1 for each in items if each["file"])
    screen.line(f"{len(items)} items, {here} of them in the hub's own store", "title")


def _take(screen: Screen, state: Path, clock: Clock, what: str, *, sort: str, reference: bool, note: str) -> None:
    from garde.cli.plan import say_written
    from garde.errors import Refused
    from garde.forensics.custody.store import FOLDER, Evidence, NotKept, What
    from garde.forensics.custody.store import id_of as identify
    from garde.hub.client import ask_hub

    path = Path(what)
    said = What(sort, "", os.fsencode(path.name), os.fsencode(path.absolute()), clock.now(), by="a person")
    sha256, item = "", ""
    if path.is_file() and not reference:
        try:
            with path.open("rb") as file:
                kept, _ = Evidence(state / FOLDER).keep(file.fileno(), said, LARGEST)
        except NotKept as error:
            raise Refused(str(error), "make room, or take it with --reference") from error
        sha256, item = kept.sha256, kept.item
    else:
        sha256 = _digest(path) if path.is_file() else ""
        item = identify(said, sha256)
    place = str(path.absolute()) if path.exists() else ""
    body = {"item": item, "sort": sort, "name": path.name or what, "place": place, "sha256": sha256, "note": note}
    say_written(screen, ask_hub(state, clock, "POST", "/evidence", body)["entries"])


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _export(
    screen: Screen, state: Path, clock: Clock, incident: str, *, lang: str | None, out: Path | None, wait: float
) -> int:
    from garde.cli.plan import language, say_written
    from garde.errors import NotFound
    from garde.hub.client import ask_hub

    body = {"incident": incident, "language": lang or language()}
    written = ask_hub(state, clock, "POST", "/evidence/bundles", body)["entries"]
    say_written(screen, written)
    commands = {each["payload"].get("command") for each in written if each["kind"] == "bundle_asked"}
    made = _waited(state, commands, wait)
    if made is None:
        raise NotFound("the bundle is not there yet", "it is made as soon as the hub runs: see `garde journal show`")
    if made.kind == "command_failed":
        screen.line(f"it could not be made: {made.payload.reason}", "bad")
        return 1
    folder = Path((made.payload.folder.value or b"").decode())
    if out is not None:
        folder = _copied(folder, out / folder.name)
    bundle = made.payload
    said = {each: getattr(bundle, each) for each in ("manifest", "items", "bytes", "head", "stamp", "detail")}
    screen.data({"kind": "bundle", "folder": str(folder), **said})
    screen.line(f"{folder}: {bundle.items} items, {bundle.bytes:,} bytes", "good")
    if bundle.detail:
        screen.line(bundle.detail, "warn")
    return 0


def _copied(folder: Path, to: Path) -> Path:
    """Copy a bundle: contents alone, since a stick keeps neither rights nor owners. Nothing there is written over."""
    from garde.errors import Refused

    try:
        for top, _, names in os.walk(folder):
            (to / Path(top).relative_to(folder)).mkdir()
            for name in names:
                path = Path(top) / name
                shutil.copyfile(path, to / path.relative_to(folder))
    except OSError as error:
        raise Refused(f"{to}: {error.strerror}", f"it lies in {folder}; copy it from there") from error
    return to


def _waited(state: Path, commands: set[str], wait: float) -> Any:
    """Return the outcome of the command, as the journal has it; None where it did not come."""
    from garde.clock import SystemClock
    from garde.hub.config import load_config, open_hub_journal

    until = time.monotonic() + wait
    with open_hub_journal(state, load_config(state).database, SystemClock(), read_only=True) as journal:
        while True:
            for entry in journal.entries(kinds=("bundle_made", "command_failed")):
                if getattr(entry.payload, "command", "") in commands:
                    return entry
            if time.monotonic() >= until:
                return None
            time.sleep(0.1)
