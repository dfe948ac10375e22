"""Paths under trees, and what is excluded."""

from __future__ import annotations

import fnmatch

import pytest

from garde.watch.sensors.base import is_ignored, is_under, join


def test_a_tree_holds_itself_and_what_is_below_but_not_its_neighbour() -> None:
    assert is_under(b"/srv/a", b"/srv/a")
    assert is_under(b"/srv/a/b", b"/srv/a")
    assert not is_under(b"/srv/ab", b"/srv/a")
    assert is_under(b"/anything", b"/")


def test_join_does_not_double_the_slash_of_the_root() -> None:
    assert join(b"/", b"x") == b"/x"
    assert join(b"/a", b"x") == b"/a/x"


@pytest.mark.parametrize("pattern", ["/srv/cache", "/srv/cache/*", "/srv/c*"])
def test_an_exclusion_covers_the_directory_and_everything_below(pattern: str) -> None:
    def ignore(path: bytes) -> bool:
        return fnmatch.fnmatch(path.decode(), pattern)

    assert is_ignored(b"/srv/cache", b"/srv", ignore)
    assert is_ignored(b"/srv/cache/deep/er", b"/srv", ignore)
    assert not is_ignored(b"/srv/kept", b"/srv", ignore)


def test_an_exclusion_above_the_tree_does_not_count() -> None:
    assert not is_ignored(b"/srv/a/b", b"/srv/a", lambda path: path == b"/srv")


def test_the_root_as_a_tree_ends() -> None:
    assert not is_ignored(b"/a/b/c", b"/", lambda _: False)
    assert is_ignored(b"/a/b/c", b"/", lambda path: path == b"/")
