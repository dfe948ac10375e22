"""What every test stands on: which ones this machine can run, the same random draws each time, no user's settings.

Comes in: the machine's rights. Goes out: tests marked `root` skipped with the reason, and a line at the top of the run
that says so. Warnings are errors (pyproject.toml), also those of threads and of destructors.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings

CAP_SYS_ADMIN = 21  # bit of /proc/self/status CapEff: marks, mounts and cgroups need it, and containers drop it
ROOT = Path(__file__).resolve().parents[1]

# Deterministic: the same examples on every run, no deadline on a busy machine, no database of past failures.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("fresh", deadline=None, max_examples=1000, database=None)  # to look for more: GARDE_FUZZ=1
settings.load_profile("fresh" if os.environ.get("GARDE_FUZZ") else "same")

os.environ.pop("GARDE_SETTINGS", None)


def reason_without_root() -> str:
    """Say why tests of the kernel can't run here; "" when they can."""
    if not sys.platform.startswith("linux"):
        return "needs Linux"
    if os.geteuid() != 0:
        return f"needs root (this is uid {os.geteuid()})"
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff")), 0)
    if not effective >> CAP_SYS_ADMIN & 1:
        return "needs CAP_SYS_ADMIN, which this container's root does not have"
    return ""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    reason = reason_without_root()
    for item in items if reason else ():
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Keep the collector from walking thousands of collected tests over and over: it took a fifth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_report_header() -> str:
    reason = reason_without_root()
    return f"garde: tests marked root are skipped: {reason}" if reason else "garde: tests marked root run"


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top directory."""
    return ROOT
