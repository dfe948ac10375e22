"""The galaxy is cleaned: what cannot be matched is left out, one family is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.forensics.identify.catalogue import Catalogue, build, catalogue, squeeze

OWN = {
    "date": "2026-01-01",
    "honest_endings": [".docx"],
    "families": {
        "blackcat": {"called": ["blackcat", "alphv"], "notes": ["RECOVER-{ending}-FILES.txt"], "decryptor": "known"},
        "marlock": {"endings": [".marlock*"]},
    },
}


def galaxy(*values: dict[str, Any]) -> Catalogue:
    return build(OWN, {"version": 7, "values": list(values)})


def test_one_family_under_several_names_is_one() -> None:
    found = galaxy(
        {"value": "Black-Cat Ransomware (new)", "meta": {"extensions": [".sykffle"]}},
        {"value": "Noberus", "meta": {"synonyms": ["ALPHV"], "extensions": [".kh1ftzx"]}},
    )
    assert found.find("Noberus") == found.find("BLACKCAT") == "blackcat"
    assert found.with_ending(".KH1FTZX") == {"blackcat"}
    assert found.family("blackcat").decryptor == "known"


@pytest.mark.parametrize(
    "written",
    [".docx", "your files get marked", ".<7_random_letters>", ".[random].encrypted2", "[a-z]{4,6}", "AES-256", ".",
     ".1234", "removes extensions", ".a b"],
)  # fmt: skip
def test_an_ending_that_is_none_is_left_out(written: str) -> None:
    found = galaxy({"value": "X1", "meta": {"extensions": [written]}})
    assert not {ending for ending, who in found.endings.items() if "x1" in who} - {".encrypted2"}


def test_of_a_long_ending_the_last_part_counts() -> None:
    found = galaxy({"value": "Dh", "meta": {"extensions": [".id-BCBEF350.[pay@firemail.cc].cmb"]}})
    assert found.with_ending(".id-00000000.[other@x.y].CMB") == {"dh"}
    assert found.with_ending(".marlock07") == {"marlock"}
    assert found.with_ending(".docx") == frozenset()


def test_names_of_notes_hold_no_ids_of_one_victim() -> None:
    found = galaxy(
        {
            "value": "N1",
            "meta": {"ransomnotes-filenames": ["README_[id]_NOW.txt", "https://x/y.png", "a\\b.txt", "x.txt"]},
        }
    )
    assert [each.pattern for each in found.patterns] == ["readme_*_now.txt", "recover-{ending}-files.txt"]
    assert found.with_note("Readme_7F_now.TXT", [])[0].families == {"n1"}


def test_a_name_that_holds_the_files_ending_needs_it() -> None:
    found = galaxy()
    assert found.with_note("RECOVER-sykffle-FILES.txt", [".sykffle"])[0].families == {"blackcat"}
    assert found.with_note("RECOVER-sykffle-FILES.txt", [".other"]) == []


ODD = st.none() | st.text(max_size=9) | st.lists(st.none() | st.text(max_size=20), max_size=3)
META = st.dictionaries(st.sampled_from(["extensions", "synonyms", "ransomnotes-filenames"]), ODD, max_size=3)


@given(st.dictionaries(st.sampled_from(["value", "meta", "x"]), ODD | META, max_size=3))
def test_no_entry_of_the_galaxy_breaks_it(cluster: dict[str, Any]) -> None:
    assert "blackcat" in galaxy(cluster).families


def test_the_real_one_is_there_and_knows_what_the_lab_draws() -> None:
    found = catalogue()
    assert found.galaxy > 100
    assert len(found.families) > 1500
    for family, ending in (("lockbit", ".lockbit"), ("phobos", ".phobos"), ("dharma", ".dharma"), ("hive", ".hive")):
        assert found.with_ending(ending) == {family}
    assert all(squeeze(name) for name in found.names)
