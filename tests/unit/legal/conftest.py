"""A house for the tests of `legal`: see legal_house.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from legal_house import House


@pytest.fixture
def house() -> House:
    """A hospital that owes."""
    return House()
