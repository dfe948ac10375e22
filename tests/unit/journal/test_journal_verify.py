"""Whatever is done to the chain behind its back is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from journal_samples import SAMPLES

from garde.journal import Head, SqliteStore
from garde.journal.entry import Row, hash_of


@pytest.fixture
def full(journal: SqliteStore) -> Iterator[SqliteStore]:
    for sample in SAMPLES.values():
        journal.append(sample)
    yield journal


@pytest.mark.parametrize(
    ("damage", "seq"),
    [
        ("update entries set payload = replace(payload, '2.5', '0.1') where kind = 'lagging'", 7),
        ("update entries set at = '2020-01-01T00:00:00.000000Z' where seq = 3", 3),
        ("update entries set who = 'operator' where seq = 3", 3),
        ("update entries set kind = 'lagging' where seq = 2", 2),
        ("delete from entries where seq = 5", 6),
        ("delete from entries where seq = 1", 2),
        ("delete from entries where seq > 19", 20),
        ("update entries set seq = seq + 1000 where seq = 21", 22),
        ("insert into entries select 999, at, who, kind, payload, previous, hash from entries where seq = 1", 999),
        ("update entries set hash = previous, previous = hash where seq = 9", 9),
        ("update texts set value = x'00' where value is not null", 0),
        ("update texts set salt = null where value is not null", 0),
    ],
)
def test_an_edit_is_found_where_it_was_made(full: SqliteStore, damage: str, seq: int) -> None:
    _do(full, damage)
    assert next(full.verify()).seq == seq


def test_two_entries_that_changed_places_are_found(full: SqliteStore) -> None:
    _do(full, "update entries set seq = 1000 where seq = 4")
    _do(full, "update entries set seq = 4 where seq = 5")
    _do(full, "update entries set seq = 5 where seq = 1000")
    assert {fault.seq for fault in full.verify()} >= {4, 5}


def test_words_taken_out_without_an_erasure_are_found(full: SqliteStore) -> None:
    _do(full, "delete from texts")
    assert any("were removed" in fault.what for fault in full.verify())


def test_an_entry_rewritten_with_its_own_hash_breaks_the_next_one(full: SqliteStore) -> None:
    db = sqlite3.connect(full.path)
    row = Row(*db.execute("select seq, at, who, kind, payload, previous from entries where seq = 7").fetchone())
    forged = row._replace(payload=row.payload.replace("2.5", "0.1"))
    db.execute("update entries set payload = ?, hash = ? where seq = 7", (forged.payload, hash_of(forged)))
    db.commit()
    db.close()
    assert [fault.seq for fault in full.verify()] == [8]


def test_a_chain_rewritten_to_its_end_is_found_against_a_head_noted_elsewhere(full: SqliteStore) -> None:
    noted = full.head()
    assert list(full.verify(noted)) == []
    _forge_from(full, 7)
    assert list(full.verify()) == []  # nothing inside the file can tell
    assert [fault.seq for fault in full.verify(noted)] == [noted.seq]


def test_an_older_head_noted_elsewhere_is_still_part_of_the_chain(full: SqliteStore) -> None:
    for entry in list(full.entries())[::7]:
        assert list(full.verify(Head(entry.seq, entry.hash))) == []


def test_the_identity_of_the_journal_stands_in_its_first_entry(full: SqliteStore) -> None:
    _do(full, "update meta set value = x'00112233445566778899aabbccddeeff' where name = 'identity'")
    full.close()
    with SqliteStore(full.path) as other:
        assert next(other.verify()).seq == 1


def _do(journal: SqliteStore, sql: str) -> None:
    db = sqlite3.connect(journal.path)
    assert db.execute(sql).rowcount > 0  # a damage that changed nothing would prove nothing
    db.commit()
    db.close()


def _forge_from(journal: SqliteStore, seq: int) -> None:
    db = sqlite3.connect(journal.path)
    previous = db.execute("select previous from entries where seq = ?", (seq,)).fetchone()[0]
    sql = "select seq, at, who, kind, payload, previous from entries where seq >= ? order by seq"
    last = seq
    for row in db.execute(sql, (seq,)).fetchall():
        forged = Row(*row)._replace(previous=previous, who="nobody")
        digest = hash_of(forged)
        db.execute(
            "update entries set who = 'nobody', previous = ?, hash = ? where seq = ?", (previous, digest, forged.seq)
        )
        previous, last = digest, forged.seq
    db.execute("update meta set value = ? where name = 'head'", (f"{last}:{previous}".encode(),))
    db.commit()
    db.close()
