"""Lets the tests of this folder use what the downtime's own tests are made with."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "downtime" / "support"))
