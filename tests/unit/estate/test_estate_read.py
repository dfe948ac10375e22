"""Reading: text stays as written, every fault has its line, and hostile files are refused without harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from estate_samples import GOOD, good, read
from hypothesis import given
from hypothesis import strategies as st
from tests.support.work import steps

from garde.errors import SettingsError
from garde.estate.read import SAMPLE, load, read_bytes
from garde.estate.source import MAX_BYTES, Broken, read_nodes


def said(text: str) -> list[str]:
    return [str(each) for each in read(text).problems]


def errors(text: str) -> list[str]:
    return [str(each) for each in read(text).errors]


# --- values -----------------------------------------------------------------------------------------------------------


def test_text_stays_as_it_is_written() -> None:
    found = good()
    assert found.wards[0].phone == "0412"  # no octal number
    assert found.people[0].phones == ("+32 1",)
    assert found.machines[4].mac == "02:00:00:00:00:10"
    text = "name: no\nlanguages: [no]\nmachines:\n- {id: 0x10, name: 12:30, role: hub, addresses: 10.0.0.1, os: 2.0}\n"
    found = read(text).estate
    assert found is not None
    (hub,) = found.machines
    assert (found.name, found.languages, hub.id, hub.name, hub.os) == ("no", ("no",), "0x10", "12:30", "2.0")


def test_one_value_may_stand_where_a_list_is_wanted() -> None:
    found = read("name: x\nmachines:\n- {id: h, name: H, role: hub, addresses: 10.0.0.1}\nlanguages: fr\n").estate
    assert found is not None
    assert found.machines[0].addresses == ("10.0.0.1",)
    assert found.languages == ("fr",)


def test_words_without_a_language_are_in_the_first() -> None:
    found = read(GOOD.replace("{en: Web, fr: Web}", "Toile").replace("[en, fr]", "[fr, en]")).estate
    assert found is not None
    assert found.services[3].name == {"fr": "Toile"}


def test_nothing_is_the_default() -> None:
    found = read(
        "name: x\nmachines:\n- {id: h, name: H, role: hub, addresses: 10.0.0.1, os: , mac: ~}\nservices:\n"
    ).estate
    assert found is not None
    assert (found.machines[0].os, found.machines[0].mac, found.services) == ("", "", ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "h.yaml:1: no estate"),
        ("- a\n", "h.yaml:1: no estate"),
        ("machines: []\n", "h.yaml:1: `name` is missing"),
        ("name: x\nmachines: {id: a}\n", "h.yaml:2: a list is wanted here (each item begins with `- `), not a table"),
        ("name: x\nmachines: a\n", "h.yaml:2: a list is wanted here (each item begins with `- `), not the value 'a'"),
        ("name: x\nmachines:\n- a\n", "h.yaml:3: a table is wanted here (`id: …`), not the value 'a'"),
        ("name: x\nmachines:\n- name: a\n", "h.yaml:3: `id` is missing"),
        ("name: x\nname: y\n", "h.yaml:2: `name` stands a second time (first in line 1)"),
        ("name: x\nmachnies: []\n", "h.yaml:2: no field named `'machnies'` — did you mean machines?"),
        ("name: [x]\n", "h.yaml:1: one value is wanted here, not a list"),
        ("name: x\nwards:\n- {id: a, name: A, beds: -1}\n", "h.yaml:3: a whole number is wanted here, not '-1'"),
        ("name: x\nwards:\n- {id: a, name: A, beds: 99999999999}\n", "h.yaml:3: a whole number is wanted here"),
        ("name: x\nwards:\n- {id: a, name: A, beds: ١}\n", "h.yaml:3: a whole number is wanted here"),
        ("name: x\nwards:\n- {id: a b, name: A}\n", "h.yaml:3: 'a b' is no id"),
        ("name: x\nwards:\n- {id: .., name: A}\n", "h.yaml:3: '..' is no id"),
        ("name: x\nwards:\n- {id: a, name: {en: A, english: A}}\n", "h.yaml:3: 'english' is no language"),
        ("name: x\nwards:\n- {id: a, name: {en: A, en: B}}\n", "h.yaml:3: `en` stands a second time"),
        ("name: x\nwards:\n- {id: a, name: [A]}\n", "h.yaml:3: words are wanted here, by language"),
        (
            "name: x\nservices:\n- {id: a, name: A, clinical: maybe}\n",
            "h.yaml:3: yes or no is wanted here, not 'maybe'",
        ),
        (
            "name: x\nauthority:\n- {id: a, actions: kick, needs: one, after_s: nan}\n",
            "h.yaml:3: a number is wanted here",
        ),
        (
            "name: x\nauthority:\n- {id: a, actions: kick, needs: one, after_s: .inf}\n",
            "h.yaml:3: a number is wanted here",
        ),
        ('name: "a\\u202eb"\n', "h.yaml:1: an invisible character stands in this value (U+202E)"),
        ('name: "a\\eb"\n', "h.yaml:1: an invisible character stands in this value (U+001B)"),
        (f"name: {'x' * 3000}\n", "h.yaml:1: the value is 3,000 characters long; 2,000 is the most"),
        ("name: x\nlanguages: [[en]]\n", "h.yaml:2: one value is wanted here, not a list"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, expected: str) -> None:
    assert any(each.startswith(expected) for each in errors(text)), errors(text)


def test_an_item_that_cannot_be_read_does_not_hide_or_move_the_others() -> None:
    text = GOOD.replace("{id: sw,", "{id: s w,")  # the third machine; what hangs on it is named below
    problems = read(text).problems
    assert [each.place.line for each in problems if "is no id" in each.text] == [11]
    assert {each.place.line for each in problems if "no machine has the id 'sw'" in each.text} == {9, 12, 13}


def test_a_wrong_value_is_left_out_and_said_once() -> None:
    found = read(GOOD.replace("beds: 8", "beds: eight"))
    assert len(found.problems) == 1
    assert not found.whole
    assert found.estate is not None
    assert found.estate.wards[0].beds == 0


# --- YAML -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "line", "expected"),
    [
        (b"a: &x 1\n", 1, "anchors and aliases"),
        (b"a: 1\nb: *x\n", 2, "anchors and aliases"),
        (
            b"name: x\na: !!python/object/apply:os.system [id]\n",
            2,
            "the tag tag:yaml.org,2002:python/object/apply:os.system",
        ),
        (b"a: !include /etc/passwd\n", 1, "the tag !include is not read"),
        (b"a: 1\n---\nb: 2\n", 3, "a second document begins"),
        (b"a: 1\n\tb: 2\n", 2, "a tab stands where spaces must"),
        (b"a: [1, 2\nb: 3\n", 2, "while parsing a flow sequence"),
        (b"a: 1\nb: \xff\n", 2, "byte 0xff is not UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "character U+0000"),
        (b"? [a]\n: 1\n", 1, "a list or table stands where a name must"),
        (b"[" * 5000, 1, "nested more than"),
        (b"a: " + b"{a: " * 5000, 1, "nested more than"),
        (b"a: 'x\n", 2, "while scanning a quoted scalar"),
        (b"- x\n" * 200_000, 150_000, "more than 150,000 values"),
        (b"x" * (MAX_BYTES + 1), 1, "are not read"),
        (b"%YAML 3.0\n---\na: 1\n", 1, "incompatible YAML document"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(raw: bytes, line: int, expected: str) -> None:
    with pytest.raises(Broken) as caught:
        read_nodes(raw)
    assert expected in caught.value.text
    assert abs(caught.value.line - line) <= 1  # what is never closed is missed at the end


def test_aliases_that_would_grow_without_end_cost_nothing() -> None:
    small, bomb = (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + step)}: &{chr(98 + step)} [{','.join([f'*{chr(97 + step)}'] * 9)}]\n" for step in range(depth)
        )
        for depth in (1, 12)
    )
    assert errors(bomb) == ["h.yaml:1: anchors and aliases (& and *) are not read: write the value out"]
    assert steps(lambda: errors(bomb)) < 2 * steps(lambda: errors(small))


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert read_bytes(raw, "h.yaml").estate == good()
    assert read_bytes(raw, "h.yaml").problems == ()


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    found = read_bytes(raw, "h.yaml")
    assert found.estate is not None or found.errors


_SCRAPS = st.sampled_from(
    [
        *GOOD.splitlines(keepends=True),
        "machines:\n",
        "  - ",
        "{id: ",
        "}",
        "]",
        ": ",
        "\t",
        "'",
        "&a ",
        "*a",
        "? ",
        "| \n",
        "~",
    ]
)


@given(st.lists(_SCRAPS, max_size=40))
def test_no_shuffled_estate_breaks_the_reader(scraps: list[str]) -> None:
    found = read("".join(scraps))
    assert all(each.place.line >= 1 and each.place.file == "h.yaml" for each in found.problems)
    assert found.estate is not None or found.errors


# --- load -------------------------------------------------------------------------------------------------------------


def test_load_gives_the_estate_its_lines_and_its_warnings(tmp_path: Path) -> None:
    file = tmp_path / "hospital.yaml"
    file.write_text(GOOD.replace(", snmp: '10.0.0.4:161'", ""))
    loaded = load(file)
    assert len(loaded.estate.machines) == 10
    assert str(loaded.lines.at("machines", 3, "id")) == f"{file}:12"
    assert str(loaded.lines.at("machines", 3, "os")) == f"{file}:12"  # nothing stands there: its owner's line
    assert [each.place.line for each in loaded.warnings] == [12]


def test_load_refuses_an_estate_that_cannot_be_used_and_names_the_first_faults(tmp_path: Path) -> None:
    file = tmp_path / "hospital.yaml"
    file.write_text(GOOD.replace("role: ", "role: x").replace("name: Web", "nom: Web"))
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert caught.value.message.startswith(f"{file}:9: 'xhub' is not known as the role of a machine")
    assert "more)" in caught.value.message
    assert str(file) in caught.value.todo


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_is_not_there_is_an_error_for_people(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / name)
    assert str(tmp_path) in caught.value.message


def test_four_times_the_machines_are_four_times_the_work() -> None:
    def chain(count: int) -> str:
        machines = "".join(
            f"  - {{id: m{n}, name: M, role: server, addresses: [10.{n // 250}.1.{n % 250 + 1}], agent: yes,"
            f" needs: [m{n + 1}]}}\n"
            for n in range(count)
        )
        return f"name: x\nmachines:\n{machines}  - {{id: m{count}, name: M, role: hub, addresses: [10.99.0.1]}}\n"

    assert [each.text for each in read(chain(2000)).errors] == []
    assert steps(lambda: read(chain(160))) < 5 * steps(lambda: read(chain(40)))


# --- the sample -------------------------------------------------------------------------------------------------------


def test_the_sample_is_a_clinic_of_160_beds_without_a_fault() -> None:
    loaded = load(SAMPLE)
    assert loaded.warnings == ()
    assert sum(ward.beds for ward in loaded.estate.wards) == 160
    assert len(loaded.estate.machines) > 40
    roles = {machine.role for machine in loaded.estate.machines}
    assert roles >= {"hub", "gateway", "switch", "server", "workstation", "modality", "laboratory", "printer"}
