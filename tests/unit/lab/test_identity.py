"""A fresh uid for every mode."""

from __future__ import annotations

import pwd

import pytest

from garde.lab import identity


def test_it_is_nobodys_and_not_used_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "UNUSED", ((60_578, 60_581),))
    monkeypatch.setattr(identity, "_running", lambda: iter([60_578]))
    monkeypatch.setattr(identity, "_is_mapped", lambda *_: True)
    assert identity.unused_uid({60_579, 60_580}) == 60_581
    assert all(entry.pw_uid != 60_581 for entry in pwd.getpwall())


def test_where_none_is_mapped_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_is_mapped", lambda *_: False)
    assert identity.unused_uid(set()) is None
