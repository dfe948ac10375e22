"""An export is the journal: what shows in one shows in the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_samples import SAMPLES

from garde.errors import UsageError
from garde.journal import Fault, Head, SqliteStore
from garde.journal.checkpoint import Checkpoint
from garde.journal.export import Counts, Export, ExportRecord
from garde.journal.kinds import Lagging
from garde.journal.verify import faults
from garde.trust.keys import SigningKey

KEY = SigningKey.generate()
LAST = len(SAMPLES) + 1100  # entries of the journal that is exported

END = len(SAMPLES) + 1100  # entries of the exported journal


@dataclass(slots=True)
class Exported:
    """An export's lines, by what they are."""

    lines: list[bytes]
    noted: Checkpoint
    head: Head

    def at(self, line: str, number: int = 0) -> int:
        """Return where the n-th line of this sort stands."""
        return [at for at, raw in enumerate(self.lines) if raw.startswith(f'{{"line":"{line}"'.encode())][number]


@pytest.fixture
def exported(journal: SqliteStore) -> Exported:
    for sample in SAMPLES.values():
        journal.append(sample)
    journal.checkpoint(KEY.sign)
    journal.append_all((Lagging(1.0, n), None) for n in range(1100))
    noted = journal.checkpoint(KEY.sign)
    with journal.reading() as view:
        export = Export(view, journal.keys, 1_700_000_000.0, words=True)
        lines = list(export)
    texts = sum(raw.startswith(b'{"line":"text"') for raw in lines)
    head = journal.head()
    assert export.counts == Counts(len(SAMPLES) + 1100, f"{head.seq}:{head.hash}", 2, texts)
    assert texts > 10
    return Exported(lines, noted, head)


def _check(message: bytes, signature: bytes) -> bool:
    return KEY.public.verify(signature, message)


def _faults(lines: Iterable[bytes], *noted: Checkpoint, head: Head | None = None) -> list[Fault]:
    return list(faults(ExportRecord(lines), expected=head, noted=noted, check=_check))


def test_a_whole_export_holds(exported: Exported) -> None:
    record = ExportRecord(exported.lines)
    assert list(faults(record, expected=exported.head, noted=[exported.noted], check=_check)) == []
    assert (record.last, record.signed) == (exported.head, 2)


def test_without_words_it_holds_no_name_and_no_key(journal: SqliteStore, exported: Exported) -> None:
    with journal.reading() as view:
        lines = list(Export(view, journal.keys, 0.0, words=False))
    raw = b"".join(lines)
    for private in (b"disk full", b"carla", b"python3", journal.keys.key.hex().encode()):
        assert private not in raw
        assert private in b"".join(exported.lines)
    assert _faults(lines, exported.noted) == []


def test_an_empty_journal_can_be_exported(journal: SqliteStore) -> None:
    with journal.reading() as view:
        lines = list(Export(view, journal.keys, 0.0, words=True))
    assert _faults(lines) == []


@pytest.mark.parametrize(
    ("line", "number", "edit", "seq"),
    [
        ("entry", 6, (b"2.5", b"0.1"), 7),
        ("entry", 6, (b'"agent"', b'"nobody"'), 7),
        ("entry", 6, None, 8),  # taken out
        ("checkpoint", 1, (b'"size":%d' % LAST, b'"size":%d' % (LAST - 5)), LAST - 5),
        ("text", 3, (b'"words":"', b'"words":"x'), 0),
        ("text", 3, (b'"salt":"', b'"salt":"00'), 0),
        ("key", 0, (b'"key":"', b'"key":"00'), 0),
        ("key", 0, None, 0),
        ("end", 0, None, LAST + 1),
        ("end", 0, (b"%d:" % LAST, b"%d:" % (LAST - 1)), LAST + 1),
        ("journal", 0, (b'"identity":"', b'"identity":"00'), 1),
    ],
)
def test_an_edit_shows_where_it_was_made(
    exported: Exported, line: str, number: int, edit: tuple[bytes, bytes] | None, seq: int
) -> None:
    at = exported.at(line, number)
    raw = exported.lines.pop(at)
    if edit is not None:
        changed = raw.replace(*edit)
        assert changed != raw
        exported.lines.insert(at, changed)
    found = _faults(exported.lines)
    assert found
    assert found[0].seq == seq


def test_a_cut_off_end_shows(exported: Exported) -> None:
    kept = exported.lines[: exported.at("entry", 900)]
    assert {fault.seq for fault in _faults(kept)} == {901}
    whole = [*kept, b'{"line":"end","head":"900:%s"}' % _hash(kept[-1])]
    assert [fault.seq for fault in _faults(whole)] == [901]  # the checkpoint kept with it tells
    without = [raw for raw in whole if b'"size":%d' % LAST not in raw]
    assert _faults(without) == []  # nothing inside can tell
    assert [fault.seq for fault in _faults(without, exported.noted)] == [901]
    assert exported.head.seq in [fault.seq for fault in _faults(without, head=exported.head)]


def _hash(line: bytes) -> bytes:
    return line.rpartition(b'"hash":"')[2].partition(b'"')[0]


def test_lines_out_of_order_show(exported: Exported) -> None:
    exported.lines.insert(-1, exported.lines[exported.at("entry", 4)])
    assert [fault.what for fault in _faults(exported.lines)] == [
        "entries at the end were cut off, or added past the journal"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b""],
        [b"not json\n"],
        [b'{"line":"end","head":"0:x"}\n'],
        [b'{"line":"journal","format":9,"identity":"","at":"","entries":0,"words":false}'],
        [b'{"line":"journal","format":1,"identity":"","at":"","entries":0,"words":false}', b'{"line":"entry"}'],
        [b'{"line":"journal","format":1,"identity":"","at":"","entries":0,"words":false}', b"[" * 100_000],
    ],
)
def test_what_is_no_export_is_said_to_be_none(lines: list[bytes]) -> None:
    with pytest.raises(UsageError):
        _faults(lines)


@given(st.data())
def test_any_change_of_any_line_shows_or_is_no_export(data: st.DataObject) -> None:
    lines = list(SMALL)
    at = data.draw(st.integers(1, len(lines) - 1))
    where = data.draw(st.integers(0, len(lines[at]) - 2))
    byte = data.draw(st.integers(0, 255))
    changed = lines[at][:where] + bytes([byte]) + lines[at][where + 1 :]
    if _same(changed, lines[at]):
        return
    lines[at] = changed
    try:
        assert _faults(lines)
    except UsageError:
        pass


def _same(one: bytes, other: bytes) -> bool:
    """Say whether two lines are the same JSON, written otherwise."""
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except ValueError:
        return False


def _small() -> list[bytes]:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "j.db") as journal:
        journal.append(SAMPLES["error_seen"])
        journal.append(SAMPLES["cut_decided"])
        journal.checkpoint(KEY.sign)
        with journal.reading() as view:
            return list(Export(view, journal.keys, 0.0, words=True))


SMALL = _small()
