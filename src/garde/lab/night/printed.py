"""What really came out of the wards' printers, and the scanner that it goes through on its way back.

Comes in: a spool. Goes out: how many pages lie in it (`pdfinfo`), what stands on them (`pdftotext`), and pictures of
them as a scanner makes them, black and white (`pdftoppm`). It is the witness: nothing of Garde is asked.
"""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from garde.errors import Incomplete

DOTS: Final = 200  # to the inch: what the scanner of an office does without being asked
DRAW_S: Final = 120.0
_SHEET: Final = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{6}\.[1-9][0-9]{0,3}(\.[0-9]{1,2})?\b")
_PAGES: Final = re.compile(r"^Pages:\s+(\d+)", re.M)


def documents(spool: Path) -> list[Path]:
    """Every document that was printed, in the printer's own order."""
    return sorted(spool.glob("*.pdf"), key=lambda path: int(path.name.split("-", 1)[0]))


def pages_of(document: Path) -> int:
    """How many pages a document has; raises Incomplete where it is none."""
    done = subprocess.run(["pdfinfo", str(document)], capture_output=True, text=True, check=False, timeout=DRAW_S)
    found = _PAGES.search(done.stdout)
    if found is None:
        raise Incomplete(f"{document.name} is no document: {done.stderr.strip()[-200:]}", "look at the printer's spool")
    return int(found[1])


def count_pages(spools: Sequence[Path]) -> int:
    """How many pages came out of these printers."""
    return sum(pages_of(document) for spool in spools for document in documents(spool))


@dataclass(frozen=True, slots=True)
class Page:
    """One page as somebody holds it: what is written on it, and where it lies."""

    document: Path
    number: int  # in the document, from 1
    sheet: str  # K7Q2MX.12, as it stands on it; "" for none
    text: str


def read(document: Path) -> list[Page]:
    """Read every page of a document with the eyes."""
    words = ["pdftotext", "-layout", str(document), "-"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=DRAW_S)
    if done.returncode:
        raise Incomplete(f"{document.name} cannot be read: {done.stderr.strip()[-200:]}", "look at the file itself")
    texts = done.stdout.split("\f")[:-1]
    return [Page(document, number, _sheet(text), text) for number, text in enumerate(texts, 1)]


def _sheet(text: str) -> str:
    found = _SHEET.search(text)
    return found[0] if found else ""


def scan(pages: Sequence[Page], file: Path, *, dots: int = DOTS) -> None:
    """Put pages through the scanner: one file of pictures, in this order."""
    pictures = [_picture(page, dots) for page in pages]
    first, *others = pictures
    first.save(file, format="TIFF", save_all=True, append_images=others, compression="group4", dpi=(dots, dots))


def _picture(page: Page, dots: int) -> Image.Image:
    number = str(page.number)
    words = ["pdftoppm", "-mono", "-r", str(dots), "-f", number, "-l", number, str(page.document)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=DRAW_S)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise Incomplete(f"{page.document.name} could not be scanned: {said}", "look at the file itself")
    return Image.open(io.BytesIO(done.stdout))
