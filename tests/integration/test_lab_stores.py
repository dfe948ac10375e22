"""The lab's backups as the agents find them: real, older than the night, deletable until they are frozen.

One lab without Garde in it; the adapters are opened as an agent opens them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.clock import SystemClock
from garde.lab.hospital import database, needs, stores
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import RECORD, SHARES
from garde.lab.night.outside import wait_until
from garde.recovery.points.base import Store
from garde.recovery.points.moment import before_harm
from garde.recovery.points.table import open_stores

_WHY_NOT = needs.missing()
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]
HOUR = 3600.0


@pytest.fixture(scope="module")
def lab() -> Iterator[Hospital]:
    with Hospital("test-stores", guarded=False, documents=30, backups=True) as made:
        for machine in (*SHARES, RECORD):
            made.plan.agent_state(machine).mkdir(mode=0o700)
            stores.note(made.plan, machine)
        yield made


def opened(lab: Hospital, machine: str) -> dict[str, Store]:
    found = open_stores(lab.plan.agent_state(machine), SystemClock())
    return {each.settings.id: each for each in found}


def test_a_file_servers_snapshots_are_older_than_the_night_and_hold_its_files(lab: Hospital) -> None:
    store = opened(lab, "files-wards")["files-wards-files"]
    points = store.points()
    ages = [(time.time() - point.taken_at) / HOUR for point in points]
    assert [round(age) for age in ages] == [25, 5, 1]
    counts = [store.count(point)[0] for point in points]
    assert counts == [len(lab.archives["files-wards"]) - missing for missing in (8, 3, 0)]


def test_whoever_has_the_backups_account_can_delete_them_until_they_are_frozen(lab: Hospital) -> None:
    known = {name: store for machine in (*SHARES, RECORD) for name, store in opened(lab, machine).items()}
    folders = list(stores.held(lab.plan))
    assert {each.store for each in folders} == set(known)
    for each in folders:
        assert _could_remove(each) == ""
    for store in known.values():
        store.freeze()
        assert store.prove_frozen().proven
    for each in folders:
        assert "not permitted" in _could_remove(each).lower()
    for store in known.values():
        store.thaw()


def _could_remove(held: stores.Held) -> str:
    """Try, as the account, to move one of them away and back; why not, or "".  A child: nobody else's rights change."""
    victim = next(path for path in sorted(held.root.rglob("*")) if path.is_file())
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        why = ""
        try:
            os.setgroups([])
            os.setresuid(held.uid, held.uid, held.uid)
            victim.rename(victim.with_suffix(".gone"))
            victim.with_suffix(".gone").rename(victim)
        except OSError as error:
            why = error.strerror or "?"
        os.write(writer, why.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        return said.read()


def test_the_record_comes_back_as_it_was_a_moment_before_the_harm(lab: Hospital) -> None:
    ask = lambda sql: database.ask(lab.programs, lab.plan, sql)  # noqa: E731
    ask("INSERT INTO note (patient, text) VALUES (7, 'the last honest note');")
    time.sleep(0.05)
    since = time.time() + 1.0
    time.sleep(0.05)
    ask("DELETE FROM note WHERE patient <= 100; UPDATE patient SET family = md5(family) WHERE id <= 100;")
    archived = ask("INSERT INTO note (patient, text) VALUES (200, 'later'); SELECT pg_walfile_name(pg_switch_wal());")
    wait_until((stores.archive(lab.plan) / archived[-1][0]).exists, 20)
    store = opened(lab, RECORD)["record-database"]
    point = before_harm(store.points(), since)
    assert point is not None
    store.restore(point, store.scratch(point))
    assert store.verify(point, store.scratch(point)).whole
    placed = store.place(point, store.scratch(point))
    assert Path(os.fsdecode(placed.evidence)).is_dir()
    assert ask("SELECT text FROM note ORDER BY id DESC LIMIT 1;") == [["the last honest note"]]
    assert ask("SELECT count(*) FROM patient WHERE family !~ '^TEST-';") == [["0"]]
    named = {tuple(row) for row in ask("SELECT file, sha256 FROM document;")}
    assert named == {(os.fsdecode(each.path), each.sha256) for each in lab.letters} and named
