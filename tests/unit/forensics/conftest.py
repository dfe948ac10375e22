"""A house for the tests of `forensics`: see forensic_house.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from forensic_house import House


@pytest.fixture
def house() -> House:
    """A small hospital with its agents."""
    return House()
