"""The path guard: an attacker reaches the files on the drill's list, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from garde.lab.attackers.ground import Ground, OutsideError, check_name


@pytest.fixture
def area(tmp_path: Path) -> Iterator[tuple[Ground, Path]]:
    drill = tmp_path / "drill"
    (drill / "ward").mkdir(parents=True)
    (drill / "ward" / "a.txt").write_bytes(b"inside")
    (tmp_path / "outside.txt").write_bytes(b"precious")
    handle = os.open(drill, os.O_RDONLY | os.O_DIRECTORY)
    yield Ground(handle, [b"ward/a.txt"], [6]), tmp_path
    os.close(handle)


def everything(area: tuple[Ground, Path]) -> Iterator[OSError]:
    """Try each thing that a target can do; yield what was raised."""
    target = area[0].target(0)

    def close(handle: int) -> None:
        os.close(handle)

    for attempt in (
        lambda: close(target.open()),
        lambda: close(target.open(os.O_RDWR | os.O_TRUNC)),
        target.remove,
        target.relative,
    ):
        try:
            attempt()
        except OSError as error:
            yield error
        else:
            yield OSError("it was allowed")


@given(
    st.binary(max_size=24)
    | st.lists(st.sampled_from([b"..", b".", b"", b"a", b"\0", b"etc"]), max_size=5).map(b"/".join)
)
@example(b"/etc/passwd")
@example(b"ward/../../outside.txt")
@example(b"")
def test_a_name_is_either_refused_or_stays_below(name: bytes) -> None:
    try:
        parts = check_name(name)
    except OutsideError:
        return
    joined = os.path.normpath(b"/drill/" + b"/".join(parts))
    assert joined == b"/drill/" + name
    assert b"\0" not in name


def test_a_ground_with_a_bad_name_is_never_made(area: tuple[Ground, Path]) -> None:
    with pytest.raises(OutsideError):
        Ground(area[0].directory, [b"ward/a.txt", b"../outside.txt"], [6, 8])


def test_a_link_in_the_files_place_is_refused(area: tuple[Ground, Path]) -> None:
    place = area[1] / "drill" / "ward" / "a.txt"
    place.unlink()
    place.symlink_to(area[1] / "outside.txt")
    refused = list(everything(area))
    assert len(refused) == 4
    assert not [error for error in refused if str(error) == "it was allowed"]
    assert (area[1] / "outside.txt").read_bytes() == b"precious"


def test_a_link_in_a_folders_place_is_refused(area: tuple[Ground, Path]) -> None:
    (area[1] / "elsewhere").mkdir()
    (area[1] / "elsewhere" / "a.txt").write_bytes(b"precious")
    (area[1] / "drill" / "ward").rename(area[1] / "drill" / "away")
    (area[1] / "drill" / "ward").symlink_to(area[1] / "elsewhere")
    assert not [error for error in everything(area) if str(error) == "it was allowed"]
    assert (area[1] / "elsewhere" / "a.txt").read_bytes() == b"precious"


def test_a_second_name_of_a_foreign_file_is_refused(area: tuple[Ground, Path]) -> None:
    place = area[1] / "drill" / "ward" / "a.txt"
    place.unlink()
    place.hardlink_to(area[1] / "outside.txt")
    assert not [error for error in everything(area) if str(error) == "it was allowed"]
    assert (area[1] / "outside.txt").read_bytes() == b"precious"


def test_a_fifo_is_refused_without_waiting(area: tuple[Ground, Path]) -> None:
    place = area[1] / "drill" / "ward" / "a.txt"
    place.unlink()
    os.mkfifo(place)
    assert not [error for error in everything(area) if str(error) == "it was allowed"]


@pytest.mark.root
def test_another_file_system_is_refused(area: tuple[Ground, Path]) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: a mount inside the drill's folder")
    import subprocess

    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", area[1] / "drill" / "ward"], check=False)
    if mounted.returncode:
        pytest.skip("mount is refused here")
    try:
        (area[1] / "drill" / "ward" / "a.txt").write_bytes(b"precious")
        assert not [error for error in everything(area) if str(error) == "it was allowed"]
    finally:
        subprocess.run(["umount", area[1] / "drill" / "ward"], check=True)


def test_new_files_lie_beside_and_never_over_another(area: tuple[Ground, Path]) -> None:
    target = area[0].target(0)
    os.close(target.create(b".locked"))
    assert (area[1] / "drill" / "ward" / "a.txt.locked").exists()
    with pytest.raises(FileExistsError):
        target.create(b".locked")
    for ending in (b"", b"/../../x", b"\0"):
        with pytest.raises(OutsideError):
            target.create(ending)
        with pytest.raises(OutsideError):
            target.replace(ending)


def test_what_is_allowed_works(area: tuple[Ground, Path]) -> None:
    assert [str(error) for error in everything(area)][:3] == ["it was allowed"] * 3
    assert not (area[1] / "drill" / "ward" / "a.txt").exists()
