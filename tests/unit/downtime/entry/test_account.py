"""The account of sheets: one test per rule, and that nothing is ever lost in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sheet_words import back, entries, named, of, pack, printed

from garde.downtime.entry.account import Sheets, account, project
from garde.journal import Payload
from garde.journal.paper_kinds import ScanTaken, SheetReturned, SheetsPrinted


def test_a_lost_sheet_is_found_and_named() -> None:
    found = of(pack(), printed(1, 2, 3, 4), back("K7Q2MX.1"), back("K7Q2MX.2", "scanned"), back("K7Q2MX.4", "void"))
    (lost,) = found.standing("open")
    assert (str(lost.code), lost.title, lost.place) == ("K7Q2MX.3", "MAR 1/1", "MED")
    assert lost.printing is not None
    assert (lost.printing.run, lost.printing.printer, lost.printing.by, lost.printing.at) == ("r1", "usb", "nina", 1002)
    assert (found.total.printed, found.total.returned, found.total.open) == (4, 3, 1)
    assert not found.total.whole


def test_two_copies_are_two_sheets_and_a_later_printing_goes_on_counting() -> None:
    found = of(pack(), printed(2, copies=2), printed(2, run="r2"), back("K7Q2MX.2"), back("K7Q2MX.2.3"))
    assert named(found, "open") == ["K7Q2MX.2.2"]


def test_the_newest_word_counts_once() -> None:
    found = of(pack(), printed(1), ScanTaken("f", 1, ("K7Q2MX.1",), (), "nina"), back("k7q2mx.1"), back("K7Q2MX.1"))
    assert (found.total.printed, found.total.entered, found.total.scanned) == (1, 1, 0)


def test_what_nobody_printed_is_shown() -> None:
    found = of(pack(), printed(1), back("K7Q2MX.1"), back("ZZZZZZ.9"), back("../etc"))
    assert named(found, "stray") == ["../etc.0", "ZZZZZZ.9"]
    assert (found.total.printed, found.total.stray, found.total.whole) == (1, 2, False)


def test_a_printing_that_failed_leaves_sheets_that_may_be() -> None:
    failed = (pack(), printed(1, 2, fault="no paper"))
    found = of(*failed)
    assert (found.total.printed, named(found, "unsure")) == (0, ["K7Q2MX.1", "K7Q2MX.2"])
    again = of(*failed, printed(1, 2, run="r2"), back("K7Q2MX.1"), back("K7Q2MX.2"))
    assert (again.total.printed, again.total.open, again.total.unsure) == (2, 0, 2)
    assert of(*failed, back("K7Q2MX.2")).total.printed == 1


def test_a_printing_that_is_told_twice_is_one() -> None:
    assert of(pack(), printed(1, 2), printed(1, 2)).total.open == 2
    corrected = of(pack(), printed(1, 2, fault="nobody knows"), printed(2, run="r2"), printed(1))
    assert (named(corrected, "open"), corrected.total.unsure) == (["K7Q2MX.1", "K7Q2MX.2"], 0)


def test_what_was_said_before_the_printing_was_told_counts() -> None:
    assert of(back("K7Q2MX.1"), printed(1)).total.entered == 1


def test_packs_and_wards_have_their_own_counts() -> None:
    both = (pack(), pack("ABCDEF", "SUR"), printed(1), printed(1, 2, name="ABCDEF", place="SUR"), back("ABCDEF.1"))
    found = of(*both)
    assert {name: (c.printed, c.open) for name, c in found.places.items()} == {"MED": (1, 1), "SUR": (2, 1)}
    assert list(found.packs) == ["ABCDEF", "K7Q2MX"]
    assert of(*both, place="SUR").total.printed == 2 and of(*both, pack="K7Q2MX").total.printed == 1


NAMES = st.sampled_from(
    [f"{name}.{page}{copy}" for name in ("K7Q2MX", "ABCDEF") for page in (1, 2) for copy in ("", ".2")]
)
PRINTINGS = st.builds(
    printed, st.integers(1, 3), copies=st.integers(1, 3), run=st.sampled_from(["r1", "r2", "r3"]),
    name=st.sampled_from(["K7Q2MX", "ABCDEF"]), fault=st.sampled_from(["", "", "jam"]),
)  # fmt: skip
RETURNS = st.builds(back, NAMES, st.sampled_from(["entered", "scanned", "void", "missing", "nonsense"]))
SCANS = st.builds(lambda names: ScanTaken("f", len(names), tuple(names), (), "n"), st.lists(NAMES, max_size=3))


@given(st.lists(PRINTINGS | RETURNS | SCANS, max_size=20))
def test_printed_is_returned_and_open_in_any_order(told: list[Payload]) -> None:
    found = of(*told)
    runs: dict[tuple[str, str], SheetsPrinted] = {}
    for each in told:
        if isinstance(each, SheetsPrinted):
            runs[each.run, each.pack] = each
    sound = sum(len(each.pages) * each.copies for each in runs.values() if not each.fault)
    maybe = sum(len(each.pages) * each.copies for each in runs.values() if each.fault)
    total = found.total
    assert total.printed == total.entered + total.scanned + total.void + total.missing + total.open
    assert sound <= total.printed <= sound + maybe and total.printed + total.unsure == sound + maybe
    assert len({each.code for each in found.sheets}) == len(found.sheets)
    for counts in (found.packs, found.places):
        assert sum(each.printed for each in counts.values()) == total.printed
    said = {each.sheet for each in told if isinstance(each, SheetReturned) and each.how != "nonsense"}
    assert said <= {str(each.code) for each in found.sheets}


@given(st.lists(PRINTINGS | RETURNS | SCANS, max_size=12), st.integers(0, 12))
def test_a_fold_in_two_parts_is_the_same(told: list[Payload], cut: int) -> None:
    state = Sheets()
    for entry in entries(*told)[:cut]:
        project(state, entry)
    account(state)  # looking changes nothing
    for entry in entries(*told)[cut:]:
        project(state, entry)
    assert account(state) == of(*told)
