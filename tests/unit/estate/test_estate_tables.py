"""Lists from spreadsheets: merged, in the languages and encodings they come in, and refused row by row."""

from __future__ import annotations

import pytest
from estate_samples import GOOD, good, read
from hypothesis import given
from hypothesis import strategies as st

from garde.estate.nouns import Estate, Machine, Person, Service, Ward
from garde.estate.places import Places
from garde.estate.tables import KINDS, Imported, merge

ESTATE, LINES = good(), read(GOOD).lines


def merged(table: str, text: str | bytes) -> Imported:
    raw = text.encode() if isinstance(text, str) else text
    return merge(ESTATE, LINES, {table: ("list.csv", raw)})


def added(found: Imported, table: str) -> object:
    assert [str(each) for each in found.refused] == []
    (name,) = found.added[table]
    return next(each for each in getattr(found.estate, table) if each.id == name)


def test_a_new_machine_is_added() -> None:
    found = merged("machines", "id,name,role,addresses,agent,needs\nm1,One,server,10.0.0.50 fd00::50,yes,db|files\n")
    assert added(found, "machines") == Machine(
        "m1", "One", "server", ("10.0.0.50", "fd00::50"), agent=True, needs=("db", "files")
    )
    assert found.problems == ()


def test_headings_as_spreadsheets_have_them_in_english_and_french() -> None:
    text = (
        "Hostname;IP Address;Type;VLAN;Adresse MAC;Système;Responsable\n"
        "srv9;10.0.1.51;Poste;office;0200.0000.0051;Debian;ann\n"
    )
    assert added(merged("machines", text), "machines") == Machine(
        "srv9",
        "srv9",
        "workstation",
        ("10.0.1.51",),
        segment="office",
        mac="02:00:00:00:00:51",
        os="Debian",
        owner="ann",
    )


def test_people_with_several_telephones_and_an_id_made_from_the_name() -> None:
    text = (
        "Nom\tFonction\tTéléphone\tGSM\tCourriel\tLangue\tCompte\n"
        "Élodie D'Hôte\tdpo\t+32 4 1|+32 4 2\t+32 5\te@x.example\tFR\tedhote\n"
    )
    assert added(merged("people", text), "people") == Person(
        "elodie-d-hote", "Élodie D'Hôte", ("dpo",), ("+32 4 1", "+32 4 2", "+32 5"), "e@x.example", "fr", ("edhote",)
    )


