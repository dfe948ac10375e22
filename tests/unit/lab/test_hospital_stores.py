"""What the lab's agents are told of its backups, as they read it; what restic is not to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.lab.hospital import database, stores
from garde.lab.hospital.plan import GATEWAY, RECORD, SHARES, Plan
from garde.recovery.points.config import read_stores

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(database, "find_programs", lambda: PROGRAMS)
    plan = Plan("x", 7, tmp_path)
    for machine in (*SHARES, RECORD, GATEWAY):
        plan.agent_state(machine).mkdir(parents=True)
    for machine in (*SHARES, RECORD):
        stores.home(plan, machine).mkdir(parents=True)
    return plan


@pytest.mark.parametrize("machine", SHARES)
def test_a_file_servers_agent_puts_the_archive_in_place_from_its_repository(plan: Plan, machine: str) -> None:
    stores.note(plan, machine)
    (found,) = read_stores(plan.agent_state(machine))
    assert (found.id, found.sort, found.covers) == (f"{machine}-files", "restic", machine)
    assert found.paths == (str(plan.archive(machine)),)
    assert stores.covered(plan, machine) == (plan.share(machine), plan.archive(machine))


def test_the_records_agent_knows_of_its_files_and_its_database(plan: Plan) -> None:
    stores.note(plan, RECORD)
    files, base = read_stores(plan.agent_state(RECORD))
    assert (files.sort, base.sort, base.id) == ("restic", "postgres", "record-database")
    assert base.pairs() == ((str(database.data_of(plan)),) * 2,)
    assert (base.options["role"], base.options["wal"]) == ("record", str(stores.archive(plan)))
    assert base.stop[-1] == "stop" and base.start[-1] == "start" and base.checks == stores.CHECKS


def test_who_has_no_backups_is_told_of_none(plan: Plan) -> None:
    stores.note(plan, GATEWAY)
    stores.home(plan, "files-admin").rmdir()
    stores.note(plan, "files-admin")
    assert read_stores(plan.agent_state(GATEWAY)) == read_stores(plan.agent_state("files-admin")) == ()


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("plain.csv", "plain.csv"),
        ("a [copy].csv", "a \\[copy].csv"),
        ("what?*.txt", "what\\?\\*.txt"),
        ("back\\slash", "back\\\\slash"),
    ],
)
def test_a_name_is_a_pattern_of_itself_alone(name: str, pattern: str) -> None:
    assert stores._literal(Path(name)) == pattern
