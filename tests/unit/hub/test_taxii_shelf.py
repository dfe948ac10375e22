"""The order in which a neighbour fetches: the rules of `hub/taxii_shelf.py`, one test each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.hub.taxii_shelf import PAGE, BadFilterError, Filters, Stored, filters_of, page, shelf

DAY = "2026-11-24T03:12:0{}.000Z"


def _object(name: str, version: int, kind: str = "indicator") -> dict[str, str]:
    return {"type": kind, "id": f"{kind}--{name}", "modified": DAY.format(version), "spec_version": "2.1"}


def _shelf() -> tuple[Stored, ...]:
    first = [_object("a", 1), _object("b", 1), _object("r", 1, "report")]
    second = [_object("a", 1), _object("b", 2), _object("c", 2), _object("r", 2, "report")]
    return shelf([(("w", 2), 200.0, second), (("w", 1), 100.0, first)])


def test_a_version_is_released_once_and_keeps_its_time() -> None:
    """Rule 1."""
    found = {(each.id, each.version): (each.added[17:19], each.released) for each in _shelf()}
    assert found["indicator--a", DAY.format(1)] == ("40", ("w", 1))
    assert found["indicator--b", DAY.format(2)] == ("20", ("w", 2))
    assert len(found) == 6


def test_a_mark_of_the_tlp_has_no_modified() -> None:
    (found,) = shelf([(("w", 1), 1.0, [{"type": "marking-definition", "id": "m", "created": DAY.format(1)}])])
    assert found.version == DAY.format(1)


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 7))
def test_pages_miss_nothing_and_double_nothing(times: list[int], limit: int) -> None:
    """Rule 2."""
    stored = shelf([(("w", n), float(at), [_object(f"{n:03d}", 1)]) for n, at in enumerate(times)])
    got: list[str] = []
    following = ""
    for _ in range(len(times) + 1):
        query = {"limit": str(limit)} | ({"next": following} if following else {})
        found = page(stored, filters_of(query))
        got += [each.id for each in found.objects]
        following = found.next
        if not following:
            break
    assert got == [each.id for each in stored]


def test_what_is_released_meanwhile_comes_behind() -> None:
    """Rule 2."""
    before = shelf([(("w", 1), 100.0, [_object("a", 1), _object("b", 1)])])
    first = page(before, filters_of({"limit": "1"}))
    after = shelf([(("w", 1), 100.0, [_object("a", 1), _object("b", 1)]), (("v", 1), 300.0, [_object("0", 1)])])
    rest = page(after, filters_of({"next": first.next}))
    assert [each.id for each in rest.objects] == ["indicator--b", "indicator--0"]


def _ids(**query: str) -> list[str]:
    filters = filters_of({name.replace("match_", "match[") + ("]" if "match_" in name else ""): value for name, value in
                          query.items()})  # fmt: skip
    return [f"{each.id[-1]}{each.version[18]}" for each in page(_shelf(), filters).objects]


def test_filters() -> None:
    """Rule 3."""
    assert sorted(_ids()) == ["a1", "b2", "c2", "r2"]
    assert sorted(_ids(match_version="all")) == ["a1", "b1", "b2", "c2", "r1", "r2"]
    assert sorted(_ids(match_version="first")) == ["a1", "b1", "c2", "r1"]
    assert sorted(_ids(match_version="2026-11-24T03:12:01Z")) == ["a1", "b1", "r1"]
    assert _ids(match_id="indicator--a,indicator--zz") == ["a1"]
    assert _ids(match_type="report") == ["r2"]
    assert _ids(match_spec_version="2.0") == []
    assert sorted(_ids(added_after="1970-01-01T00:01:40.000000Z")) == ["b2", "c2", "r2"]
    assert _ids(added_after="1970-01-01T00:03:20Z") == []


def test_a_page_has_an_end() -> None:
    """Rule 3."""
    assert filters_of({"limit": "99999"}).limit == PAGE
    assert filters_of({}) == Filters()


@pytest.mark.parametrize(
    "query",
    [{"limit": "-1"}, {"limit": "1e3"}, {"limit": "٣"}, {"added_after": "2026-11-24"}, {"next": "é"}, {"next": "YQ=="},
     {"match[id]": ",".join("x" * 300)}, {"match[id]": "x" * 30_000}],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(query: dict[str, str]) -> None:
    """Rule 3."""
    with pytest.raises(BadFilterError):
        filters_of(query)


@given(st.dictionaries(st.sampled_from(["limit", "next", "added_after", "match[id]", "match[version]"]), st.text()))
def test_any_words_are_read_or_refused(query: dict[str, str]) -> None:
    try:
        page(_shelf(), filters_of(query))
    except BadFilterError:
        pass
