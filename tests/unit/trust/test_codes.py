"""Release codes: printed at the hub, typed at the machine, each good once; guessing takes for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import NotFound, Refused, StateDamaged, UsageError
from garde.trust.codes import ALPHABET, CODES, LONGEST_WAIT, CodeBook, normal_form, release_codes, release_secret

SECRET = release_secret(b"m" * 32, "files-1", 1)
PRINTED = release_codes(SECRET, "files-1", 1)
NOW = 1_900_000_000.0


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("codes") / "release.json"
    CodeBook(path).write(SECRET, "files-1")
    return path.read_bytes()


@pytest.fixture
def book(tmp_path: Path, written: bytes) -> CodeBook:
    path = tmp_path / "release.json"
    path.write_bytes(written)
    path.chmod(0o600)
    return CodeBook(path)


def test_ten_different_ones_for_each_machine_and_generation() -> None:
    others = release_codes(SECRET, "files-1", 2) + release_codes(SECRET, "files-2", 1)
    other_secret = release_codes(release_secret(b"m" * 32, "files-1", 2), "files-1", 1)
    assert len({*PRINTED, *others, *other_secret}) == 4 * CODES
    assert release_codes(SECRET, "files-1", 1) == PRINTED


def test_a_printed_code_counts_once(book: CodeBook) -> None:
    assert book.redeem(PRINTED[3], NOW) == CODES - 1
    with pytest.raises(Refused, match="used already"):
        book.redeem(PRINTED[3], NOW)
    assert book.redeem(PRINTED[4], NOW) == book.left() == CODES - 2


def test_as_people_type_it(book: CodeBook) -> None:
    typed = PRINTED[0].replace("0", "o").replace("1", "l").replace("-", " ").lower()
    assert book.redeem(f" {typed}\n", NOW) == CODES - 1


@given(st.data())
def test_one_wrong_character_or_two_swapped_are_seen_before_anything_else(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(PRINTED)).replace("-", "")
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([each for each in ALPHABET if each != code[at]]))
    with pytest.raises(UsageError):
        normal_form(code[:at] + other + code[at + 1 :])
    if at + 1 < len(code) and code[at] != code[at + 1]:
        with pytest.raises(UsageError):
            normal_form(code[:at] + code[at + 1] + code[at] + code[at + 2 :])


@given(st.text(max_size=30))
def test_noise_is_no_code(text: str) -> None:
    try:
        assert len(normal_form(text)) == 14
    except UsageError:
        pass


def test_who_guesses_waits_longer_each_time_and_typing_errors_cost_nothing(book: CodeBook) -> None:
    wrong = release_codes(SECRET, "files-2", 1)
    for _ in range(50):
        with pytest.raises(UsageError):
            book.redeem(PRINTED[0][:-1] + "*", NOW)
    for guess in wrong[:3]:
        with pytest.raises(Refused, match="not one of this machine's"):
            book.redeem(guess, NOW)
    with pytest.raises(Refused, match="wait 2 s"):
        book.redeem(PRINTED[0], NOW)
    moment = NOW
    for guess in wrong[3:] * 2:
        moment += LONGEST_WAIT
        with pytest.raises(Refused, match="not one of"):
            book.redeem(guess, moment)
    with pytest.raises(Refused, match=f"wait {LONGEST_WAIT:.0f} s"):
        book.redeem(PRINTED[0], moment)
    assert book.redeem(PRINTED[0], moment + LONGEST_WAIT) == CODES - 1
    assert book.redeem(PRINTED[1], moment + LONGEST_WAIT) == CODES - 2


def test_a_clock_set_back_does_not_bar_the_way_for_years(book: CodeBook) -> None:
    for guess in release_codes(SECRET, "files-2", 1)[:3]:
        with pytest.raises(Refused):
            book.redeem(guess, NOW)
    with pytest.raises(Refused, match=f"wait {LONGEST_WAIT:.0f} s"):
        book.redeem(PRINTED[0], NOW - 10 * 365 * 86_400)


def test_the_machine_keeps_no_code_and_no_secret(written: bytes) -> None:
    assert SECRET.hex().encode() not in written
    assert not any(code.encode() in written or code.replace("-", "").encode() in written for code in PRINTED)


def test_a_new_generation_voids_the_sheet_before(book: CodeBook) -> None:
    book.write(SECRET, "files-1", 2)
    with pytest.raises(Refused, match="not one of"):
        book.redeem(PRINTED[0], NOW)
    assert book.redeem(release_codes(SECRET, "files-1", 2)[0], NOW) == CODES - 1


def test_a_machine_without_codes_and_a_damaged_file(tmp_path: Path, book: CodeBook) -> None:
    with pytest.raises(NotFound, match="no release codes"):
        CodeBook(tmp_path / "none.json").redeem(PRINTED[0], NOW)
    (tmp_path / "release.json").write_bytes(b"{}")
    with pytest.raises(StateDamaged):
        book.redeem(PRINTED[0], NOW)
