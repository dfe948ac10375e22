"""A hub's loop on a clock that stands still; `hub_samples` can be imported by the tests beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.journal import SqliteStore, open_journal

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def journal(tmp_path: Path, clock: VirtualClock) -> Iterator[SqliteStore]:
    with open_journal(tmp_path, who="hub", clock=clock) as opened:
        yield opened
