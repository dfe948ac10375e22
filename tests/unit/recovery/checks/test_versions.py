"""Debian versions: in the order that dpkg itself gives them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.recovery.checks.versions import is_newer

PART = st.text("0123456789abz.+~", min_size=1, max_size=6)
VERSION = st.builds(
    lambda epoch, first, rest, revision: f"{epoch}{first}{rest}{revision}",
    st.sampled_from(["", "0:", "1:", "12:"]),
    st.sampled_from("0123456789"),
    st.one_of(st.just(""), PART, st.builds("{}-{}".format, PART, PART)),
    st.one_of(st.just(""), st.builds("-{}".format, PART)),
)


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("1.0", "1.0~rc1"), ("1.0-1+deb12u1", "1.0-1"), ("1:0.1", "9.9"), ("1.10", "1.9"), ("1.0+b1", "1.0"),
        ("2.36-9+deb12u13", "2.36-9+deb12u9"), ("1.0~~", "1.0~~a~"), ("1.0a", "1.0"), ("1.0-1.1", "1.0-1"),
    ],
)  # fmt: skip
def test_the_newer_one_comes_after(newer: str, older: str) -> None:
    if (newer, older) == ("1.0~~", "1.0~~a~"):
        newer, older = older, newer
    assert is_newer(newer, older)
    assert not is_newer(older, newer)


def test_a_version_is_not_newer_than_itself() -> None:
    assert not is_newer("1.2-3", "1.2-3")
    assert not is_newer("0:1.2", "1.2")


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
@settings(max_examples=150)
@given(VERSION, VERSION)
def test_dpkg_says_the_same(one: str, other: str) -> None:
    code = subprocess.run(["dpkg", "--compare-versions", one, "gt", other], check=False, capture_output=True).returncode
    assert is_newer(one, other) == (code == 0)


@given(st.text(max_size=12), st.text(max_size=12))
def test_what_is_no_version_is_ordered_somehow(one: str, other: str) -> None:
    assert not (is_newer(one, other) and is_newer(other, one))
