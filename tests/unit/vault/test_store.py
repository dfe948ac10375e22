"""The store's directory, and the strict opening of paths."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.vault import STORE_NAME, Damaged, kernel
from garde.vault.names import is_plain, join, name_of, parent_of
from garde.vault.store import Store, StoreRefusedError, TooLargeError, copy_data


@pytest.fixture
def store(tmp_path: Path) -> Any:
    made = Store.make(1, bytes(tmp_path.resolve()), b"me")
    yield made
    made.close()


def test_only_its_owner_enters(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).mkdir(mode=0o755)
    Store.make(1, bytes(tmp_path.resolve()), b"me").close()
    assert (tmp_path / STORE_NAME).stat().st_mode & 0o777 == 0o700


def test_a_link_under_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / STORE_NAME).symlink_to("elsewhere")
    with pytest.raises(StoreRefusedError):
        Store.make(1, bytes(tmp_path.resolve()), b"me")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_store_renamed_away_is_named_back(tmp_path: Path) -> None:
    first = Store.make(1, bytes(tmp_path.resolve()), b"me")
    (tmp_path / STORE_NAME).rename(tmp_path / "hidden")
    again = Store.make(1, bytes(tmp_path.resolve()), b"me", remembered_ino=first.ino)
    assert again.ino == first.ino
    assert not (tmp_path / "hidden").exists()
    first.close()
    again.close()


def test_a_store_renamed_away_and_replaced_is_said(tmp_path: Path) -> None:
    first = Store.make(1, bytes(tmp_path.resolve()), b"me")
    (tmp_path / STORE_NAME).rename(tmp_path / "hidden")
    (tmp_path / STORE_NAME).mkdir()
    with pytest.raises(StoreRefusedError, match="hidden"):
        Store.make(1, bytes(tmp_path.resolve()), b"me", remembered_ino=first.ino)
    first.close()


def test_it_goes_on_under_a_running_agent_when_renamed_away(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    (share.tree / STORE_NAME).rename(share.tree / "x")
    share.write("a.txt", damage(1))
    share.restore(vault, "a.txt")
    assert share.read("a.txt") == healthy(1)


def test_two_state_directories_on_one_file_system_leave_each_other_alone(share: Any, healthy: Any, damage: Any) -> None:
    path = share.write("a.txt", healthy(1))
    one = share.vault()
    one.capture(path)
    share.state = share.state.with_name("other")
    two = share.vault()
    assert two.repair() == []
    two.scan([bytes(share.tree)])
    assert one.repair() == []
    assert any("other state directories" in note for note in two.coverage().notes)
    share.write("a.txt", damage(1))
    assert isinstance(one.capture(path), Damaged)
    two.close()
    share.restore(one, "a.txt")
    assert share.read("a.txt") == healthy(1)
    assert one.check().whole


def test_holes_stay_holes(tmp_path: Path, store: Store) -> None:
    source = tmp_path / "sparse"
    with source.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(500 << 20)
        file.write(b"island" * 1000)
    with source.open("rb") as file:
        kept = store.copy(7, file.fileno(), 1 << 20)
    seen = os.fstat(kept)
    assert seen.st_size == 1 << 30
    assert seen.st_blocks * 512 < 1 << 20
    assert os.pread(kept, 6, 500 << 20) == b"island"
    os.close(kept)


def test_a_copy_past_its_limit_leaves_nothing(tmp_path: Path, store: Store) -> None:
    (tmp_path / "big").write_bytes(b"x" * 100_000)
    with (tmp_path / "big").open("rb") as file, pytest.raises(TooLargeError):
        store.copy(7, file.fileno(), 50_000)
    assert store.bucket(0) == {}


@given(
    st.lists(st.tuples(st.integers(0, 40), st.binary(min_size=1, max_size=9000)), max_size=6), st.integers(0, 1 << 18)
)
def test_a_copy_is_equal_whatever_the_holes(tmp_path_factory: pytest.TempPathFactory, parts: Any, size: int) -> None:
    where = tmp_path_factory.mktemp("copy")
    with (where / "from").open("w+b") as source, (where / "to").open("w+b") as target:
        for block, data in parts:
            os.pwrite(source.fileno(), data, block * 4096)
        source.truncate(max(size, os.fstat(source.fileno()).st_size))
        copy_data(source.fileno(), target.fileno(), 1 << 40)
        assert (where / "from").read_bytes() == (where / "to").read_bytes()


@pytest.mark.parametrize("old_kernel", [False, True])
def test_no_part_of_a_path_may_be_a_link(tmp_path: Path, old_kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_has_openat2", not old_kernel)
    real = tmp_path.resolve()
    (real / "d").mkdir()
    (real / "d" / "f").write_bytes(b"x")
    (real / "link").symlink_to("d")
    (real / "d" / "to").symlink_to("f")
    os.close(kernel.open_strict(bytes(real / "d" / "f"), os.O_RDONLY))
    os.close(kernel.open_strict(b"/", os.O_RDONLY | os.O_DIRECTORY))
    for path in ("link/f", "d/to", "link"):
        with pytest.raises(OSError) as caught:
            os.close(kernel.open_strict(bytes(real / path), os.O_RDONLY))
        assert caught.value.errno in {errno.ELOOP, errno.ENOTDIR}
    with pytest.raises(FileNotFoundError):
        kernel.open_strict(bytes(real / "none"), os.O_RDONLY)


def test_names_of_byte_paths() -> None:
    assert (parent_of(b"/a/b"), parent_of(b"/a"), name_of(b"/a/b\n")) == (b"/a", b"/", b"b\n")
    assert (join(b"/", b"a"), join(b"/a", b"b")) == (b"/a", b"/a/b")
    assert is_plain(b"/a/..b")
    assert not any(map(is_plain, (b"/a/../b", b"a", b"/a//b", b"/a/./b", b"/a/")))


def test_a_mount_point_with_a_blank_in_its_name_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    line = b"36 35 98:0 / /srv/my\\040share rw,noatime shared:1 - xfs /dev/sdb rw\n"
    monkeypatch.setattr(Path, "read_bytes", lambda self: line)
    assert kernel.mount_points() == {b"/srv/my share": b"xfs"}


def test_a_tree_whose_root_cannot_hold_a_store_uses_the_state_directory(
    share: Any, healthy: Any, damage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.make.__func__

    def refuse(cls: Any, number: int, base: bytes, owner: bytes, **named: Any) -> Store:
        if base == bytes(share.tree):
            raise StoreRefusedError("Permission denied")
        return real(cls, number, base, owner, **named)

    monkeypatch.setattr(Store, "make", classmethod(refuse))
    path = share.write("a.txt", healthy(1))
    vault = share.vault()
    vault.capture(path)
    (state,) = vault.coverage().stores
    assert state.path.startswith(bytes(share.state))
    assert "Permission denied" in state.why
    share.write("a.txt", damage(1))
    share.restore(vault, "a.txt")
    assert share.read("a.txt") == healthy(1)
    vault.close()
    assert share.vault().check().whole
