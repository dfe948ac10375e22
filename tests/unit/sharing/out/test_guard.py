"""What of a warning may leave the house: the rules of `sharing/out/guard.py`, one test each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharing_house import DIGEST, ESTATE, LOOK, ONION, draft, everything

from garde.journal.speech import say_in
from garde.sharing.out import facts, guard
from garde.sharing.out.draft import Indicator, Way
from garde.sharing.out.house import House
from garde.sharing.out.lists import ORDINARY
from garde.sharing.out.memory import SORTS
from garde.sharing.out.words import SHARING_LOCALE


def _judged(sort: str, value: str, what: str = "note", times: int = 3, tlp: str = "amber") -> tuple[str, str]:
    found = guard.guard(draft(Indicator(sort, value, what, times, 0.0), tlp=tlp), LOOK)
    (part,) = [each for each in found.parts if each.field == sort and each.before == value]
    kept = tuple(each.value for each in found.draft.indicators)
    assert kept == ((part.after,) if part.after else ())
    return part.after, part.why


@pytest.mark.parametrize(
    "address",
    ["10.0.3.41", "192.168.1.1", "172.20.0.1", "169.254.1.1", "127.0.0.1", "100.64.0.1", "::1", "fe80::1%eth0",
     "fd00::1", "::ffff:10.0.3.41", "203.0.113.1", "198.51.100.77", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::"],
)  # fmt: skip
def test_addresses_of_the_house_are_taken_out(address: str) -> None:
    """Rule 1."""
    assert _judged("address", address) == ("", guard.INTERNAL)


def test_other_addresses(address: str = "203.0.113.66") -> None:
    """Rule 1."""
    assert _judged("address", address) == (address, "")
    assert _judged("address", "2001:DB8::66") == ("2001:db8::66", "")
    assert _judged("address", "203.0.113.10") == ("", guard.USED)
    assert _judged("address", "evil.example") == ("", guard.NO_ADDRESS)
    assert _judged("address", "203.0.113.66/24") == ("", guard.NO_ADDRESS)


@pytest.mark.parametrize(
    "name",
    ["srv-files-1.exe", "anna lambert.txt", "LAMBERT.exe", "note_pc-radio-3.html", "clinique example.txt",
     "svc-scan.exe", "ROY.exe", "maternité.txt", "Radiology_dump.bin", "file server of the wards.txt"],
)  # fmt: skip
def test_a_name_of_the_house_is_never_passed_on(name: str) -> None:
    """Rule 2."""
    assert _judged("note_name", name) == ("", guard.HOUSE)
    assert _judged("file_name", name, facts.SAMPLE) == ("", guard.HOUSE)


def test_ordinary_words_are_no_names_of_the_house() -> None:
    """Rule 2."""
    assert "files" in ORDINARY
    assert _judged("note_name", "RESTORE_FILES.txt") == ("RESTORE_FILES.txt", "")
    assert House(LOOK).named_in("files") == House(LOOK).named_in("test") == ""
    assert House(LOOK).named_in("x srv files 1 y") == "srv files 1"


def test_accounts(tlp: str = "amber") -> None:
    """Rule 3."""
    assert _judged("user", "carla") == ("", guard.ACCOUNT)
    assert _judged("user", "Administrator", tlp=tlp) == ("Administrator", "")


@pytest.mark.parametrize(
    "name", ["scan 12345678.txt", "Dupont 1987-03-12.txt", "note_12.3.87.txt", "78.03.12-123.45.txt"]
)
def test_what_may_be_about_a_patient(name: str) -> None:
    """Rule 4."""
    assert _judged("note_name", name) == ("", guard.PATIENT)
    assert _judged("sha256", "1" * 64) == ("1" * 64, "")


def test_endings() -> None:
    """Rule 5."""
    assert _judged("ending", ".nightfall") == (".nightfall", "")
    assert _judged("ending", ".nightfall", times=1) == ("", guard.ONCE)
    for honest in (".docx", ".TMP~", ".id-1.pdf"):
        assert _judged("ending", honest) == ("", guard.HONEST_ENDING)
    for odd in (".a b", ".a/b", ".\x1b[2J", ".", "night", ".é", "." + "x" * 60):
        assert _judged("ending", odd) == ("", guard.SHAPE)
    assert _judged("ending", ".radiology") == ("", guard.HOUSE)
    assert _judged("ending", ".id-99812345.night") == ("", guard.PATIENT)


def test_programs_of_the_system_are_not_accused() -> None:
    """Rule 6."""
    assert _judged("file_name", "PowerShell.exe", facts.TOOL) == ("", guard.PROGRAM)
    assert _judged("file_name", "smbd", facts.TOOL) == ("", guard.PROGRAM)
    assert _judged("file_name", "evil.bin", facts.TOOL) == ("evil.bin", "")


def test_domains_are_cut() -> None:
    """Rule 7."""
    assert _judged("domain", ONION) == (ONION, "")
    assert _judged("domain", f"victim-8812.{ONION}") == (ONION, guard.CUT)
    assert _judged("domain", "evil.example") == ("evil.example", "")
    assert _judged("domain", "dupont-marie.a.evil.co.example") == ("evil.co.example", guard.CUT)
    assert _judged("domain", f"{'mfrgg' * 8}.evil.example") == ("evil.example", guard.CUT)
    assert _judged("domain", "clinique.example") == ("", guard.HOUSE)
    assert _judged("domain", "no domain") == ("", guard.SHAPE)


def test_the_same_domain_twice_is_one() -> None:
    """Rule 7."""
    both = (Indicator("domain", "a.x.evil.example", "r", 1, 0.0), Indicator("domain", "b.x.evil.example", "r", 1, 0.0))
    assert [each.value for each in guard.guard(draft(*both), LOOK).draft.indicators] == ["x.evil.example"]


def test_red_is_for_ears_only() -> None:
    """Rule 8."""
    found = guard.guard(draft(*everything(), tlp="red"), LOOK)
    assert found.draft.indicators == ()
    assert found.draft.hospital == "Clinique Example"
    assert guard.reasons(found) == (guard.INTERNAL, guard.SHAPE, guard.FORBIDDEN)


@pytest.mark.parametrize("tlp", ["clear", "a word of nobody"])
def test_clear_names_nobody(tlp: str) -> None:
    """Rule 8."""
    out = guard.guard(draft(*everything(), tlp=tlp), LOOK).draft
    assert (out.hospital, out.call_back, out.call_role, out.servers, out.files, out.left_bytes) == ("", "", "", 0, 0, 0)
    assert tlp != "clear" or out.began % 86_400 == 0
    assert "wallet" not in {each.sort for each in out.indicators}


def test_green_and_amber() -> None:
    """Rule 8."""
    green = guard.guard(draft(*everything(), tlp="green"), LOOK).draft
    assert (green.hospital, green.call_back, green.files) == ("Clinique Example", "", 0)
    assert "wallet" not in {each.sort for each in green.indicators}
    for tlp in ("amber", "amber+strict"):
        found = guard.guard(draft(*everything(), tlp=tlp), LOOK)
        assert [each.sort for each in found.draft.indicators] == list(SORTS)
        assert (found.draft.call_back, found.draft.files) == ("+32 470 00 00 02", 41)


def test_hops_within_the_house_are_taken_out_of_the_way() -> None:
    """Rule 9."""
    found = guard.guard(draft(), LOOK)
    assert [each.address for each in found.draft.way] == ["203.0.113.66"]
    assert [(each.before, each.after, each.why) for each in found.parts if each.field == "way"] == [
        ("203.0.113.66", "203.0.113.66", ""),
        ("10.0.3.41", "", guard.INTERNAL),
    ]


def test_a_technique_is_an_id_and_a_network_names_nobody() -> None:
    made = draft(way=(Way("203.0.113.66", False, "relay", "UA", "AS1 Clinique Example", "seen", ()),))
    found = guard.guard(made, LOOK)
    assert found.draft.techniques == ("T1486", "T1021.002")
    assert ("technique", "not one", "", guard.SHAPE) in [(p.field, p.before, p.after, p.why) for p in found.parts]
    assert found.draft.way[0].network == ""


def test_a_sort_that_nobody_knows_is_taken_out() -> None:
    assert _judged("fingerprint", "x") == ("", guard.UNKNOWN)


def test_every_part_stands_in_the_difference() -> None:
    made = draft(*everything(), Indicator("sha256", DIGEST.upper(), "note", 1, 0.0))
    found = guard.guard(made, LOOK)
    assert {(each.sort, each.value) for each in made.indicators} <= {(each.field, each.before) for each in found.parts}
    assert all(each.why or each.after == each.before for each in found.parts)
    assert all(each["why"] in {*guard.WHYS, ""} for each in guard.shown(found.parts))


@given(st.sampled_from(SORTS), st.text(max_size=80), st.sampled_from(sorted(guard.MACHINES)))
def test_nothing_of_the_house_gets_through_whatever_it_is_wrapped_in(sort: str, text: str, tlp: str) -> None:
    secrets = ("10.0.3.41", "anna", "Lambert", "srv-files-1", "pc-radio-3", "maternity", "+32 470 00 00 01")
    for secret in secrets:
        for value in (secret, f"{text}.{secret}.{text}", f"{secret} {text}"):
            found = guard.guard(draft(Indicator(sort, value, "note", 5, 0.0), tlp=tlp), LOOK)
            kept = "\n".join(each.value for each in found.draft.indicators).casefold()
            assert secret.casefold() not in kept.replace(text.casefold(), "") or text.casefold() in secret.casefold()


@pytest.mark.parametrize("why", guard.WHYS)
def test_every_reason_is_said_in_french(why: str) -> None:
    assert say_in("fr", SHARING_LOCALE)(why) != why


def test_the_estate_is_what_the_guard_reads() -> None:
    assert House(LOOK).named_in(f"x {ESTATE.name} y") == "clinique example"
    assert Path(SHARING_LOCALE).is_dir()
