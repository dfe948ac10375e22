"""A desk and a ward's PC on this machine, without anything pretended: real keys, real files, real PDFs.

Comes in: a folder. Goes out: `Pair`: both, enrolled with one another; packs of as many pages as are asked for.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from garde.clock import Clock, VirtualClock
from garde.desk import wards
from garde.desk.config import Config as DeskConfig
from garde.desk.program import set_up as set_up_desk
from garde.downtime.book import Book, Fold
from garde.downtime.codes import new_pack_id
from garde.downtime.packs.shelf import WARD, Manifest, Shelf
from garde.downtime.parcel.keys import Keys
from garde.downtime.store.seal import Seal
from garde.journal.paper_kinds import PackMade
from garde.ward.config import Config
from garde.ward.house import House
from garde.ward.program import set_up

PLACE = "3B"


def pdf_of(pages: int) -> bytes:
    """A real PDF; each page has a width of its own, so that pages can be told apart after printing."""
    document = pypdfium2.PdfDocument.new()
    for number in range(1, pages + 1):
        document.new_page(500 + number, 842)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def pages_in(pdf: bytes) -> list[int]:
    """The numbers of the pages that a PDF of ours has."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [round(document[at].get_width()) - 500 for at in range(len(document))]
    finally:
        document.close()


def manifest_of(pdf: bytes, made_at: float, **more: object) -> Manifest:
    """Census on page 1, medication on every second one, an empty form at the end."""
    pages = len(pages_in(pdf))
    mar = tuple(range(2, pages, 2))
    titles = tuple(
        "census 1/1" if n == 1 else "blank: transfer" if n == pages else "MAR 1/1" if n in mar else "patient"
        for n in range(1, pages + 1)
    )
    found: dict[str, object] = {
        "pack": new_pack_id(), "place": PLACE, "about": WARD, "language": "en", "pages": pages,
        "sha256": hashlib.sha256(pdf).hexdigest(), "digest": "ab" * 32, "made_at": made_at, "as_of": made_at - 60,
        "titles": titles, "mar": mar, "blanks": (pages,),
    }  # fmt: skip
    return Manifest(**{**found, **more})  # type: ignore[arg-type]


@dataclass
class Pair:
    """A desk with its keys, shelf and journal, and one ward's PC."""

    desk_state: Path
    ward_state: Path
    clock: Clock
    keys: Keys
    shelf: Shelf
    book: Book
    fold: Fold[wards.State]

    def house(self) -> House:
        return House(self.ward_state, self.clock)

    def make(self, pages: int = 6, **more: object) -> Manifest:
        """Make a pack, as the desk's own maker does: shelf first, then the entry."""
        pdf = pdf_of(pages)
        manifest = manifest_of(pdf, self.clock.now(), **more)
        self.shelf.put(manifest, pdf)
        self.book.add(
            PackMade(
                manifest.pack, manifest.place, manifest.about, pages, manifest.sha256, manifest.as_of, "hand", 0.1,
                manifest.titles,
            )
        )  # fmt: skip
        self.book.follow(self.fold)
        return manifest

    def parcel(self, manifest: Manifest, ward: str = "3B-PC") -> bytes:
        state = self.book.follow(self.fold)
        return wards.parcel(state, state.wards[ward], manifest, self.shelf.read(manifest.pack)[1], self.keys)

    def enrol(self, house: House, address: str = "") -> None:
        """Both sides take each other's card."""
        card, now = house.card(), int(self.clock.now())
        self.book.change(self.fold, lambda state: [wards.enrolled(state, card, address=address, epoch=now, by="ann")])
        ward = self.fold.state.wards[card.name]
        house.trust(wards.desk_card(ward, "CHU", self.keys), "nina")


def make_pair(folder: Path, clock: Clock | None = None, *, enrol: bool = True, **config: object) -> Pair:
    """Set both up."""
    clock = clock or VirtualClock()
    desk_state, ward_state = folder / "desk", folder / "ward"
    set_up_desk(desk_state, DeskConfig(hospital="CHU"))
    settings: dict[str, object] = {"name": "3B-PC", "places": (PLACE,), **config}
    set_up(ward_state, Config(**settings), clock)  # type: ignore[arg-type]
    seal = Seal.load(desk_state)
    pair = Pair(
        desk_state, ward_state, clock, Keys.load_or_make(desk_state), Shelf(desk_state, seal),
        Book(desk_state, seal, clock), Fold(wards.State(), wards.project),
    )  # fmt: skip
    if enrol:
        with pair.house() as house:
            pair.enrol(house)
    return pair
