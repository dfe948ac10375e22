"""Hostile text is made safe, and told apart from what it imitates."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.journal.text import Text, plain


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plan.docx", "plan.docx"),
        ("compte-rendu été.pdf".encode(), "compte-rendu été.pdf"),
        (b"a\nb\tc\rd", "a\\nb\\tc\\rd"),
        (b"\x1b]0;owned\x07x", "\\x1b]0;owned\\x07x"),
        (b"\x9b31m", "\\x9b31m"),  # a lone byte that old terminals take for an escape
        ("\u202efdp.exe".encode(), "\\u{202e}fdp.exe"),
        ("a\u200bb\u2028c".encode(), "a\\u{200b}b\\u{2028}c"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (rb"C:\n", r"C:\\n"),  # a backslash that was there is not taken for one of ours
    ],
)
def test_hostile_characters_are_escaped(raw: bytes, shown: str) -> None:
    assert plain(raw) == shown


def test_a_long_text_is_cut_in_the_middle_and_keeps_both_ends() -> None:
    shown = plain(b"/srv/" + b"x" * 5000 + b"/end.docx", limit=40)
    assert len(shown) == 39
    assert shown.startswith("/srv/x")
    assert shown.endswith("x/end.docx")
    assert "…" in shown


@given(st.binary(max_size=200))
def test_nothing_shown_can_steer_a_terminal(raw: bytes) -> None:
    shown = plain(raw)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    shown.encode("utf-8")


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_two_different_names_never_look_the_same(one: bytes, other: bytes) -> None:
    assert (plain(one) == plain(other)) == (one == other)


def test_text_compares_by_its_words_and_by_its_reference_once_they_are_gone() -> None:
    assert Text("é") == Text("é".encode()) != Text(b"e")
    assert Text(None, "aa") == Text(None, "aa") != Text(None, "bb")
    assert Text("x", "aa") == Text("x")
    assert len({Text("x"), Text(b"x"), Text(None, "aa")}) == 2
    assert Text(None, "aa").shown() == "[erased]"
    assert not Text("")
    assert Text(None, "aa")


def test_names_with_lone_bytes_survive_as_text() -> None:
    assert Text("caf\udce9").value == b"caf\xe9"
