"""`console_house` can be imported by the tests beside it; a house is made once for a module's looks, anew for its acts."""  # noqa: E501

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from console_house import ConsoleHouse, Night, quick_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[ConsoleHouse]:
    with quick_house(tmp_path) as made:
        yield made


@pytest.fixture
def night(house: ConsoleHouse) -> Night:
    made = Night(house)
    made.enrol("files-1", "files-2", "files-3")
    return made
