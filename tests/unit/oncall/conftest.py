"""A house for each test, closed at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from oncall_house import House


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make a house with rules or channels of one's own."""
    made: list[House] = []

    def one(**words: Any) -> House:
        made.append(House(tmp_path / str(len(made)), **words))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def house(make: Callable[..., House]) -> House:
    return make()
