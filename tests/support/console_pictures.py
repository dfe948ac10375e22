"""The console's pictures for the documents, made anew: `python tests/support/console_pictures.py [docs/img]`.

Comes in: chromium. Goes out: `console-*.png`, small ones: a night played on a whole hub with a clock that stands still,
so that the same code gives the same pictures. Nothing of it is a test.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from console_stage import (
    BEGAN,
    DESKTOP,
    PHONE,
    WALL,
    Stage,
    empty_house,
    hospital_in_crisis,
    launched,
    night_in_progress,
    staged,
)
from PIL import Image

from garde.clock import VirtualClock

IMAGES = Path(__file__).resolve().parents[2] / "docs/img"
COLOURS = 160  # of a picture: enough for flat areas and their edges, and for four states that must not look alike


def main(folder: Path) -> None:
    """Make all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, launched() as chromium:
        _night(Path(state), folder, chromium)
        _crisis(Path(state), folder, chromium)
        _first_hour(Path(state), folder, chromium)


def _night(state: Path, folder: Path, chromium: Any) -> None:
    with staged(state / "night", chromium, ("ejanssens", "it_director")) as stage:
        night_in_progress(stage.night, stage.clock.advance)
        incident = f"/incidents/{stage.incident()}"
        _take(stage, incident, folder / "console-incident-phone.png", PHONE)
        _take(stage, incident, folder / "console-incident-phone-fr.png", PHONE, language="fr", scheme="dark")
        _take(stage, incident, folder / "console-incident.png", DESKTOP)
        _take(stage, "/map", folder / "console-map.png", DESKTOP)


def _crisis(state: Path, folder: Path, chromium: Any) -> None:
    accounts = (("ejanssens", "it_director"), ("shaddad", "crisis_coordinator"))
    with staged(state / "crisis", chromium, *accounts, calling=True) as stage:
        hospital_in_crisis(stage, stage.clock.advance)
        _take(stage, "/", folder / "console-now.png", DESKTOP, language="fr")
        _take(stage, "/wall", folder / "console-wall.png", WALL, scheme="dark")
        _take(stage, "/services?wall=1", folder / "console-services-wall.png", WALL)
        for name in ("plan", "services", "diversion", "calls"):
            by = {"login": "shaddad"}
            _take(stage, f"/{name}", folder / f"console-{name}.png", DESKTOP, **by)
            _take(stage, f"/{name}", folder / f"console-{name}-fr.png", PHONE, language="fr", scheme="dark", **by)


def _first_hour(state: Path, folder: Path, chromium: Any) -> None:
    with empty_house(state, VirtualClock(BEGAN)) as house, house.serving() as url:
        stage = Stage(house, url, chromium)
        house.account("ejanssens", "it_director")
        _take(stage, "/start", folder / "console-start.png", DESKTOP)
        stage.close()


def _take(
    stage: Stage, path: str, to: Path, size: Any, *, language: str = "en", scheme: str = "light",
    login: str = "ejanssens",
) -> None:  # fmt: skip
    page = stage.window(login, language=language, size=size, color_scheme=scheme, reduced_motion="reduce")
    page.goto(stage.url + path)
    page.locator("h1").first.wait_for()
    page.screenshot(path=str(to))
    with Image.open(to) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(to, optimize=True)
    print(f"{to.name}: {to.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
