"""The loader's cache: the libraries that ldconfig itself prints, and nothing that breaks on garbage."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from bench.backdoor_plants import loader_cache
from hypothesis import given
from hypothesis import strategies as st

from garde.recovery.checks.loader_cache import libraries

CACHE = Path("/etc/ld.so.cache")
LDCONFIG = shutil.which("ldconfig") or shutil.which("/sbin/ldconfig")


@pytest.mark.skipif(not (CACHE.exists() and LDCONFIG), reason="needs ldconfig and its cache")
def test_it_names_what_ldconfig_prints() -> None:
    shown = subprocess.run([str(LDCONFIG), "-p"], check=True, capture_output=True).stdout.splitlines()
    assert libraries(CACHE.read_bytes()) == {line.split(b" => ")[1] for line in shown if b" => " in line}


def test_an_older_form_may_stand_before_it() -> None:
    old = b"ld.so-1.7.0\0" + (1).to_bytes(4, "little") + bytes(16)
    assert libraries(old + loader_cache("/usr/lib/libx.so.1")) == {b"/usr/lib/libx.so.1"}


@given(st.binary(max_size=200), st.integers(0, 120))
def test_garbage_is_no_cache(data: bytes, cut: int) -> None:
    for each in (data, loader_cache("/usr/lib/libx.so.1")[:cut], b"glibc-ld.so.cache1.1" + data):
        with contextlib.suppress(ValueError):
            libraries(each)
