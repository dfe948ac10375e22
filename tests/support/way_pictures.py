"""The pictures of the way back for the documents, made anew: `python tests/support/way_pictures.py [docs/img]`.

As `console_pictures.py`: chromium, a whole hub, a clock that stands still. Nothing of it is a test.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from console_pictures import IMAGES, _take
from console_stage import DESKTOP, PHONE, WALL, Stage, launched, staged
from way_stage import IT, reinforced, relapse, way_back

TALL = {"width": DESKTOP["width"], "height": 1500}
LONG = {"width": PHONE["width"], "height": 1700}


def main(folder: Path) -> None:
    """Make all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, launched() as chromium:
        _way(Path(state), folder, chromium)


def _way(state: Path, folder: Path, chromium: Any) -> None:
    accounts = (IT, ("ejanssens", "it_director"), ("shaddad", "crisis_coordinator"))
    with staged(state, chromium, *accounts) as stage:
        people = way_back(stage)
        reinforced(people)
        for name, path in (("restart", "/restart"), ("gate", "/restart/files-2"), ("points", "/points"),
                           ("credentials", "/credentials")):  # fmt: skip
            _take(stage, path, folder / f"console-{name}.png", TALL, login=IT[0])
            _take(stage, path, folder / f"console-{name}-fr.png", LONG, language="fr", scheme="dark", login=IT[0])
        relapse(people)
        _take(stage, "/restart", folder / "console-recut.png", DESKTOP)
        _take(stage, "/restart", folder / "console-recut-fr.png", PHONE, language="fr")
        _take(stage, "/wall", folder / "console-recut-wall.png", WALL, scheme="dark")
        _print(stage, folder)


def _print(stage: Stage, folder: Path) -> None:
    """The papers, as pictures: `pdftoppm` (poppler-utils) draws them."""
    for name, page, language in (("order", 1, "en"), ("record", 3, "fr")):
        window = stage.window(IT[0], language=language)
        path = "/restart/order.pdf" if name == "order" else "/restart/records.pdf"
        pdf = window.request.get(stage.url + path).body()
        made = folder / (f"restart-{name}.png" if language == "en" else f"restart-{name}-{language}.png")
        drawn = ["pdftoppm", "-r", "70", "-gray", "-png", "-singlefile", "-f", str(page)]
        subprocess.run([*drawn, "-", str(made.with_suffix(""))], input=pdf, check=True)
        print(f"{made.name}: {made.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
