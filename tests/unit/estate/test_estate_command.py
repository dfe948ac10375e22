"""`garde estate`: what it says, what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from estate_samples import GOOD

from garde.estate.read import SAMPLE, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hospital.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_check_says_that_it_can_be_used(garde: Any, file: Path) -> None:
    ran = garde("estate", "check", file)
    assert ran.code == 0
    assert "Test: 10 machines (4 with an agent), 4 services, 2 wards with 28 beds, 3 people" in ran.out
    assert "it can be used" in ran.out
    (line,) = garde("estate", "check", file, "--json").lines
    assert (line["kind"], line["usable"], line["errors"], line["beds"], len(line["sha256"])) == (
        "estate",
        True,
        0,
        28,
        64,
    )


def test_check_names_every_fault_with_its_line_and_ends_with_3(garde: Any, file: Path) -> None:
    file.write_text(GOOD.replace("role: other", "role: huh").replace("10.0.1.20]", "x]"))
    ran = garde("estate", "check", file)
    assert ran.code == 3
    assert f"{file}:17: 'x' is no address" in ran.out
    assert f"{file}:18: 'huh' is not known as the role of a machine" in ran.out
    assert ran.err.startswith(f"SETTINGS: {file}:17: 'x' is no address; {file}:18: ")
    *problems, estate, error = garde("estate", "check", file, "--json").lines
    assert [(each["kind"], each["line"], each["warning"]) for each in problems] == [
        ("problem", 17, False),
        ("problem", 18, False),
    ]
    assert (estate["usable"], error["kind"]) == (False, "error")


def test_check_of_no_file(garde: Any, tmp_path: Path) -> None:
    ran = garde("estate", "check", tmp_path / "none.yaml")
    assert ran.code == 3
    assert "none.yaml: No such file" in ran.err


def test_hostile_words_are_shown_harmless(garde: Any, file: Path) -> None:
    file.write_text(GOOD.replace("name: Web", "nam\u202ee: Web").replace("fr: Web", "f\\r: Web"), encoding="utf-8")
    ran = garde("estate", "check", file)
    assert ran.code == 3
    assert "\u202e" not in ran.out + ran.err


def test_the_file_of_this_folder_is_the_usual_one(garde: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert garde("estate", "check").code == 0


def test_show_lists_machines_by_segment_with_their_price(garde: Any, file: Path) -> None:
    ran = garde("estate", "show", file)
    assert ran.code == 0
    assert "Servers" in ran.out
    assert any("db " in line and "agent  stops Index, Record" in line for line in ran.out.splitlines())
    assert any("hub " in line and "never cut" in line for line in ran.out.splitlines())
    assert "10.0.1.64/26: monitors" in ran.out
    assert "isolate, outside: unanswered for 300 s, from severity 2" in ran.out
    (line,) = garde("estate", "show", file, "--json").lines
    assert line["kind"] == "estate"
    assert len(line["machines"]) == 10


def test_show_one_machine_by_address(garde: Any, file: Path) -> None:
    ran = garde("estate", "show", file, "--of", "10.0.0.10", "--lang", "fr")
    assert ran.code == 0
    for part in ("Database (db)", "port p2 of sw", "stops: Dossier (through app)", "instead: Papier", "(28 beds)"):
        assert part in ran.out
    (line,) = garde("estate", "show", file, "--of", "app", "--json").lines
    assert line["price"] == ["record"]
    assert line["before"] == ["db"]
    assert line["port"] == {"switch": "sw2", "port": "p1", "never": ""}


def test_show_a_switch_counts_what_hangs_on_it(garde: Any, file: Path) -> None:
    (line,) = garde("estate", "show", file, "--of", "sw", "--json").lines
    assert line["stopped"] == ["index", "record"]
    assert line["never"] == "hub hangs on sw, and hub is the hub"
    (line,) = garde("estate", "show", file, "--of", "documents", "--json").lines
    assert (line["stopped"], line["degraded"], line["port"]) == (["documents"], ["record"], None)


def test_show_what_does_not_exist(garde: Any, file: Path) -> None:
    assert garde("estate", "show", file, "--of", "nobody").code == 8


def test_import_writes_keeps_the_former_file_and_says_what_it_did(garde: Any, file: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("Name;Phone;Shoe size\nEve Doe;+32 7;40\n")
    ran = garde("estate", "import", file, "--people", people)
    assert ran.code == 0
    assert "people added: 1 (eve-doe)" in ran.out
    assert "columns that were not used: Shoe size" in ran.out
    assert [each.id for each in load(file).estate.people][-1] == "eve-doe"
    assert Path(f"{file}~").read_text() == GOOD
    ran = garde("estate", "import", file, "--people", people, "--json")
    (line,) = ran.lines
    assert (line["kind"], line["written"], line["added"], line["changed"]) == ("imported", False, {}, {})


def test_import_that_is_only_tried_writes_nothing(garde: Any, file: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("name\nEve\n")
    ran = garde("estate", "import", file, "--people", people, "--dry-run")
    assert ran.code == 0
    assert "people added: 1 (eve)" in ran.out
    assert "nothing was written" in ran.out
    assert file.read_text() == GOOD


def test_import_of_a_list_that_is_wrong_writes_nothing(garde: Any, file: Path, tmp_path: Path) -> None:
    machines = tmp_path / "machines.csv"
    machines.write_text("id,role,addresses\nm1,server,10.0.0.12\nm2,server,nowhere\n")
    ran = garde("estate", "import", file, "--machines", machines)
    assert ran.code == 3
    assert f"{machines}:2: 10.0.0.12 is the address of files already (and 1 more)" in ran.err
    assert file.read_text() == GOOD
    *_, done, error = garde("estate", "import", file, "--machines", machines, "--json").lines
    assert (done["written"], error["code"]) == (False, "SETTINGS")


def test_import_into_a_new_file_says_what_lacks(garde: Any, tmp_path: Path) -> None:
    """The day itself, from nothing: first the list that is at hand."""
    machines, new = tmp_path / "machines.csv", tmp_path / "new.yaml"
    machines.write_text("hostname,ip,type\nsrv1,10.0.0.5,server\n")
    ran = garde("estate", "import", new, "--machines", machines, "--name", "Clinique")
    assert ran.code == 9
    assert "no machine has the role hub" in ran.err
    machines.write_text("hostname,ip,type\nhub1,10.0.0.2,hub\n")
    assert garde("estate", "import", new, "--machines", machines).code == 0
    assert load(new).estate.name == "Clinique"
    assert [each.id for each in load(new).estate.machines] == ["srv1", "hub1"]


def test_import_never_rewrites_a_file_that_was_not_read_whole(garde: Any, file: Path, tmp_path: Path) -> None:
    text = GOOD.replace("beds: 8", "beds: eight")
    file.write_text(text)
    people = tmp_path / "people.csv"
    people.write_text("name\nEve\n")
    assert garde("estate", "import", file, "--people", people).code == 3
    assert file.read_text() == text


@pytest.mark.parametrize(
    "words",
    [
        ["import", "FILE"],
        ["check", "FILE", "--of", "x"],
        ["show", "FILE", "--dry-run"],
        ["check", "FILE", "--people", "x"],
        ["import", "FILE", "--people", "FILE", "--name", "x"],
        ["burn", "FILE"],
    ],
)
def test_words_that_do_not_go_together(garde: Any, file: Path, words: list[str]) -> None:
    assert garde("estate", *[str(file) if word == "FILE" else word for word in words]).code == 2


def test_a_list_that_is_not_there(garde: Any, file: Path) -> None:
    assert garde("estate", "import", file, "--people", "/nowhere.csv").code == 3


def test_the_schema_and_the_sample_are_printed(garde: Any, tmp_path: Path) -> None:
    shown = garde("estate", "schema").out
    assert json.loads(shown) == garde("estate", "schema", "--json").lines[0]
    copy = tmp_path / "copy.yaml"
    copy.write_text(garde("estate", "sample").out, encoding="utf-8")
    assert load(copy).estate == load(SAMPLE).estate
    assert garde("estate", "sample", "--json").lines[0]["content"] == SAMPLE.read_text(encoding="utf-8")
