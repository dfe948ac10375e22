"""The chain in SQLite: order, private texts, several writers, being killed, a disk that refuses."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from journal_samples import FILE, HOSTILE, PROCESS, SAMPLES

from garde.clock import VirtualClock
from garde.errors import NotFound, StateDamaged
from garde.journal import Head, SqliteStore, Text, journal_file, open_journal
from garde.journal.kinds import AgentStopped, ErrorSeen, FindingMade, Foreign, Lagging, TextsErased


def test_entries_follow_each_other(journal: SqliteStore, clock: VirtualClock) -> None:
    first = journal.append(Lagging(1.0, 2))
    clock.advance(0.25)
    second = journal.append(AgentStopped("asked to stop"))
    assert (first.seq, second.seq) == (1, 2)
    assert second.previous == first.hash
    assert second.at - first.at == pytest.approx(0.25)
    assert list(journal.entries()) == [first, second]
    assert journal.head() == Head(2, second.hash)
    assert list(journal.verify()) == []


def test_an_empty_journal_is_whole(journal: SqliteStore) -> None:
    assert journal.head().seq == 0
    assert list(journal.entries()) == []
    assert list(journal.verify()) == []


def test_the_time_can_be_that_of_the_event(journal: SqliteStore) -> None:
    assert journal.append(Lagging(0.0, 0), at=1_650_000_000.123456).at == 1_650_000_000.123456


def test_the_tail_and_single_kinds_can_be_read(journal: SqliteStore) -> None:
    journal.append_all((Lagging(float(n), n), None) for n in range(2500))  # more than two pages
    journal.append(AgentStopped("x"))
    assert [entry.seq for entry in journal.entries(after=2499)] == [2500, 2501]
    assert [entry.seq for entry in journal.entries(kinds=["agent_stopped"])] == [2501]
    assert sum(1 for _ in journal.entries(kinds=["lagging", "agent_stopped"])) == 2501


def test_several_entries_are_written_all_or_none(journal: SqliteStore) -> None:
    def broken() -> object:
        yield Lagging(1.0, 1), None
        raise RuntimeError

    with pytest.raises(RuntimeError):
        journal.append_all(broken())  # type: ignore[arg-type]
    assert journal.head().seq == 0
    assert journal.append(Lagging(1.0, 1)).seq == 1


def test_the_chain_holds_no_path_and_no_name(journal: SqliteStore) -> None:
    for sample in SAMPLES.values():
        journal.append(sample)
    rows = sqlite3.connect(journal.path).execute("select payload from entries").fetchall()
    stored = "".join(payload for (payload,) in rows)
    for private in ("plan.docx", "carla", "python3", "disk full", "uniformly random"):
        assert private not in stored


def test_equal_words_have_one_reference_and_it_differs_between_journals(tmp_path: Path) -> None:
    refs = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with open_journal(tmp_path / name) as journal:
            journal.append(FindingMade(FILE, PROCESS))
            journal.append(FindingMade(FILE, PROCESS))
            found = [entry.payload.file.path for entry in journal.entries() if isinstance(entry.payload, FindingMade)]
        assert found[0].value == HOSTILE
        assert found[0].ref == found[1].ref
        refs.append(found[0].ref)
    assert refs[0] != refs[1]


def test_erased_words_are_gone_and_the_chain_still_holds(journal: SqliteStore) -> None:
    journal.append(FindingMade(FILE, PROCESS))
    (entry,) = journal.entries()
    assert isinstance(entry.payload, FindingMade)
    ref = entry.payload.file.path.ref
    assert journal.erase([ref, "0" * 32], "request of a patient") == 1
    assert journal.erase([ref], "again") == 0
    read, said = journal.entries()
    assert isinstance(read.payload, FindingMade)
    assert read.payload.file.path == Text(None, ref)
    assert said.payload == TextsErased(1, "request of a patient")
    assert list(journal.verify()) == []
    journal.close()
    raw = sqlite3.connect(journal.path).execute("select * from texts where ref = ?", (ref,)).fetchone()
    assert raw == (ref, None, None, None)


def test_an_erased_entry_can_be_written_on_and_new_words_get_a_new_reference(journal: SqliteStore) -> None:
    journal.append(FindingMade(FILE, PROCESS))
    (entry,) = journal.entries()
    assert isinstance(entry.payload, FindingMade)
    journal.erase([entry.payload.file.path.ref], "x")
    journal.append(FindingMade(FILE, PROCESS))
    last = list(journal.entries())[-1].payload
    assert isinstance(last, FindingMade)
    assert last.file.path.value == HOSTILE
    assert last.file.path.ref != entry.payload.file.path.ref


def test_two_writers_share_one_chain(tmp_path: Path) -> None:
    with open_journal(tmp_path) as one, open_journal(tmp_path, who="operator") as other:
        for n in range(20):
            (one if n % 2 else other).append(Lagging(1.0, n))
        assert [entry.who for entry in one.entries()][:2] == ["operator", "agent"]
        assert list(one.verify()) == []
        assert one.head() == other.head() == Head(20, other.head().hash)


def test_threads_may_share_a_store(journal: SqliteStore) -> None:
    def write() -> None:
        for n in range(50):
            journal.append(FindingMade(FILE, PROCESS, str(n)))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.head().seq == 200
    assert list(journal.verify()) == []


def test_entries_survive_kill_9(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from garde.journal import open_journal\n"
        "from garde.journal.kinds import Lagging\n"
        "journal = open_journal(pathlib.Path(sys.argv[1]))\n"
        "for n in range(100000):\n"
        "    journal.append(Lagging(1.0, n)); print(n, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, env=_environment())
    assert child.stdout is not None
    for raw in child.stdout:
        if int(raw) >= 200:
            child.send_signal(signal.SIGKILL)
            break
    said = [int(raw) for raw in child.stdout if raw.endswith(b"\n")]
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    with open_journal(tmp_path) as journal:
        assert list(journal.verify()) == []
        assert journal.head().seq >= max([200, *said]) + 1  # whatever was said to be written is there
        journal.append(Lagging(0.0, 0))
        assert list(journal.verify()) == []


def test_a_kind_of_a_newer_version_is_kept_and_still_verifies(journal: SqliteStore) -> None:
    journal.append(Lagging(1.0, 1))
    _rewrite_as(journal, kind="ward_packed")
    (entry,) = journal.entries()
    assert isinstance(entry.payload, Foreign)
    assert '"waiting":1' in entry.payload.json


def test_the_file_is_for_its_owner_only(journal: SqliteStore) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_reading_does_not_make_a_journal(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_journal(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_what_a_writer_adds_and_cannot_write(tmp_path: Path) -> None:
    with open_journal(tmp_path) as writer, open_journal(tmp_path, read_only=True) as reader:
        writer.append(Lagging(1.0, 1))
        assert [entry.seq for entry in reader.entries()] == [1]
        writer.append(Lagging(1.0, 2))
        assert [entry.seq for entry in reader.entries(after=1)] == [2]
        with pytest.raises(OSError, match="readonly"):
            reader.append(Lagging(1.0, 3))


@pytest.mark.parametrize("content", [b"not a database at all" * 400, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    journal_file(tmp_path).write_bytes(content)
    with pytest.raises(StateDamaged):
        open_journal(tmp_path)


def test_an_entry_that_cannot_be_read_is_said_to_be_damaged(journal: SqliteStore) -> None:
    journal.append(Lagging(1.0, 1))
    db = sqlite3.connect(journal.path)
    db.execute('update entries set payload = \'{"seconds": "soon"}\'')
    db.commit()
    db.close()
    with pytest.raises(StateDamaged):
        list(journal.entries())


def test_a_full_disk_is_an_oserror_and_the_chain_stays_whole(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(Lagging(1.0, 1))
        journal._backend.db.execute("pragma max_page_count = 1")  # SQLite's own way to be full
        with pytest.raises(OSError, match="full"):
            journal.append_all((FindingMade(FILE, PROCESS, str(n)), None) for n in range(500))
        journal._backend.db.execute("pragma max_page_count = 1000000")
        assert journal.head().seq == 1
        journal.append(Lagging(1.0, 2))
        assert list(journal.verify()) == []


def test_a_journal_of_the_first_version_is_read_as_it_is_and_brought_up_to_date(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(FindingMade(FILE, PROCESS))
    db = sqlite3.connect(journal_file(tmp_path))
    for made_since in ("table cursors", "table checkpoints", "table snapshots", "index entries_kind"):
        db.execute(f"drop {made_since}")
    db.close()
    with open_journal(tmp_path, read_only=True) as reader:
        assert (reader.cursor("x"), reader.checkpoints(), reader.snapshot_load("x")) == (0, [], None)
        assert [entry.kind for entry in reader.entries(kinds=["finding_made"])] == ["finding_made"]
        assert list(reader.verify()) == []
    with open_journal(tmp_path) as journal:
        journal.append_all([(Lagging(1.0, 1), None)], cursor=("x", 3))
        assert (journal.cursor("x"), list(journal.verify())) == (3, [])


@pytest.mark.parametrize("seed", [4, 6, 7])  # each leaves a word where the file is not written anew
def test_erased_words_are_in_no_file_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("secrets.token_bytes", random.Random(seed).randbytes)
    with open_journal(tmp_path) as journal:
        journal.append_all((ErrorSeen("a", Text(f"Carla Rossi {n}")), None) for n in range(4000))
        refs = [entry.payload.message.ref for entry in journal.entries() if isinstance(entry.payload, ErrorSeen)]
        assert any(b"Carla Rossi" in file.read_bytes() for file in tmp_path.iterdir())
        assert journal.erase(refs, "asked for") == 4000
        assert not any(b"Carla Rossi" in file.read_bytes() for file in tmp_path.iterdir())
        assert list(journal.verify()) == []


def test_a_copy_kept_as_evidence_is_read_without_touching_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(Lagging(1.0, 1))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with open_journal(tmp_path, read_only=True) as evidence:
        assert list(evidence.verify()) == []
        assert [file.name for file in tmp_path.iterdir()] == ["journal.db"]


def test_a_hub_s_journal_waits_for_the_disk(tmp_path: Path) -> None:
    for durable, level in ((True, 2), (False, 1)):  # FULL, NORMAL
        with open_journal(tmp_path, durable=durable) as journal:
            assert journal._backend.db.execute("pragma synchronous").fetchone() == (level,)


@pytest.mark.parametrize("column", ["at", "who", "kind", "payload", "previous", "hash"])
def test_bytes_that_are_no_text_are_found_and_end_no_check(journal: SqliteStore, column: str) -> None:
    journal.append_all((FindingMade(FILE, PROCESS, str(n)), None) for n in range(3))
    journal.checkpoint(lambda message: b"x")
    for damage in ("cast(x'ff' as text)", "x'00ff'"):
        db = sqlite3.connect(journal.path)
        db.execute(f"update entries set {column} = {damage} where seq = 2")
        db.commit()
        db.close()
        assert 2 in {fault.seq for fault in journal.verify()}


def _rewrite_as(journal: SqliteStore, kind: str) -> None:
    """Change the only entry's kind, hash and all, as a newer version would have written it."""
    from garde.journal.entry import Row, hash_of

    db = sqlite3.connect(journal.path)
    row = db.execute("select seq, at, who, kind, payload, previous from entries").fetchone()
    digest = hash_of(Row(*row)._replace(kind=kind))
    db.execute("update entries set kind = ?, hash = ?", (kind, digest))
    db.execute("update meta set value = ? where name = 'head'", (f"1:{digest}".encode(),))
    db.commit()
    db.close()
    assert list(journal.verify()) == []


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
