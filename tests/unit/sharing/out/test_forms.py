"""The forms of a warning, read by those who will read them: STIX by stix2, MISP by PyMISP, CSV by Python's own."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pymisp
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from sharing_house import DIGEST, LOOK, ONION, draft, everything

from garde.sharing.out import misp, stix, table
from garde.sharing.out.draft import Draft, Indicator
from garde.sharing.out.guard import MACHINES, guard
from garde.sharing.out.memory import SORTS, TLPS


def _released(*indicators: Indicator, **changes: Any) -> Draft:
    return guard(draft(*indicators, **changes), LOOK).draft


def _bundle(made: Draft) -> Any:
    """Read it as strictly as the library can."""
    return stix2.parse(stix.write(made, {"page.en.html": DIGEST}), allow_custom=False, version="2.1")


# --- STIX -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tlp", TLPS)
def test_every_object_is_valid_and_marked_with_the_tlp(tlp: str) -> None:
    found = _bundle(_released(*everything(), tlp=tlp))
    mark, *others = found.objects
    assert mark.id == stix.TLP_MARKS[tlp]
    assert mark.extensions[stix.TLP_EXTENSION]["tlp_2_0"] == tlp
    assert {ref for each in others for ref in each.object_marking_refs} == {mark.id}
    ids = {each.id for each in found.objects}
    (report,) = [each for each in others if each.type == "report"]
    assert set(report.object_refs) <= ids
    assert report.external_references[0].hashes == {"SHA-256": DIGEST}


def test_what_it_says() -> None:
    found = _bundle(_released(*everything()))
    kinds: dict[str, list[Any]] = {}
    for each in found.objects:
        kinds.setdefault(each.type, []).append(each)
    (malware,), (identity,) = kinds["malware"], kinds["identity"]
    assert (malware.name, malware.is_family, malware.malware_types) == ("Nightfall", True, ["ransomware"])
    assert (identity.name, identity.sectors) == ("Clinique Example", ["healthcare"])
    assert [each.external_references[0].external_id for each in kinds["attack-pattern"]] == ["T1486", "T1021.002"]
    patterns = {each.labels[0].removeprefix(stix.LABEL): each.pattern for each in kinds["indicator"]}
    assert patterns == {
        "address": "[ipv4-addr:value = '203.0.113.66']",
        "domain": f"[domain-name:value = '{ONION}']",
        "ending": r"[file:name MATCHES '\\.nightfall$']",
        "file_name": r"[file:name = 'night\'fall (1).exe']",
        "mail": "[email-addr:value = 'pay@night.example']",
        "note_name": "[file:name = '+RECOVER+.txt']",
        "sha256": f"[file:hashes.'SHA-256' = '{DIGEST}']",
        "user": "[user-account:account_login = 'Administrator']",
    }
    assert {each.relationship_type for each in kinds["relationship"]} == {"indicates"}
    assert {each.target_ref for each in kinds["relationship"]} == {malware.id}


def test_ids_are_the_same_in_every_version_and_of_no_other_house() -> None:
    first = {each.id: each for each in _bundle(_released(*everything(), version=1, at=1_700_000_020.0)).objects}
    second = {each.id: each for each in _bundle(_released(*everything(), version=2)).objects}
    assert first.keys() == second.keys()
    for name, each in first.items():
        if each.type == "indicator":
            assert each == second[name]
        if each.type == "report":
            assert each.modified < second[name].modified
            assert each.created == second[name].created
    other = {each.id for each in _bundle(_released(*everything(), secret="d" * 32)).objects}
    assert other & first.keys() == {stix.TLP_MARKS["amber"]}


def test_the_same_warning_gives_the_same_bytes() -> None:
    made = _released(*everything())
    assert stix.write(made, {}) == stix.write(made, {})
    assert misp.write(made) == misp.write(made)


def test_a_warning_of_which_nothing_is_known_is_a_warning() -> None:
    empty = {"family": "", "techniques": (), "way": (), "left": "", "began": 0.0, "servers": 0, "files": 0}
    found = _bundle(_released(**empty))
    assert [each.type for each in found.objects] == ["marking-definition", "identity", "report"]


@given(st.sampled_from(SORTS), st.text(min_size=1, max_size=60))
def test_whatever_gets_through_the_guard_is_a_valid_pattern(sort: str, value: str) -> None:
    made = _released(Indicator(sort, value, "note", 2, 1_700_000_000.0))
    found = [each for each in _bundle(made).objects if each.type == "indicator"]
    assert len(found) == sum(bool(stix.pattern_of(each)) for each in made.indicators)


@given(st.from_regex(re.compile(r"\.[\w!#$%&()@\[\]{}~+=.-]{1,20}", re.ASCII), fullmatch=True))
def test_an_ending_as_a_pattern_means_exactly_that_ending(ending: str) -> None:
    pattern = stix.pattern_of(Indicator("ending", ending, "ending", 2, 0.0))
    inner = pattern.removeprefix("[file:name MATCHES '").removesuffix("']").replace("\\'", "'").replace("\\\\", "\\")
    assert re.search(inner, f"a.docx{ending}")
    assert not re.search(inner, f"a.docx{ending}x")
    assert not re.search(inner, f"a{ending[1:]}") or ending[1:].endswith(ending)


# --- MISP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tlp", sorted(MACHINES))
def test_misp_reads_the_event(tlp: str) -> None:
    made = _released(*everything(), tlp=tlp)
    event = pymisp.MISPEvent()
    event.from_json(misp.write(made).decode())
    again = json.loads(event.to_json())
    assert again["info"].startswith("Ransomware at")
    assert f"tlp:{tlp}" in [each["name"] for each in again["Tag"]]
    values = {each["value"]: each for each in again["Attribute"]}
    assert {each.value for each in made.indicators if each.sort != "ending"} <= values.keys()
    assert values["*.nightfall"]["type"] == "filename-pattern"
    assert values[DIGEST]["to_ids"] is True
    assert values["Administrator"]["to_ids"] is False
    assert "Clinique Example" in again["Orgc"]["name"] or tlp == "clear"


def test_every_type_and_category_is_one_that_misp_knows() -> None:
    known = pymisp.MISPAttribute().describe_types
    for kind, category in misp._TYPES.values():
        assert kind in known["types"]
        assert kind in known["category_type_mappings"][category]
    assert set(misp._TYPES) == set(SORTS)


def test_the_distribution_is_no_wider_than_the_tlp() -> None:
    assert [misp.DISTRIBUTION[each] for each in TLPS] == ["3", "2", "1", "0", "0"]


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_the_table_has_a_line_for_each() -> None:
    made = _released(*everything())
    rows = list(csv.DictReader(io.StringIO(table.write(made).decode())))
    assert [row["sort"] for row in rows] == list(SORTS)
    assert {row["tlp"] for row in rows} == {"amber"}
    (note,) = [row for row in rows if row["sort"] == "note_name"]
    assert note["value"] == "'+RECOVER+.txt"


@given(st.text(max_size=40))
def test_no_cell_is_a_formula(value: str) -> None:
    made = draft(Indicator("file_name", value, value, 1, 0.0), hospital=value)
    for row in csv.reader(io.StringIO(table.write(made).decode(), newline="")):
        assert not any(cell.startswith(table.FORMULA) for cell in row)
