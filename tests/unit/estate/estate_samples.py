"""A small hospital without a fault, as text and as data: tests break it in one place at a time.

Comes in: nothing. Goes out: `GOOD` and what reads it.
"""

from __future__ import annotations

from pathlib import Path

from garde.estate.nouns import Estate
from garde.estate.read import Reading, read_bytes

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def read(text: str) -> Reading:
    return read_bytes(text.encode(), "h.yaml")


def good() -> Estate:
    found = read(GOOD).estate
    assert found is not None
    return found
