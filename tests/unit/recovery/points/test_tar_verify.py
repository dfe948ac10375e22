"""What was brought against a tar stream: whole, different, missing, too much, hostile."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from garde.recovery.points.base import Fault, StoreFault, Verified
from garde.recovery.points.tar_verify import TarVerify


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    scratch = tmp_path / "scratch"
    (scratch / "srv/deep").mkdir(parents=True)
    (scratch / "srv/a.txt").write_text("one")
    (scratch / "srv/deep/b.bin").write_bytes(os.urandom(3 << 20))
    (scratch / "srv/link").symlink_to("a.txt")
    os.link(scratch / "srv/a.txt", scratch / "srv/hard")
    return scratch


def packed(scratch: Path, prefix: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(scratch / "srv", arcname=f"{prefix}srv")
    return out.getvalue()


def compared(scratch: Path, stream: bytes) -> Verified:
    return TarVerify(bytes(scratch), (b"/srv",), None).run(io.BytesIO(stream))


def reasons(found: Verified) -> list[str]:
    return [each.reason for each in found.skipped]


@pytest.mark.parametrize("prefix", ["", "/", "./"])
def test_what_is_the_same_is_whole(tree: Path, prefix: str) -> None:
    found = compared(tree, packed(tree, prefix))
    assert (found.whole, found.files, found.wrong) == (True, 3, 0), reasons(found)


def test_every_difference_is_named(tree: Path) -> None:
    stream = packed(tree)
    with (tree / "srv/deep/b.bin").open("r+b") as file:
        file.seek(2 << 20)
        file.write(b"x" * 16)
    (tree / "srv/link").unlink()
    (tree / "srv/link").symlink_to("/etc/passwd")
    (tree / "srv/hard").unlink()
    (tree / "srv/planted").write_text("x")
    (tree / "srv/a.txt").chmod(0o4755)
    found = compared(tree, stream)
    assert not found.whole
    assert sorted(reasons(found)) == [
        "No such file or directory", "a link to somewhere else", "mode 4755 instead of 644", "not in the point",
        "other content",
    ]  # fmt: skip


def test_a_size_is_said(tree: Path) -> None:
    stream = packed(tree)
    (tree / "srv/a.txt").write_text("longer")
    assert "6 bytes instead of 3" in reasons(compared(tree, stream))


def test_a_folder_that_became_a_link_is_not_followed(tree: Path, tmp_path: Path) -> None:
    stream = packed(tree)
    (tree / "srv/deep").rename(tmp_path / "elsewhere")
    (tree / "srv/deep").symlink_to(tmp_path / "elsewhere")
    found = compared(tree, stream)
    assert "no directory" in reasons(found)
    assert found.wrong == 2


def test_a_stream_that_ends_early_is_a_damaged_point(tree: Path) -> None:
    for stream in (packed(tree)[: 1 << 20], b"", b"no tar at all" * 100):
        with pytest.raises(StoreFault) as caught:
            compared(tree, stream)
        assert caught.value.fault is Fault.DAMAGED


def test_a_name_that_leaves_the_point_is_wrong_and_not_opened(tree: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("srv/../../../etc/passwd")
        archive.addfile(member)
    found = TarVerify(bytes(tree), (), None).run(io.BytesIO(out.getvalue()))
    assert "a name that leaves the point" in reasons(found)
