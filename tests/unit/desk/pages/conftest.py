"""One desk with its pages for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pages_house import PagesHouse, pages_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PagesHouse]:
    with pages_house(tmp_path) as found:
        yield found
