"""Labels as paper: every bar on every label is read back from a black-and-white scan at 200 dpi."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from garde.downtime.numbers.form import clear_numbers
from garde.downtime.numbers.labels import Grid, Sheets, label_sheets
from garde.paper import typeset

TOOLS = ("pdftoppm", "zbarimg", "pdftotext")
pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")
DPI = 200
NUMBERS = [number for _, number in zip(range(26), clear_numbers("D1", 427), strict=False)]


def _read(picture: Path) -> list[str]:
    """Return what a scanner sees; it says where its bus is missing on standard error."""
    done = subprocess.run(
        ["zbarimg", "-q", "--raw", "-Sdisable", "-Scode128.enable", picture], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.stdout.split()


def _cut(pdf: Path, page: int, grid: Grid, label: int) -> Path:
    """One label as a hand scanner sees it."""
    dots = DPI / 25.4
    column, row = label % grid.columns, label // grid.columns
    box = (grid.margin_x + column * grid.width, grid.margin_y + row * grid.height, grid.width, grid.height)
    x, y, width, height = (str(round(each * dots)) for each in box)
    out = pdf.with_suffix("")
    subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-mono", "-f", str(page), "-l", str(page), "-x", x, "-y", y, "-W", width,
         "-H", height, "-singlefile", pdf, out],
        check=True,
    )  # fmt: skip
    return out.with_suffix(".pbm")


@pytest.mark.parametrize(
    ("grid", "copies"), [(Grid(), 3), (Grid(3, 13, 15.0, 10.0), 1)], ids=["3x8", "the smallest that may be"]
)
def test_every_label_is_read_back(grid: Grid, copies: int, tmp_path: Path) -> None:
    sheets = Sheets("Clinique Saint-Élisabeth", "Urgences <b>#1</b>", "B1", NUMBERS, copies)
    printed = typeset(label_sheets(sheets, grid, language="fr"))
    pdf = tmp_path / "labels.pdf"
    pdf.write_bytes(printed.pdf)
    wanted = [str(number) for number in NUMBERS for _ in range(copies)]
    per_page = grid.columns * grid.rows
    pages = -(-len(wanted) // per_page)
    for page in range(1, pages + 1):
        here = wanted[(page - 1) * per_page : page * per_page]
        for label, number in enumerate(here):
            assert _read(_cut(pdf, page, grid, label)) == [number], f"page {page}, label {label}"
    assert printed.pages > pages, "and the registry"
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    registry = "\f".join(text.split("\f")[pages:])
    assert [line.split()[0] for line in registry.splitlines() if line.strip().startswith("D1-")] == [
        str(each) for each in NUMBERS
    ]
    assert "Urgences <b>#1</b>" in registry and "Registre des numéros de panne" in registry


def test_one_number_again_without_a_registry(tmp_path: Path) -> None:
    sheets = Sheets("CHU", "URG", "B1", NUMBERS[:1], 24, registry=False)
    printed = typeset(label_sheets(sheets, Grid()))
    assert printed.pages == 1
