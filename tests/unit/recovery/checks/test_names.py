"""Paths: one spelling each, and back; inside a root nothing leads out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.recovery.checks.names import Root, spell, unspell
from garde.recovery.checks.places import passed_over, sort_of


@given(st.binary(max_size=40))
def test_every_path_comes_back(path: bytes) -> None:
    assert unspell(spell(path)) == path


@given(st.binary(max_size=40))
def test_a_spelling_holds_no_blank_and_no_control(path: bytes) -> None:
    spelled = spell(path)
    assert spelled.isprintable()
    assert " " not in spelled
    spelled.encode("utf-8")


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_no_two_paths_are_spelled_alike(one: bytes, other: bytes) -> None:
    assert (spell(one) == spell(other)) == (one == other)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/a").write_text("a")
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "abs").symlink_to("/usr/lib/a")
    (tmp_path / "up").symlink_to("../../../../../etc")
    (tmp_path / "etc").mkdir()
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    return Root(tmp_path)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        (b"/lib/a", b"/usr/lib/a"), (b"/abs", b"/usr/lib/a"), (b"/up", b"/etc"), (b"/up/passwd", b"/etc/passwd"),
        (b"/../../lib/../lib/a", b"/usr/lib/a"), (b"/one", None), (b"/none/x", b"/none/x"),
    ],
)  # fmt: skip
def test_links_are_followed_as_inside_the_root(root: Root, path: bytes, real: bytes | None) -> None:
    assert root.resolve(path) == real


def test_only_folders_are_followed_for_the_place_of_a_path(root: Root) -> None:
    assert root.place(b"/lib/abs") == b"/usr/lib/abs"
    assert root.place(b"/abs") == b"/abs"


def test_what_is_no_file_is_not_read(root: Root) -> None:
    assert root.read(b"/none") == b""
    with pytest.raises(OSError, match="regular"):
        root.read(b"/usr/lib")
    with pytest.raises(OSError, match="larger"):
        root.read(b"/abs", 0)


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        (b"/etc/systemd/system/a.service", "unit"), (b"/usr/lib/systemd/system/a.timer", "timer"),
        (b"/etc/systemd/system-generators/x", "generator"), (b"/etc/cron.d/x", "cron"), (b"/etc/crontab", "cron"),
        (b"/var/spool/cron/crontabs/root", "cron"), (b"/var/spool/cron/atjobs/a1", "at"), (b"/etc/sudoers", "sudo"),
        (b"/etc/pam.d/sshd", "pam"), (b"/usr/lib/x86_64-linux-gnu/security/pam_unix.so", "pam"),
        (b"/home/b/.ssh/authorized_keys", "key"), (b"/home/a/.bashrc", "shell"), (b"/etc/ld.so.preload", "preload"),
        (b"/etc/udev/rules.d/x.rules", "udev"), (b"/usr/lib/x/libc.so.6", "library"), (b"/etc/motd", "configuration"),
        (b"/home/a/.config/systemd/user/a.service", "unit"), (b"/boot/vmlinuz", "boot"), (b"/usr/lib/x.py", "code"),
    ],
)  # fmt: skip
def test_a_place_is_called_what_it_is(path: bytes, sort: str) -> None:
    assert sort_of(path) == sort
    assert not passed_over(path)


def test_a_program_is_told_from_data() -> None:
    assert sort_of(b"/usr/bin/ls", 0o755) == "program"
