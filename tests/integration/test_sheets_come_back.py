"""A real pack: set by the typesetter, printed at 200 dpi, carried about, scanned, photographed; one sheet is lost."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "downtime" / "support"))
from feed_words import adt, at, message, pid, pv1
from pack_words import basis_of, digest, rde
from paper_desk import add, made, work

from garde.desk.back_entry import BackEntry
from garde.downtime.packs.making import Made, make, ward_pack
from garde.journal.paper_kinds import PackMade, SheetsPrinted

LOST = 4


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, list[Image.Image]]:
    """A ward's pack, and its pages as a printer at 200 dpi makes them: black or white."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("needs pdftoppm (poppler-utils)")
    folder = tmp_path_factory.mktemp("printed")
    people = [
        adt("A01", number, who=pid(str(100 + number), f"Family{number}"), where=pv1(f"MED^{number}^1", f"V{number}"))
        for number in range(6)
    ]
    drugs = [rde(10 + n, f"RX{n}", "N02BE01^Paracetamol", who=pid(str(100 + n), f"Family{n}")) for n in range(6)]
    basis = basis_of(*people, *(message(kind, minutes, *segments) for minutes, kind, segments in drugs))
    found = make(basis, ward_pack(basis, "MED"), "ABCDEF", digest)
    (folder / "pack.pdf").write_bytes(found.pdf)
    subprocess.run(["pdftoppm", "-r", "200", "-mono", "pack.pdf", "page"], cwd=folder, check=True)
    files = sorted(folder.glob("page-*.pbm"))
    assert len(files) == found.manifest.pages > LOST
    return found, [Image.open(file).convert("L") for file in files]


@pytest.fixture
def desk(tmp_path: Path, pages: tuple[Made, list[Image.Image]]) -> BackEntry:
    state, manifest = made(tmp_path / "desk"), pages[0].manifest
    told = PackMade(
        "ABCDEF", "MED", "ward", manifest.pages, manifest.sha256, at(10), "hand", 1.0, manifest.titles,
        digest=manifest.digest,
    )  # fmt: skip
    add(state, told, SheetsPrinted("r9", "ABCDEF", "MED", tuple(range(1, manifest.pages + 1)), 1, "usb", "nina"))
    return work(state)


def carried(page: Image.Image, number: int) -> Image.Image:
    """What a night does to paper: upside down, askew, written on, a coffee stain, a photograph."""
    draw = random.Random(number)
    page = page.rotate(draw.choice((0, 90, 180, 270)), expand=True).rotate(
        draw.uniform(-6, 6), expand=True, fillcolor=255
    )
    if number % 3 == 0:
        stain = Image.new("L", page.size, 255)
        ImageDraw.Draw(stain).ellipse((100, 60, page.width - 60, page.height // 2), fill=190)
        page = ImageChops.multiply(page, stain)
    if number % 4 == 1:
        width, height = page.size
        bent = (-draw.randint(20, 90), -40, 30, height + 60, width + 80, height + 20, width + 20, -30)
        page = page.transform(page.size, Image.Transform.QUAD, bent, fillcolor=60).filter(ImageFilter.GaussianBlur(0.9))
    return page


def test_every_sheet_is_known_and_the_lost_one_is_named(
    desk: BackEntry, pages: tuple[Made, list[Image.Image]], tmp_path: Path
) -> None:
    _, printed = pages
    sheets = [carried(page, number) for number, page in enumerate(printed, 1) if number != LOST]
    random.Random(5).shuffle(sheets)
    file = tmp_path / "night.pdf"
    sheets[0].save(file, format="PDF", resolution=200, save_all=True, append_images=sheets[1:])
    with desk:
        found = desk.scan(file, lambda page, of: None)
        assert found.unmatched == () and len(found.sheets) == len(printed) - 1
        (lost,) = desk.account(pack="ABCDEF").standing("open")
        assert (str(lost.code), lost.title) == (f"ABCDEF.{LOST}", pages[0].manifest.titles[LOST - 1])


def test_clean_pages_are_read_without_exception(
    desk: BackEntry, pages: tuple[Made, list[Image.Image]], tmp_path: Path
) -> None:
    file = tmp_path / "clean.tiff"
    printed = [page.convert("1") for page in pages[1]]
    printed[0].save(file, format="TIFF", compression="group4", dpi=(200, 200), save_all=True, append_images=printed[1:])
    with desk:
        assert len(desk.scan(file, lambda page, of: None).sheets) == len(printed)
        assert desk.account(pack="ABCDEF").total.whole
