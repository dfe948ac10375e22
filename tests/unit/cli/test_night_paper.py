"""A night on paper ends well only where nothing was lost, every sheet is explained, and the census is true."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from garde.cli.night import _wrong_with_paper
from garde.cli.night_table import paper_rows
from garde.lab.night.paper import Papered
from garde.lab.night.score import Papers

GOOD = Papers(0, 8.1, 674, 130, 130, True, 2)


def wrong(told: dict[str, Any] | None = None, real: dict[str, Any] | None = None, **more: Any) -> list[str]:
    one, other = (msgspec.structs.replace(GOOD, **(each or {})) for each in (told, real))
    return _wrong_with_paper(SimpleNamespace(papered=Papered(one, other, **more)))  # type: ignore[arg-type]


def test_nothing_is_wrong_with_a_good_night_nor_where_paper_was_not_played() -> None:
    assert wrong() == []
    assert _wrong_with_paper(SimpleNamespace(papered=None)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "real", "more", "words"),
    [
        ({}, {"messages_lost": 3}, {}, "3 messages that the desk acknowledged are lost"),
        ({"packs_s": None}, {}, {}, "the packs did not come"),
        ({"sheets_printed": 0, "sheets_accounted": 0}, {"sheets_printed": 0}, {}, "no sheet was printed"),
        ({}, {"sheets_printed": 131}, {}, "131 sheets were printed, the desk knows of 130"),
        ({"sheets_accounted": 129}, {}, {}, "129 of 130 sheets"),
        ({}, {"census_equal": False}, {"differences": ["bed SI/01/1: ['x']"]}, "bed SI/01/1"),
        ({}, {"worklist_items": 0}, {}, "no worklist"),
        ({}, {}, {"doubled": 1}, "1 messages came to the record more than once"),
    ],
)
def test_whatever_went_wrong_is_named(
    told: dict[str, Any], real: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    found = wrong(told, real, **more)
    assert len(found) == 1 and words in found[0]


def test_the_lost_sheet_is_named_in_the_table() -> None:
    rows = {what: found for what, _, found in paper_rows(Papered(GOOD, GOOD, missing="3J720R.9", keyed=31, checked=18))}
    assert rows["sheets that came back, or are named as missing"] == "130 (3J720R.9)"
    assert "31, 18" in rows.values() and "2 items" in rows.values()
