"""Every kind can be written, read back and is frozen."""

from __future__ import annotations

import dataclasses

import pytest
from journal_samples import SAMPLES

from garde.journal import SqliteStore
from garde.journal.kinds import KINDS, NAMES, Foreign
from garde.journal.payload import Payload


def test_there_is_a_sample_of_every_kind() -> None:
    assert {name: type(sample) for name, sample in SAMPLES.items()} == KINDS
    assert len(NAMES) == len(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_comes_back_as_it_was_written(name: str, journal: SqliteStore) -> None:
    journal.append(SAMPLES[name])
    (entry,) = journal.entries()
    assert entry.kind == name
    assert entry.payload == SAMPLES[name]


@pytest.mark.parametrize("kind", [*KINDS.values(), Foreign])
def test_kinds_are_frozen_and_slotted(kind: type[Payload]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(kind, "__dict__") or "__dict__" not in kind.__slots__
    assert kind.__doc__
