"""A house for the tests of `recovery`: see recovery_house.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from recovery_house import House


@pytest.fixture
def house() -> House:
    """A small hospital with its agents."""
    return House()
