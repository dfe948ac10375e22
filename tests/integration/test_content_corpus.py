"""Content judged on real files: every eighth of the corpus, every attack, honest rewrites by the tools installed."""

from __future__ import annotations

import pytest
from bench.content_corpus import Tally, find_folder, measure

FOLDER = find_folder(None)

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no corpus: set GARDE_DATA, or put data beside the repository")


@pytest.fixture(scope="module")
def tables() -> tuple[dict[str, Tally], dict[str, Tally]]:
    assert FOLDER is not None
    return measure(FOLDER, quick=True, every=8)


def test_attacks_leave_strong_proof(tables: tuple[dict[str, Tally], dict[str, Tally]]) -> None:
    attacks, _ = tables
    for mode, tally in attacks.items():
        least = {"header kept": 96.0, "5 %, head kept": 92.0}.get(mode, 99.5)
        assert tally.files >= 50 and tally.share(tally.strong + tally.pooled) >= least, (mode, tally.names)


def test_honest_rewrites_leave_none(tables: tuple[dict[str, Tally], dict[str, Tally]]) -> None:
    _, honest = tables
    assert sum(tally.files for tally in honest.values()) > 5_000
    for mode, tally in honest.items():
        if mode.startswith("replaced by"):
            assert tally.strong <= 2, tally.names  # the corpus holds files that are broken on purpose
        else:
            assert tally.strong == 0, (mode, tally.names)
    assert honest["half-written, still open"].some <= 1