def test_words_carry_their_language_in_the_heading() -> None:
    text = (
        "id,name.en,name.fr,machines,clinical,instead.en,instead.fr\n"
        "lab,Laboratory,Laboratoire,db files,oui,Paper,Papier\n"
    )
    assert added(merged("services", text), "services") == Service(
        "lab", {"en": "Laboratory", "fr": "Laboratoire"}, ("db", "files"), instead={"en": "Paper", "fr": "Papier"}
    )
    assert added(merged("wards", "Unité;Name.fr;Lits\nSurgery;Chirurgie;12\n"), "wards") == Ward(
        "surgery", {"en": "Surgery", "fr": "Chirurgie"}, 12
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    raw = f"id;name{end}medicine;Médecine générale{end}".encode(encoding)
    (ward,) = [each for each in merged("wards", raw).estate.wards if each.id == "medicine"]
    assert ward.name == {"en": "Médecine générale", "fr": "Médecine"}


def test_a_known_id_is_changed_in_the_cells_that_are_filled() -> None:
    found = merged("machines", "id,os,owner,name\ndb,Debian 12,,\nws,,,\n")
    before, after = ESTATE.machines[4], found.estate.machines[4]
    assert after.os == "Debian 12"
    assert (after.name, after.addresses, after.mac) == (before.name, before.addresses, before.mac)
    assert (found.added, found.changed) == ({}, {"machines": ["db"]})


def test_a_list_that_knows_only_one_version_of_ip_leaves_the_other() -> None:
    (db,) = [each for each in merged("machines", "id,ip\ndb,10.0.0.60\n").estate.machines if each.id == "db"]
    assert db.addresses == ("10.0.0.60", "fd00::10")
    (db,) = [each for each in merged("machines", "id,ip\ndb,fd00::60\n").estate.machines if each.id == "db"]
    assert db.addresses == ("10.0.0.10", "fd00::60")


def test_the_same_list_twice_changes_nothing() -> None:
    text = "id,name,role,addresses\nm1,One,server,10.0.0.50\n"
    first = merged("machines", text)
    second = merge(first.estate, first.lines, {"machines": ("list.csv", text.encode())})
    assert second.estate == first.estate
    assert (second.added, second.changed) == ({}, {})


def test_columns_that_are_not_used_are_named() -> None:
    found = merged("machines", "id,os,Purchase price,\ndb,Debian,100,\n")
    assert found.unused == {"list.csv": ["Purchase price"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "list.csv:1: the list is empty"),
        ("address,role\n10.0.0.1,server\n", "list.csv:1: no column is headed id or name: 'address', 'role'"),
        ("id,name,role,addresses\nm1,One,server,10.0.0.300\n", "list.csv:2: '10.0.0.300' is no address"),
        (
            "id,name,role,addresses\n\nm1,One,server,10.0.0.12\n",
            "list.csv:3: 10.0.0.12 is the address of files already",
        ),
        ("id,name,role,addresses\nm1,One,toaster,10.0.0.50\n", "list.csv:2: 'toaster' is not known as the role"),
        ("id,name\nm1,One\n", "list.csv:2: m1 is new and has no role"),
        ("id,os\ndb,a\ndb,b\n", "list.csv:3: the id db stands a second time (first in line 2)"),
        ("id,os\ndb,a,b\n", "list.csv:2: the row has 3 cells, the headings are 2"),
        ("id,os\nd b,a\n", "list.csv:2: 'd b' is no id"),
        ("name,role\n???,server\n", "list.csv:2: '' is no id"),
        ("id,owner\ndb,zoe\n", "list.csv:2: no person has the id 'zoe'"),
        ("id,needs\ndb,app\n", "list.csv:2: these machines need each other in a circle"),
        ("id,role\nhub,server\n", "h.yaml:9: no machine has the role hub"),
        (
            "id,name,role,addresses\nrecord,R,server,10.0.0.50\n",
            "h.yaml:21: the id record stands a second time (first in list.csv:2)",
        ),
        ('id,os\n"db,a\n', "list.csv:2: the row cannot be read"),
        ("id,os\ndb,\x1b[31m\n", "list.csv:2: an invisible character stands in this value (U+001B)"),
    ],
)
def test_a_list_that_would_break_the_estate_is_refused_with_its_line(text: str, expected: str) -> None:
    refused = [str(each) for each in merged("machines", text).refused]
    assert any(each.startswith(expected) for each in refused), refused


def test_a_row_over_several_lines_counts_from_its_first() -> None:
    found = merged("machines", 'id,os\ndb,"a\nb"\nws,c\napp,"x"\nfiles,d,e\n')
    assert [str(each) for each in found.refused] == ["list.csv:6: the row has 3 cells, the headings are 2"]


def test_what_was_lacking_before_may_go_on_lacking() -> None:
    """A hospital begins with an empty estate: no hub yet is no reason to refuse a list of people."""
    found = merge(Estate("New"), Places("new.yaml"), {"people": ("p.csv", b"name,phone\nAnn,1\n")})
    assert found.refused == ()
    assert any("no machine has the role hub" in each.text for each in found.problems)
    assert found.estate.people == (Person("ann", "Ann", phones=("1",)),)


def test_several_lists_at_once_may_name_each_other() -> None:
    lists = {
        "machines": ("m.csv", b"id,role,addresses,owner\nm1,server,10.0.0.50,eve\n"),
        "people": ("p.csv", b"id,name\neve,Eve\n"),
    }
    found = merge(ESTATE, LINES, lists)
    assert found.refused == ()
    assert found.added == {"machines": ["m1"], "people": ["eve"]}


def test_a_formula_is_text() -> None:
    found = merged("machines", 'id,os\ndb,"=HYPERLINK(""http://x"",""y"")"\n')
    assert found.estate.machines[4].os == '=HYPERLINK("http://x","y")'


_CELLS = st.sampled_from(
    ["id", "name", "role", "addresses", "db", "x", "10.0.0.1", '"', "\n", ",", ";", "|", "\x00", "é", "=1"]
)


@given(
    st.sampled_from(sorted(KINDS)),
    st.one_of(st.binary(max_size=200), st.lists(_CELLS, max_size=40).map(lambda c: "".join(c).encode())),
)
def test_no_bytes_break_the_reader_or_lose_a_part_of_the_estate(table: str, raw: bytes) -> None:
    found = merged(table, raw)
    for name in KINDS:
        before = [each.id for each in getattr(ESTATE, name)]
        assert [each.id for each in getattr(found.estate, name)][: len(before)] == before
