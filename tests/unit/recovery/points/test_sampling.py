"""Which files of a point are looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garde.recovery.points.base import Wanted
from garde.recovery.points.sampling import Listed, choose, is_below

FILES = [Listed(b"/srv/%05d" % number, 100) for number in range(1000)]


def test_the_sample_is_spread_over_all_of_it_and_always_the_same() -> None:
    chosen = choose(FILES, Wanted(100))
    assert len(set(chosen)) == 100
    assert chosen == choose(FILES, Wanted(100))
    assert all(any(each in chosen for each in FILES[at : at + 20]) for at in range(0, 1000, 20))


def test_what_was_asked_for_comes_first_and_takes_half_at_most() -> None:
    few = choose(FILES, Wanted(100, first=(b"/srv/00007", b"/srv/none")))
    assert few[0].path == b"/srv/00007"
    asked = tuple(each.path for each in FILES[:500])
    many = choose(FILES, Wanted(100, first=asked))
    assert len(many) == 100
    assert sum(each.path in asked for each in many[:50]) == 50


def test_empty_files_say_nothing_and_one_too_large_is_left_out() -> None:
    files = [Listed(b"/empty", 0), Listed(b"/large", 1 << 40), Listed(b"/small", 10)]
    assert choose(files, Wanted(10, first=(b"/large",), most_bytes=1000)) == [Listed(b"/small", 10)]


@given(st.integers(0, 300), st.integers(0, 50), st.integers(0, 5000), st.sets(st.integers(0, 299), max_size=60))
def test_never_more_than_wanted_and_none_twice(count: int, wanted: int, most: int, first: set[int]) -> None:
    files = [Listed(b"/f%d" % number, number % 90) for number in range(count)]
    chosen = choose(files, Wanted(wanted, tuple(b"/f%d" % number for number in first), most))
    assert len(chosen) <= wanted
    assert len(set(chosen)) == len(chosen)
    assert sum(each.size for each in chosen) <= most
    assert set(chosen) <= set(files)


def test_a_folder_holds_what_lies_in_it_and_not_its_namesake() -> None:
    assert is_below(b"/srv/share/a", (b"/srv/share",))
    assert is_below(b"/srv/share", (b"/srv/share/",)) is False
    assert is_below(b"/srv/share", (b"/srv/share",))
    assert not is_below(b"/srv/share2/a", (b"/srv/share",))
    assert is_below(b"/anything", ())
