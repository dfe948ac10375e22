"""The witness of the warning: it counts once it can be read whole, and not before."""

from __future__ import annotations

from pathlib import Path

from garde.lab.night.drawn import Drawn
from garde.lab.night.outside import wait_until


def test_a_bundle_counts_once_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "sharing/out/w-1/0001"
    folder.mkdir(parents=True)
    (folder / "changes.json").write_text("[]")
    (folder / "stix.json").write_text('{"type": "bundle", "obj')
    with Drawn(tmp_path) as drawn:
        assert not wait_until(lambda: drawn.at is not None, 0.1)
        (folder / "stix.json").write_text('{"type": "bundle", "objects": [{"type": "indicator"}]}')
        assert wait_until(lambda: drawn.at is not None, 5.0)


def test_nothing_there_is_nothing_drawn(tmp_path: Path) -> None:
    with Drawn(tmp_path / "nowhere") as drawn:
        pass
    assert drawn.at is None
