"""A checkpoint as it is signed and as it is written down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.journal import checkpoint as cp
from garde.trust.keys import SigningKey

KEY = SigningKey.generate()
MADE = cp.make("ab" * 32, 12, b"\x01" * 32, 1_700_000_000.123456, KEY.sign)


def _check(message: bytes, signature: bytes) -> bool:
    return KEY.public.verify(signature, message)


def test_what_is_signed_is_all_of_it() -> None:
    assert cp.signed_bytes(MADE).decode() == (
        f'["garde-checkpoint",1,"{"ab" * 32}",12,"{"01" * 32}","2023-11-14T22:13:20.123456Z"]'
    )
    assert cp.is_signed(MADE, _check)
    for other in (
        replace(MADE, size=13),
        replace(MADE, root="02" * 32),
        replace(MADE, at=MADE.at + 1),
        replace(MADE, journal="cd" * 32),
        replace(MADE, signature=""),
        replace(MADE, signature="00" * 64),
    ):
        assert not cp.is_signed(other, _check)


def test_a_checkpoint_comes_back_from_its_line() -> None:
    assert cp.decode(cp.encode(MADE)) == MADE
    assert b"\n" not in cp.encode(MADE)


@pytest.mark.parametrize(
    "change",
    [
        b"", b"{}", b"null", (b'"checkpoint"', b'"entry"'), (b"12", b"-1"), (b"12", b'"12"'), (b"0101", b"01"),
        (b"abab", b"zzzz"), (b"abab", b"ABAB"), (b"2023-11-14T", b"yesterday "),
    ],
)  # fmt: skip
def test_lines_that_are_no_checkpoint_are_refused(change: bytes | tuple[bytes, bytes]) -> None:
    raw = change if isinstance(change, bytes) else cp.encode(MADE).replace(*change, 1)
    with pytest.raises(ValueError):
        cp.decode(raw)


@given(st.binary(max_size=300))
def test_bytes_give_a_checkpoint_or_a_value_error(raw: bytes) -> None:
    try:
        found = cp.decode(raw)
    except ValueError:
        return
    assert cp.decode(cp.encode(found)) == found
