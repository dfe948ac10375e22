"""Reading the kernel's lists when a lab is taken down: paths with blanks, and only what lies below the lab."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from garde.lab.hospital import remains

MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 22 0:27 / /dev/shm rw - tmpfs tmpfs rw
40 31 7:1 / /dev/shm/garde-lab/one/machines/files-wards/disk rw - xfs /dev/loop1 rw
41 31 7:2 / /dev/shm/garde-lab/one/a\040b/di\303\251sk rw - xfs /dev/loop2 rw
42 31 7:3 / /dev/shm/garde-lab/one-more/disk rw - xfs /dev/loop3 rw
43 31 7:4 / /dev/shm/garde-lab/one rw - xfs /dev/loop4 rw
"""


def test_mounts_below_the_lab_are_found_in_order_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(remains, "_PROC", tmp_path)
    home = Path("/dev/shm/garde-lab/one")
    assert list(remains._mounts_below(home)) == [home / "machines/files-wards/disk", home / "a b" / "diésk"]


def test_loop_devices_are_found_by_their_image_also_when_it_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path("/dev/shm/garde-lab/one")
    for number, image in enumerate((f"{home}/a.img", f"{home}/b.img (deleted)", f"{home}-more/c.img", "/other")):
        place = tmp_path / f"loop{number}" / "loop"
        place.mkdir(parents=True)
        (place / "backing_file").write_text(image + "\n")
    monkeypatch.setattr(remains, "_LOOPS", tmp_path)
    found = [image for image, _ in remains._loops_below(home)]
    assert found == [f"{home}/a.img", f"{home}/b.img"]


@pytest.mark.root
@pytest.mark.apart
def test_what_nobody_may_change_goes_with_the_lab(tmp_path: Path) -> None:
    kept = tmp_path / "place" / "one" / "agents" / "evidence" / "item"
    kept.parent.mkdir(parents=True)
    kept.touch()
    if subprocess.run(["chattr", "+i", str(kept)], capture_output=True, check=False).returncode:
        pytest.skip("this file system knows no such mark")
    remains._remove_files(tmp_path / "place" / "one")
    assert not (tmp_path / "place").exists()
