"""Tokens: what a person pastes is read, whatever a mail programme did to it, and the secret is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import UsageError
from garde.trust.enrolment import Token, qr_svg, qr_text, split_address, token_hash

PIN = "0f" * 32
MACHINES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", fullmatch=True)
HOSTS = st.one_of(
    st.ip_addresses().map(str), st.just("hub.clinic.example"), st.just("1.2.3.4"), st.just("ab" * 31 + "x.example")
)


@given(HOSTS, st.integers(1, 65535), MACHINES)
def test_what_was_made_is_read(host: str, port: int, machine: str) -> None:
    token = Token.new(host, port, PIN, machine)
    assert Token.parse(str(token)) == token


@given(HOSTS, MACHINES)
def test_two_are_never_the_same_and_the_hash_is_of_the_secret(host: str, machine: str) -> None:
    one, two = Token.new(host, 8443, PIN, machine), Token.new(host, 8443, PIN, machine)
    assert one.hash != two.hash
    assert one.hash == token_hash(one.secret)
    assert one.secret not in repr(one)


def test_a_machine_that_looks_like_a_pin_confuses_nobody() -> None:
    token = Token.new("hub", 1, PIN, "ab" * 32)
    assert Token.parse(str(token)).machine == "ab" * 32


def test_broken_lines_and_spaces_do_not_matter() -> None:
    token = Token.new("fd00::5", 8443, PIN, "files-1")
    text = str(token)
    assert Token.parse(f"  {text[:40]}\n  {text[40:]}\r\n") == token
    assert text.startswith("garde1.[fd00::5]:8443.")


@given(st.text(max_size=200))
def test_anything_else_is_no_token(text: str) -> None:
    with pytest.raises(UsageError):
        Token.parse(text)


@pytest.mark.parametrize(
    "change", [("8443", "0"), ("8443", "70000"), (PIN, PIN[:-1]), ("garde1", "garde2"), ("files-1", "-x")]
)
def test_a_changed_one_is_none(change: tuple[str, str]) -> None:
    text = str(Token.new("hub", 8443, PIN, "files-1"))
    with pytest.raises(UsageError) as caught:
        Token.parse(text.replace(*change))
    assert text[-32:] not in str(caught.value)


@pytest.mark.parametrize(("host", "machine"), [("", "x"), ("hub/", "x"), ("hub", "../x"), ("hub", ""), ("a b", "x")])
def test_what_can_not_stand_in_a_token_is_said_when_it_is_made(host: str, machine: str) -> None:
    with pytest.raises(UsageError):
        Token.new(host, 8443, PIN, machine)


def test_addresses() -> None:
    assert split_address("10.0.0.5:8443") == ("10.0.0.5", 8443)
    assert split_address("[fd00::5]:1") == ("fd00::5", 1)
    for wrong in ("hub", "hub:", ":1", "hub:x", "hub:0", "hub:70000", "[]:1", "hub:١"):
        with pytest.raises(UsageError):
            split_address(wrong)


def test_a_qr_code_for_the_screen_and_for_paper() -> None:
    text = str(Token.new("hub.clinic.example", 8443, PIN, "files-1"))
    assert len(qr_text(text).splitlines()) > 20
    svg = qr_svg(text)
    assert svg.startswith("<svg")
    assert "files-1" not in svg
