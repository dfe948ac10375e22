"""The witness of the record: what was confirmed by then is there, what came later must be entered again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from garde.lab.night.colleague import Committed
from garde.lab.night.logs import read_lines
from garde.lab.night.rows import judge


def note(row: int, confirmed: float) -> Committed:
    return Committed(row, 7, f"seen, {row}", confirmed - 0.1, confirmed)


def there(*rows: int) -> set[tuple[str, ...]]:
    return {(str(row), "7", f"seen, {row}") for row in rows}


def test_confirmed_before_and_not_there_is_missing() -> None:
    found = judge(there(1), [note(1, 10.0), note(2, 11.0), note(3, 30.0)], 10.0, 20.0, [])
    assert (found.missing, found.again) == (("note 2",), 1)


def test_a_row_of_other_content_is_missing() -> None:
    changed = {("1", "7", "something else")}
    assert judge(changed, [note(1, 10.0)], 10.0, 20.0, []).missing == ("note 1",)


def test_later_rows_that_are_there_need_not_be_entered_again() -> None:
    assert judge(there(1, 2), [note(1, 10.0), note(2, 30.0)], 30.0, 20.0, []).again == 0


def test_what_it_began_with_counts_as_well() -> None:
    assert judge(there(), [], 0.0, 20.0, ["patient 5"]).missing == ("patient 5",)


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert read_lines(log, Committed) == []
    log.write_bytes(msgspec.json.encode(note(1, 10.0)) + b"\n" + msgspec.json.encode(note(2, 11.0))[:20])
    assert read_lines(log, Committed) == [note(1, 10.0)]
