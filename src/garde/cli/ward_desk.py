"""`garde ward` on the desk's machine: which PCs get packs, and what they told.

Comes in: what `ward.py` was called with. Goes out: lines, JSON, files for a stick. Everything is decided under the
journal's write lock, so a running desk beside it sees it at its next look.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.desk.wards import State
    from garde.downtime.book import Book, Fold
    from garde.downtime.parcel.keys import Keys
    from garde.downtime.store.seal import Seal


def is_desk(state: Path) -> bool:
    from garde.desk.config import FILE_NAME

    return (state / FILE_NAME).exists()


@contextmanager
def _opened(state: Path, clock: Clock) -> Iterator[tuple[Book, Fold[State], Keys, Seal]]:
    from garde.desk.config import load_config
    from garde.desk.wards import State, project
    from garde.downtime.book import Book, Fold
    from garde.downtime.parcel.keys import Keys
    from garde.downtime.store.seal import Seal

    load_config(state)
    seal = Seal.load(state)
    with Book(state, seal, clock) as book:
        fold = Fold(State(), project)
        book.follow(fold)
        yield book, fold, Keys.load_or_make(state), seal


def enrol(state: Path, clock: Clock, words: tuple[str, str, Path | None, str], screen: Screen) -> int:
    """Send packs to a PC from now on; write the desk's card for it."""
    from garde.cli.ward_pc import read_file
    from garde.desk.config import load_config
    from garde.desk.wards import desk_card, enrolled
    from garde.downtime.parcel.keys import read_card, write_card
    from garde.errors import UsageError
    from garde.journal.text import plain

    name, address, out, by = words
    card = read_card(read_file(name), "ward")
    with _opened(state, clock) as (book, fold, keys, _):
        now = int(clock.now())
        book.change(fold, lambda known: [enrolled(known, card, address=address, epoch=now, by=by)])
        ward = fold.state.wards[card.name]
        ours = desk_card(ward, load_config(state).hospital, keys)
    target = out or Path(name).with_name("desk.card")
    try:
        target.write_bytes(write_card(ours, keys))
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror}", "name another with --out FILE") from error
    screen.data({
        "kind": "ward_enrolled", "ward": ward.ward, "places": list(ward.places), "address": ward.address,
        "fingerprint": card.fingerprint, "card": str(target), "desk_fingerprint": ours.fingerprint,
    })  # fmt: skip
    screen.line(
        f"Packs of {plain(', '.join(ward.places))} go to {plain(ward.ward)} at {ward.address or 'no address'}", "good"
    )
    screen.line(f"  Compare: its fingerprint is {card.fingerprint}, this desk's {ours.fingerprint}", "warn")
    screen.line(f"Next, on the PC: garde ward take {target}", "dim")
    return 0


def show(state: Path, clock: Clock, screen: Screen) -> int:
    """List the PCs, and what each of them has."""
    from garde.clock import iso
    from garde.journal.text import plain

    with _opened(state, clock) as (_, fold, _, _):
        for ward in fold.state.wards.values():
            told = _standing(fold.state, ward.ward, ward.epoch)
            screen.data({
                "kind": "ward", "ward": ward.ward, "places": list(ward.places), "address": ward.address, **told
            })  # fmt: skip
            heard = f"has packs since {iso(told['heard_at'])[:16]}" if told["heard_at"] else "has no pack yet"
            screen.line(
                f"{plain(ward.ward)} ({plain(', '.join(ward.places))}): {heard}", "note" if told["packs"] else "warn"
            )
            for pack, reasons in told["faults"].items():
                screen.line(f"    pack {pack} did not arrive: {plain('; '.join(reasons))}", "bad")
    return 0


def _standing(known: State, name: str, epoch: int) -> dict[str, Any]:
    packs = sorted(pack for ward, of, pack in known.has if (ward, of) == (name, epoch))
    faults = {pack: sorted(found) for (ward, pack), found in known.faults.items() if ward == name}
    return {"packs": packs, "faults": faults, "heard_at": known.sent_at.get(name, 0.0)}


def forget(state: Path, clock: Clock, name: str, by: str, screen: Screen) -> int:
    """Send this PC nothing any more."""
    from garde.desk.wards import forgotten
    from garde.journal.text import plain

    with _opened(state, clock) as (book, fold, _, _):
        book.change(fold, lambda known: [forgotten(known, name, by)])
    screen.data({"kind": "ward_forgotten", "ward": name})
    screen.line(f"{plain(name)} gets nothing any more", "good")
    return 0


def send(state: Path, clock: Clock, name: str, out: Path | None, screen: Screen) -> int:
    """Write the newest packs for one PC as files, for a stick."""
    from dataclasses import replace

    from garde.desk.wards import due, parcel
    from garde.downtime.packs.shelf import Shelf
    from garde.errors import NotFound, UsageError

    with _opened(state, clock) as (_, fold, keys, seal):
        ward = fold.state.wards.get(name)
        if ward is None:
            raise NotFound(f"no PC {name[:80]!r} is enrolled", "look at garde ward list")
        shelf = Shelf(state, seal)
        known = replace(fold.state, has=set())  # by stick also what it said it has: somebody asks for it
        found = due(known, ward, shelf.manifests())
        if not found:
            raise NotFound(f"there is no pack for {', '.join(ward.places)}", "make one: garde pack make")
        for each in found:
            target = (out or Path.cwd()) / f"{each.pack}.parcel"
            try:
                target.write_bytes(parcel(known, ward, each, shelf.read(each.pack)[1], keys))
            except OSError as error:
                raise UsageError(f"{target}: {error.strerror}", "name a folder with --out FOLDER") from error
            screen.data({"kind": "parcel", "pack": each.pack, "place": each.place, "file": str(target)})
            screen.line(f"{target}: sealed for {name}", "good")
    return 0


def take(state: Path, clock: Clock, name: str, screen: Screen) -> int:
    """Take what a PC's stick tells; each printing is written once."""
    from garde.cli.ward_pc import read_file
    from garde.desk.push import take_receipt
    from garde.downtime.parcel.envelope import ParcelRefusedError
    from garde.errors import Refused

    raw = read_file(name)
    with _opened(state, clock) as (book, fold, keys, _):
        try:
            told = take_receipt(book, fold, raw, keys)
        except ParcelRefusedError as error:
            raise Refused(f"{name}: {error.reason} ({error.code})", "write it again: garde ward report FILE") from error
    printings = sum(each["kind"] == "sheets_printed" for each in told)
    screen.data({"kind": "report_taken", "new": len(told), "printings": printings})
    screen.line(f"{printings} printings and {len(told) - printings} packs that were not known yet", "good")
    return 0
