"""What of an entry lets somebody else know the same attacker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharing_house import ONION, note, verdict

from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.text import Text
from garde.sharing.out import facts


@pytest.mark.parametrize(
    ("before", "after", "ending"),
    [
        ("a.docx", "a.docx.locked", ".locked"),
        ("a.docx", "a.docx.id-1.[m@x.y].lock", ".id-1.[m@x.y].lock"),
        ("a.docx", "a.lock", ".lock"),
        ("a.docx", "4f2a.lock", ".lock"),
        ("a.docx", "b.DOCX", ""),
        ("a.docx", "a.docx", ""),
        ("a.docx", "", ""),
        ("a.docx", "a.docx2", ""),
        ("a", "a.", ""),
        ("", "x.lock", ".lock"),
    ],
)
def test_an_ending_is_what_a_name_got(before: str, after: str, ending: str) -> None:
    assert facts.ending_of(before, after) == ending


def test_a_note_tells_how_the_blackmailer_is_reached_and_nothing_of_the_victim() -> None:
    wallet = "bc1" + "q" * 39
    text = f"ID 8831-22 http://{ONION}/client/8831 write to Dark.One@night.example, pay to {wallet}!"
    found = {(each.sort, each.value) for each in facts.of_note(note(text))}
    assert {("domain", ONION), ("mail", "dark.one@night.example"), ("wallet", wallet)} <= found
    assert not any("8831" in value for _, value in found)


def test_a_tunnel_is_known_by_its_domain_and_not_by_the_resolver() -> None:
    seen = f.EgressSeen("", "z", "10.0.0.3", "10.0.0.9", Text("T.evil.example."), 53, 9, 1, 0, 1, ("dns_tunnel",), 1)
    assert [(each.sort, each.value) for each in facts.of_egress(seen)] == [("domain", "t.evil.example")]


def test_a_program_is_named_by_its_file_alone() -> None:
    actor = k.ActorNote("process", 1, exe=Text("/home/carla lambert/evil.bin"))
    found = [(each.sort, each.value) for each in facts.of_verdict(verdict(actor=actor))]
    assert found == [("file_name", "evil.bin")]


def test_erased_words_are_no_facts() -> None:
    gone = Text(None, "text:1")
    taken = f.NoteTaken("", "n", gone, gone, "", 0, 1, 0.0)
    assert list(facts.of_note(taken)) == []


@given(st.text(max_size=300), st.text(max_size=80))
def test_whatever_a_note_holds_is_bounded(text: str, name: str) -> None:
    for each in facts.of_note(note(text, name)):
        assert each.sort in {"note_name", "sha256", "mail", "domain", "wallet"}
        assert "/" not in each.value
        assert len(each.value) <= 400


def test_the_incident_of_a_waking() -> None:
    assert facts.incident_of(facts.wake_key("i-7", 12)) == "i-7"
    assert facts.incident_of(facts.wake_key("i-7", 12, first=True)) == "i-7"
    assert facts.is_further(facts.wake_key("i-7", 12))
    assert not facts.is_further(facts.wake_key("i-7", 12, first=True))
    assert facts.incident_of("recovery/sweep/x/1") == ""
