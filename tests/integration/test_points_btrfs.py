"""btrfs: what only its snapshots have: who could make one writable again, layouts, blocks that are shared."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.point_stores import MAKERS, Made, missing, run

from garde.clock import SystemClock
from garde.recovery.points.base import Catalogue, Fault, StoreFault
from garde.recovery.points.table import open_store

_WHY_NOT = missing("btrfs")
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]
OWNER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    found = MAKERS["btrfs"](tmp_path)
    os.chown(volume(found), 65534, 65534)  # whoever owns the share's top owns that of its snapshots
    found.new_backup()
    yield found
    found.undo()


def volume(made: Made) -> Path:
    return Path(made.settings.options["source"])


def snapshots(made: Made) -> Path:
    return Path(made.settings.repository)


def test_who_owns_the_share_cannot_make_a_frozen_snapshot_writable(made: Made) -> None:
    newest = snapshots(made) / made.store.points()[-1].id
    attack = [*OWNER, "btrfs", "property", "set", str(newest), "ro", "false"]
    run(*attack)  # before: it can
    assert made.store.check(made.store.points()[-1]).catalogue is Catalogue.NOT_CHECKED
    made.store.freeze()
    proof = made.store.prove_frozen()
    assert proof.proven, proof.checks
    with pytest.raises(subprocess.CalledProcessError):
        run(*attack)
    with pytest.raises(subprocess.CalledProcessError):
        run("mv", snapshots(made) / "first", snapshots(made) / "gone")
    assert made.store.check(made.store.points()[-1]).catalogue is Catalogue.NOT_CHECKED  # what was in it meanwhile?
    assert made.store.check(made.store.points()[0]).catalogue is Catalogue.WHOLE
    made.store.thaw()
    assert run("btrfs", "property", "get", newest, "ro").strip() == "ro=false"  # all as it stood before
    assert snapshots(made).stat().st_mode & 0o777 == 0o755


def test_a_freeze_that_somebody_undid_is_not_proven(made: Made) -> None:
    made.store.freeze()
    run("chattr", "-a", snapshots(made))
    assert not made.store.prove_frozen().proven
    made.store.freeze()
    snapshots_mode = snapshots(made)
    run("chattr", "-a", snapshots_mode)
    snapshots_mode.chmod(0o755)
    run("chattr", "+a", snapshots_mode)
    assert not made.store.prove_frozen().proven


def test_snappers_layout_is_known(made: Made) -> None:
    folder = snapshots(made).parent / "snapper"
    (folder / "7").mkdir(parents=True)
    (folder / "7" / "info.xml").write_text("<snapshot/>")
    run("btrfs", "subvolume", "snapshot", "-r", volume(made), folder / "7" / "snapshot")
    store = open_store(replace(made.settings, repository=str(folder)), made.state / "other", SystemClock())
    (point,) = store.points()
    assert point.id == "7/snapshot"
    assert store.freeze().marked == 4  # the folder, its folder, the file beside, the snapshot
    assert store.prove_frozen().proven
    with pytest.raises(PermissionError):
        (folder / "7" / "info.xml").unlink()
    store.thaw()


def test_what_is_brought_shares_its_blocks(made: Made) -> None:
    point = made.store.points()[0]
    (made.live / "large").write_bytes(os.urandom(8 << 20))
    made.new_backup()
    point = made.store.points()[-1]
    before = os.statvfs(made.live)
    done = made.store.restore(point, made.store.scratch(point))
    os.sync()
    after = os.statvfs(made.live)
    assert "shared" in done.detail and done.bytes > 8 << 20
    assert (before.f_bfree - after.f_bfree) * before.f_frsize < 4 << 20


def test_a_path_that_the_snapshots_are_not_of_is_a_fault(made: Made) -> None:
    odd = replace(made.settings, paths=("/srv/other",))
    store = open_store(odd, made.state, SystemClock())
    with pytest.raises(StoreFault) as caught:
        store.restore(store.points()[0], store.scratch(store.points()[0]))
    assert caught.value.fault is Fault.CANNOT


def test_a_folder_inside_the_snapshots_can_be_all_that_is_put_in_place(made: Made) -> None:
    inner = replace(made.settings, paths=(f"{made.live}/ward",))
    store = open_store(inner, made.state, SystemClock())
    point = store.points()[0]
    (made.live / "ward" / "letter-01.txt").write_text("spoilt")
    (made.live / "empty").write_text("kept")
    store.restore(point, store.scratch(point))
    assert store.verify(point, store.scratch(point)).whole
    assert store.place(point, store.scratch(point)).failed == 0
    assert (made.live / "ward" / "letter-01.txt").read_text().startswith("Letter 1 ")
    assert (made.live / "empty").read_text() == "kept"


def test_a_whole_subvolume_is_put_in_place_by_what_lies_in_it(made: Made) -> None:
    whole = replace(made.settings, paths=(str(volume(made)),), options={})
    store = open_store(whole, made.state, SystemClock())
    point = store.points()[0]
    (made.live / "ward" / "letter-01.txt").write_text("spoilt")
    store.restore(point, store.scratch(point))
    assert store.verify(point, store.scratch(point)).whole
    placed = store.place(point, store.scratch(point))
    assert placed.failed == 0
    assert (made.live / "ward" / "letter-01.txt").read_text().startswith("Letter 1 ")
    assert (Path(os.fsdecode(placed.evidence)) / "share/ward/letter-01.txt").read_text() == "spoilt"


def test_another_file_system_is_said(made: Made, tmp_path: Path) -> None:
    store = open_store(replace(made.settings, repository=str(tmp_path)), made.state, SystemClock())
    with pytest.raises(StoreFault) as caught:
        store.points()
    assert caught.value.fault is Fault.CANNOT
