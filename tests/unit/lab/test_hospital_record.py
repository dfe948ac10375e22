"""What a lab remembers of itself: enough to take it down, whoever asks and however its maker ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from garde.contain.actions import proc
from garde.errors import NotFound, NotPermitted, StateDamaged, UsageError
from garde.lab.hospital import record, remains
from garde.lab.hospital.programs import Programs
from garde.lab.hospital.record import Notes, Record


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Labs of these tests lie in a folder of the test's own."""
    place = tmp_path / "labs"
    monkeypatch.setattr(record, "PLACES", (place,))
    monkeypatch.setattr(record, "_place", lambda: place)
    return place


def reserve(name: str, *, stays: bool = True) -> Record:
    return record.reserve(name, stays=stays)


def test_a_lab_is_found_by_its_name_and_keeps_its_number() -> None:
    made = reserve("one")
    found = record.get("one")
    assert found.notes == made.notes
    assert found.plan.namespaces == made.plan.namespaces
    assert [it.notes.name for it in record.every()] == ["one"]


def test_two_labs_have_two_numbers_though_no_namespace_is_made_yet() -> None:
    assert len({reserve(f"lab-{number}").notes.number for number in range(20)}) == 20


def test_a_name_that_is_taken_or_leads_elsewhere_is_refused() -> None:
    reserve("one")
    for name in ("one", "", "../up", "a/b", "A", "-x", "x" * 33, "a\n"):
        with pytest.raises(UsageError):
            reserve(name)


def test_there_is_no_lab_of_another_name() -> None:
    with pytest.raises(NotFound):
        record.get("none")


def test_a_place_that_others_can_write_to_is_refused(places: Path) -> None:
    places.mkdir()
    places.chmod(0o777)
    with pytest.raises(NotPermitted):
        reserve("one")
    assert record.every() == []


def test_a_place_that_is_a_link_is_refused(places: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    places.symlink_to(tmp_path / "real")
    with pytest.raises(NotPermitted):
        reserve("one")


def test_a_record_that_cannot_be_read_is_said_and_not_guessed(places: Path) -> None:
    made = reserve("one")
    (made.home / "lab.json").write_bytes(b'{"name": "one"')
    with pytest.raises(StateDamaged, match=r"lab\.json"):
        record.every()


def test_programs_are_noted_and_a_line_cut_short_is_left_out() -> None:
    made = reserve("one")
    made.started("self", "hub", os.getpid())
    with (made.home / "processes").open("ab") as file:
        file.write(b'{"name": "half')
    (found,) = record.get("one").programs()
    assert found.runs and found.name == "self"
    assert not msgspec.structs.replace(found, start=found.start + 1).runs, "a pid that came to mean another"


def test_a_lab_is_abandoned_when_its_maker_is_gone_unless_it_stays() -> None:
    made = reserve("one", stays=False)
    assert not made.is_abandoned
    gone = msgspec.structs.replace(made.notes, maker_start=made.notes.maker_start + 1)
    assert Record(made.home, gone).is_abandoned
    assert not Record(made.home, msgspec.structs.replace(gone, stays=True)).is_abandoned
    assert Record(made.home, msgspec.structs.replace(gone, stays=True, boot="another")).is_abandoned


def test_a_program_that_was_started_and_never_noted_is_found_by_its_mark() -> None:
    made = reserve("one")
    environment = Programs(made).environment()
    words = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        try:
            assert [who.pid for who in remains.living(made)] == [process.pid]
        finally:
            process.kill()


def test_programs_find_this_source_and_no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARDE_SETTINGS", "/etc/garde/of-this-machine.toml")
    monkeypatch.setenv("PYTHONPATH", "/more")
    made = reserve("one")
    environment = Programs(made).environment({"X": "1"})
    assert "GARDE_SETTINGS" not in environment and environment["X"] == "1"
    source, more = environment["PYTHONPATH"].split(os.pathsep)
    assert (Path(source) / "garde" / "lab").is_dir() and more == "/more"


def test_taking_down_what_was_only_reserved_leaves_nothing(places: Path) -> None:
    made = reserve("one")
    remains.take_down(made)
    assert not places.exists()
    remains.take_down(made)  # and once more


def test_taking_down_leaves_a_neighbour_alone(places: Path) -> None:
    one, other = reserve("one"), reserve("other")
    remains.take_down(one)
    assert [it.notes.name for it in record.every()] == ["other"]
    assert other.home.is_dir()


def test_this_process_is_never_one_of_the_labs_even_where_it_was_noted() -> None:
    made = reserve("one")
    made.started("self", "hub", os.getpid())
    made.started("parent", "hub", os.getppid())
    assert remains.living(made) == []
    assert proc.identity_of(os.getppid())


def test_notes_of_a_later_version_can_be_read_as_far_as_they_are_known(places: Path) -> None:
    made = reserve("one")
    body = msgspec.json.decode((made.home / "lab.json").read_bytes())
    assert msgspec.convert({**body, "new": 1}, Notes) == made.notes


def test_what_was_killed_before_it_was_a_lab_is_swept_up(places: Path) -> None:
    reserve("one")
    begun = places / ".new-0123456789abcdef"
    begun.mkdir()
    (begun / "lab.json").write_bytes(b'{"na')
    assert [it.notes.name for it in record.every()] == ["one"], "it counts for nothing"
    record.sweep()
    assert not begun.exists() and record.find("one")
