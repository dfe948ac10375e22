"""What the crisis room's printer and the wards' printed, and the story's last page, left for people to look at.

Comes in: the witness of calling, the lab's plan, a folder. Goes out: in it, each printed document under the printer's
own name, each page of a PDF as a picture (`pdftoppm`), `morning.html`. The folder is made where it is not there; files
of the same name are replaced.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final as Fixed

from garde.errors import Incomplete
from garde.lab.hospital.plan import WARD_PCS, Plan
from garde.lab.night import printed
from garde.lab.night.final import Final
from garde.lab.night.final_page import page
from garde.lab.night.outside import Outside

DOTS: Fixed = 70  # to the inch: a page of A4 becomes 579 by 819 points, and can be read
DRAW_S: Fixed = 60.0


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


def _draw(sheet: Path) -> list[Path]:
    stem = sheet.with_suffix("")
    words = ["pdftoppm", "-png", "-gray", "-r", str(DOTS), str(sheet), str(stem)]
    done = subprocess.run(words, capture_output=True, check=False, timeout=DRAW_S)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-200:]
        raise Incomplete(f"{sheet.name} could not be drawn: {said}", "look at the file itself")
    return sorted(sheet.parent.glob(f"{stem.name}-*.png"))


def keep_final(final: Final, folder: Path) -> Path:
    """Leave the last page."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "morning.html"
    place.write_text(page(final), encoding="utf-8")
    return place


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
