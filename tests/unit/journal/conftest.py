"""A journal on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.journal import SqliteStore, open_journal


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def journal(tmp_path: Path, clock: VirtualClock) -> Iterator[SqliteStore]:
    with open_journal(tmp_path, clock=clock) as opened:
        yield opened
