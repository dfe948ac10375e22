"""What the estate tests share: where their sample module lies, and a command line run in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for estate_samples


@dataclass
class Ran:
    """One run of the command line."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def garde(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run `garde WORDS...` here."""
    from garde.cli import run

    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("GARDE_DEBUG", raising=False)

    def call(*words: object) -> Ran:
        capfd.readouterr()
        code = run([str(word) for word in words])
        return Ran(code, *capfd.readouterr())

    return call
