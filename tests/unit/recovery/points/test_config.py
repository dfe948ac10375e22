"""stores.toml: what it may hold, and where an error lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from garde.errors import SettingsError
from garde.recovery.points.config import parse_stores, read_stores

GOOD = """\
[[store]]
id = "files1-restic"
sort = "restic"
covers = "files1"
repository = "/srv/backup/files1"
password_file = "/etc/garde/files1.pw"
paths = ["/srv/share", "/etc"]
targets = ["/srv/share", "/srv/old-etc"]

[[store]]
id = "own"
sort = "vault"
covers = "files1"
paths = ["/srv/share"]
"""


def test_a_file_is_read_in_its_order() -> None:
    first, second = parse_stores(GOOD)
    assert (first.id, first.sort, second.id) == ("files1-restic", "restic", "own")
    assert first.pairs() == (("/srv/share", "/srv/share"), ("/etc", "/srv/old-etc"))
    assert second.pairs() == (("/srv/share", "/srv/share"),)


def test_no_file_is_no_stores(tmp_path: Path) -> None:
    assert read_stores(tmp_path) == ()


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ('id = "own"', 'id = "files1-restic"', 11, "two stores"),
        ('id = "own"', 'id = "../own"', 11, "letters, digits"),
        ('sort = "vault"', 'sort = "tape"', 12, "no sort named 'tape'"),
        ('sort = "vault"', 'sort = "vault"\nlines = 4', 13, "no setting named lines"),
        ('sort = "vault"', 'sort = "vault"\nrepository = "/x"', 13, "has no repository"),
        ('covers = "files1"\npaths = ["/srv/share"]', 'covers = "files1"', 10, "needs paths"),
        ('paths = ["/srv/share"]', 'paths = ["/srv/../etc"]', 14, "no absolute path"),
        ('paths = ["/srv/share"]', 'paths = "/srv/share"', 14, "Expected `array`"),
        ('targets = ["/srv/share", "/srv/old-etc"]', 'targets = ["/srv/share"]', 8, "one target for each"),
        ('password_file = "/etc/garde/files1.pw"', 'password_file = "pw"', 6, "absolute"),
        ('sort = "vault"', 'sort = "vault"\noptions = { colour = "red" }', 13, "no option named colour"),
    ],
)
def test_an_error_names_its_line(before: str, after: str, line: int, words: str) -> None:
    assert GOOD.count(before) >= 1
    head, _, tail = GOOD.rpartition(before)
    with pytest.raises(SettingsError, match=f"^SETTINGS: stores.toml:{line}: .*{words}"):
        parse_stores(head + after + tail)


def test_what_is_no_toml_says_where() -> None:
    with pytest.raises(SettingsError, match="line 2"):
        parse_stores("[[store]]\nid = \n")


def test_a_file_that_others_may_change_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "stores.toml"
    file.write_text(GOOD)
    file.chmod(0o644)
    assert len(read_stores(tmp_path)) == 2
    file.chmod(0o664)
    with pytest.raises(SettingsError, match="others than its owner"):
        read_stores(tmp_path)


@pytest.mark.root
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "stores.toml"
    file.write_text(GOOD)
    os.chown(file, 65534, 65534)
    with pytest.raises(SettingsError, match="others than its owner"):
        read_stores(tmp_path)
