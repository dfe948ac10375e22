"""The final report's samples for the documents, made anew: `python tests/support/report_pictures.py [docs/img]`.

Comes in: `whole_night`, poppler-utils. Goes out: `final-report.png` (the first page, English), `final-report-fr.png`.
Nothing of it is a test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from whole_night import WholeNight

from garde.hub.final.night import read
from garde.hub.final.report import make_report
from garde.hub.final.sheet import final_sheet
from garde.lab.night.story_beside import STORY
from garde.paper import typeset

IMAGES = Path(__file__).resolve().parents[2] / "docs/img"


def main(folder: Path) -> None:
    """Make both."""
    os.environ["TZ"] = "Europe/Brussels"
    time.tzset()
    for language, name in (("en", "final-report"), ("fr", "final-report-fr")):
        report = make_report(read(WholeNight(upload=language == "fr").entries), language=language, beside=STORY)
        made = folder / name
        drawn = ["pdftoppm", "-r", "80", "-png", "-singlefile", "-f", "1", "-", str(made)]
        subprocess.run(drawn, input=typeset(final_sheet(report)).pdf, check=True)
        _small(made.with_suffix(".png"))


def _small(picture: Path) -> None:
    from PIL import Image

    with Image.open(picture) as drawn:
        small = drawn.convert("RGB").quantize(96, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)
    print(f"{picture.name}: {picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
