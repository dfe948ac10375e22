"""A house for the tests of `sharing`: see sharing_house.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sharing_house import House


@pytest.fixture
def house() -> House:
    """A small hospital with neighbours and channels."""
    return House()
