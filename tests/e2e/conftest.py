"""What the browser tests share: one Chromium for each file of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from console_stage import launched

    with launched() as browser:
        yield browser
