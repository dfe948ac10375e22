"""What a press means in pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ward_house import Pair, make_pair, pages_in, pdf_of

from garde.errors import NotSetUp, UsageError
from garde.paper.printing import page_count, select_pages
from garde.ward.house import House
from garde.ward.press import Wanted, choose, parse_pages, press


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    found = make_pair(tmp_path, language="fr")
    yield found
    found.book.close()


def pages(house: House, what: str, **more: object) -> list[tuple[str, tuple[int, ...]]]:
    return [(job.held.pack, job.pages) for job in choose(house, Wanted(what, **more))]  # type: ignore[arg-type]


def test_each_button_means_its_pages(pair: Pair) -> None:
    manifest = pair.make(8)
    with pair.house() as house:
        house.take(pair.parcel(manifest))
        assert pages(house, "mar") == [(manifest.pack, (2, 4, 6))]
        assert pages(house, "census") == [(manifest.pack, (1,))]
        assert pages(house, "blanks") == [(manifest.pack, (8,))]
        assert pages(house, "all") == [(manifest.pack, tuple(range(1, 9)))]
        assert pages(house, "pages", pages="2-3, 7") == [(manifest.pack, (2, 3, 7))]


def test_the_newest_in_this_pcs_language_and_another_only_by_its_name(pair: Pair) -> None:
    made = [pair.make(4, language="fr"), pair.make(4, language="en"), pair.make(4, language="fr")]
    with pair.house() as house:
        for each in made:
            house.take(pair.parcel(each))
        assert pages(house, "mar") == [(made[2].pack, (2,))]
        assert pages(house, "mar", pack=made[0].pack.lower()) == [(made[0].pack, (2,))]
        with pytest.raises(UsageError, match="no pack"):
            choose(house, Wanted("mar", pack="ZZZZZZ"))


def test_empty_forms_come_from_their_own_pack_where_there_is_one(pair: Pair) -> None:
    forms = pair.make(3, about="blanks", mar=(), blanks=(1, 2, 3), as_of=0.0)
    ward = pair.make(4)
    with pair.house() as house:
        house.take(pair.parcel(forms))
        house.take(pair.parcel(ward))
        assert pages(house, "blanks") == [(forms.pack, (1, 2, 3))]
        assert pages(house, "all") == [(ward.pack, (1, 2, 3, 4))]
        assert not house.worst().alarm, "forms have no age"


def test_nothing_to_print_and_no_printer_are_said(pair: Pair) -> None:
    with pair.house() as house:
        with pytest.raises(UsageError, match="nothing of that"):
            choose(house, Wanted("mar"))
        for wanted in (Wanted("mar", copies=0), Wanted("mar", copies=21), Wanted("../x")):
            with pytest.raises(UsageError):
                choose(house, wanted)
        house.take(pair.parcel(pair.make()))
        with pytest.raises(NotSetUp, match="no printer"):
            press(house, choose(house, Wanted("mar")), copies=1, printer="", by="nina")


@given(st.text(max_size=20), st.integers(1, 50))
def test_pages_as_typed_are_pages_of_the_pack_or_refused(text: str, most: int) -> None:
    try:
        found = parse_pages(text, most)
    except UsageError:
        return
    assert found and list(found) == sorted(set(found)) and found[0] >= 1 and found[-1] <= most


def test_pages_are_cut_out_as_asked() -> None:
    pdf = pdf_of(5)
    assert page_count(pdf) == 5 and pages_in(select_pages(pdf, (2, 5))) == [2, 5]
    assert pages_in(select_pages(pdf, (1, 2), 2)) == [1, 2, 1, 2]
    for wrong in ((), (0,), (6,)):
        with pytest.raises(ValueError, match="pages 1 to 5"):
            select_pages(pdf, wrong)
    with pytest.raises(ValueError, match="no PDF"):
        select_pages(b"garbage", (1,))
