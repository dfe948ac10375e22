"""A house for the tests of `contain`: see contain_house.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from contain_house import House


@pytest.fixture
def house() -> House:
    """A small hospital with a hub, its agents enrolled and alive."""
    return House()
