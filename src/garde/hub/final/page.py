"""The final report as one file for a browser: no script, nothing fetched from anywhere, and good on paper too.

Comes in: a `Report`. Goes out: HTML. Jinja escapes every value; the pictures are ours (`chart.py`, which escapes its
own words).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from garde.hub.final.parts import BAD, GOOD, NOTE, PLAIN, WARN, Report

TEMPLATES: Final = Path(__file__).parent / "templates"
SIGNS: Final = {GOOD: "✓", WARN: "▲", BAD: "■", NOTE: "●", PLAIN: ""}


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def html_page(report: Report) -> str:
    """Return the whole page."""
    style = (TEMPLATES / "final.css").read_text(encoding="utf-8")
    return _environment().get_template("final.html").render(report=report, style=style, signs=SIGNS)
