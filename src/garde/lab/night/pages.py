"""What the crisis room's printer and the wards' printed, left for people to look at.

Comes in: the witness of calling, the lab's plan, a folder. Goes out: in it, each printed document under the printer's
own name, and each page of a PDF as a picture (`pdftoppm`). The folder is made where it is not there; files of the same
name are replaced.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from garde.errors import Incomplete
from garde.lab.hospital.plan import WARD_PCS, Plan
from garde.lab.night import printed
from garde.lab.night.outside import Outside

DOTS: Final = 70  # to the inch: a page of A4 becomes 579 by 819 points, and can be read
DRAW_S: Final = 60.0


def keep(outside: Outside, folder: Path) -> list[Path]:
    """Leave everything that was printed; returns the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Path] = []
    for number, sheet in enumerate(outside.sheets, 1):
        source = outside.file(sheet)
        if source.exists():  # what it kept under another name for a moment is gone
            kept = folder / f"{number:02d}-{sheet.name}"
            shutil.copyfile(source, kept)
            if kept.suffix == ".pdf":
                pictures += _draw(kept)
    return pictures


def _draw(page: Path) -> list[Path]:
    stem = page.with_suffix("")
    words = ["pdftoppm", "-png", "-gray", "-r", str(DOTS), str(page), str(stem)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=DRAW_S)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise Incomplete(f"{page.name} could not be drawn: {said}", "look at the file itself")
    return sorted(page.parent.glob(f"{stem.name}-*.png"))


def keep_packs(plan: Plan, folder: Path) -> list[Path]:
    """Leave what the wards' printers printed, by ward; returns the pictures."""
    pictures: list[Path] = []
    for ward in WARD_PCS:
        own = folder / f"ward-{ward}"
        own.mkdir(parents=True, exist_ok=True)
        for document in printed.documents(plan.ward_spool(ward)):
            kept = own / document.name
            shutil.copyfile(document, kept)
            pictures += _draw(kept)
    return pictures
