"""What an SMB attacker's log and the files say."""

from __future__ import annotations

from pathlib import Path

from bench.smb_truth import Before, held_since, look, lost, parse_log, touched
from hypothesis import given
from hypothesis import strategies as st


def make(folder: Path, count: int) -> list[Before]:
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"document {number}")
    return look(sorted(folder.iterdir()))


def test_log_keeps_the_first_line_of_each_kind() -> None:
    logged = parse_log(b"s 0 1.0\nw 0 1.1\nw 0 1.5\nf 0 1.2\ns 1 1.3\nx 1 1.4\n")
    assert logged.confirmed == {0: 1.1}
    assert logged.failed == {1: 1.4}
    assert logged.last == 1.4


def test_a_line_cut_short_is_left_out() -> None:
    assert parse_log(b"s 0 1.0\ns 1 1").started == {0: 1.0}


@given(st.binary(max_size=200))
def test_no_log_is_too_odd(data: bytes) -> None:
    text = b"".join(line + b"\n" for line in data.split(b"\n") if line[:1] not in b"swfx")
    assert parse_log(text).last == 0.0


def test_confirmed_files_are_touched_though_they_were_put_back(tmp_path: Path) -> None:
    before = make(tmp_path, 3)
    logged = parse_log(b"s 0 1.0\nw 0 1.1\nf 0 1.2\n")
    assert touched(before, logged) == {0}


def test_an_unanswered_request_counts_only_where_the_file_moved(tmp_path: Path) -> None:
    before = make(tmp_path, 3)
    before[1].path.write_text("cipher")
    before[2].path.unlink()
    logged = parse_log(b"s 0 1.0\ns 1 1.0\ns 2 1.0\n")
    assert touched(before, logged) == {1, 2}


def test_lost_is_what_does_not_hold_its_bytes(tmp_path: Path) -> None:
    before = make(tmp_path, 3)
    before[0].path.write_text("cipher")
    before[1].path.unlink()
    assert lost(before) == [0, 1]
    assert lost(before, [1, 2]) == [1]


def test_an_attack_that_got_through_was_not_held() -> None:
    assert held_since(parse_log(b"s 0 1.0\nw 0 1.1\nf 0 1.2\ns 1 1.3\nw 1 1.3\nf 1 1.4\n"), 2) is None


def test_one_failure_in_the_middle_is_no_hold() -> None:
    assert held_since(parse_log(b"s 0 1.0\nx 0 1.1\ns 1 1.3\nw 1 1.3\nf 1 1.4\n"), 2) is None


def test_held_since_the_first_refusal_after_the_last_success() -> None:
    assert held_since(parse_log(b"s 0 1.0\nw 0 1.1\nf 0 1.2\ns 1 1.3\nx 1 1.5\ns 2 1.6\nx 2 1.7\n"), 3) == 1.5


def test_held_in_silence_since_the_last_success() -> None:
    assert held_since(parse_log(b"s 0 1.0\nw 0 1.1\nf 0 1.2\ns 1 1.3\n"), 9) == 1.2
