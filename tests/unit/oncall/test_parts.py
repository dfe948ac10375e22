"""Codes, duty, times, what survives which cut, the file, the telephone tree."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oncall_house import ESTATE, MAIL, MODEM, PEOPLE, PRINTER

from garde.errors import SettingsError
from garde.estate.look import Lookup
from garde.estate.nouns import Duty, Person
from garde.journal.oncall_kinds import CallRules
from garde.oncall import codes, tree
from garde.oncall.config import load_calling
from garde.oncall.duty import next_change, on_duty
from garde.oncall.memory import Override
from garde.oncall.survive import falls_with, hangs_on, survives_outside
from garde.oncall.times import end_of_quiet, next_test

LOOK = Lookup(ESTATE)


def at(day: int, hour: int, minute: int = 0) -> float:
    return datetime(2027, 1, day, hour, minute).timestamp()  # 2027-01-04 is a Monday


# --- codes ------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=30), st.integers(1, 99))
def test_a_code_is_the_same_for_its_slot_and_found_in_a_reply(notice: str, generation: int) -> None:
    slot = codes.Slot(notice, "ann", generation)
    code = codes.code_of(b"s" * 32, slot)
    assert codes.slot_of(slot.name) == slot and len(code) == 9
    for text in (code, codes.shown(code), f"OUI {codes.shown(code)}.", f"{code[:3]}-{code[3:6]}-{code[6:]} !"):
        assert codes.codes_in(text) == (code,)
    assert code not in codes.masked(f"x {code}") and codes.code_of(b"t" * 32, slot) != code
    assert codes.code_of(b"s" * 32, codes.Slot(notice, "ann", generation + 1)) != code


@given(st.text(max_size=3_000))
def test_a_hostile_reply_is_read_with_an_end(text: str) -> None:
    assert all(len(each) == 9 for each in codes.codes_in(text))
    assert codes.meaning_of(text) in ("ack", "yes", "no") and len(codes.masked(text)) < 5_000


@given(st.integers(0, 10**8 - 1), st.integers(0, 8), st.integers(1, 9))
def test_every_single_wrong_digit_is_a_slip(number: int, place: int, off: int) -> None:
    code = codes.code_of(b"s" * 32, codes.Slot(str(number), "x", 1))
    wrong = code[:place] + str((int(code[place]) + off) % 10) + code[place + 1 :]
    assert codes.codes_in(wrong) == ()


# --- duty -------------------------------------------------------------------------------------------------------------

ROTA = Lookup(
    replace(
        ESTATE,
        rota=(
            Duty("on_call_it", ("ann", "ben"), "Mon-Fri 08:00-18:00"),
            Duty("on_call_it", ("ben", "eve", "ben"), "Mon-Fri 18:00-08:00"),
        ),
    )
)


def test_duty_1_the_lines_that_hold_now() -> None:
    assert on_duty(ROTA, {}, "on_call_it", at(4, 9)) == ("ann", "ben")
    assert on_duty(ROTA, {}, "on_call_it", at(4, 23)) == ("ben", "eve")
    assert next_change(ROTA, {}, "on_call_it", at(4, 9)) == at(4, 18)


def test_duty_2_an_override_stands_before_the_rota() -> None:
    standing = {"d": Override("on_call_it", ["zoe"], at(4, 10), at(4, 12), "x")}
    assert on_duty(ROTA, standing, "on_call_it", at(4, 11)) == ("zoe", "ann", "ben")
    assert on_duty(ROTA, standing, "on_call_it", at(4, 12)) == ("ann", "ben")
    assert next_change(ROTA, standing, "on_call_it", at(4, 9)) == at(4, 10)


def test_duty_3_an_hour_that_nobody_covers_is_not_silent() -> None:
    assert on_duty(ROTA, {}, "on_call_it", at(10, 12)) == ("ann", "ben")  # Sunday
    assert on_duty(ROTA, {}, "dpo", at(4, 9)) == ()


SHIFTS = st.sampled_from(["", "Mon-Fri 08:00-18:00", "Sun 20:00-06:30", "22:00-07:00", "Sat,Sun", "no hours", "Wed"])


@given(st.lists(st.tuples(SHIFTS, st.sampled_from(PEOPLE)), max_size=3), st.integers(0, 335), st.integers(-20, 300))
def test_the_next_change_is_the_first_there_is(lines: list[tuple[str, Person]], half: int, until: int) -> None:
    look = Lookup(replace(ESTATE, rota=tuple(Duty("on_call_it", (who.id,), hours) for hours, who in lines)))
    now = at(4, 0) + half * 1_800
    standing = {"d": Override("on_call_it", ["zoe"], now - 3_600, now + until * 1_800, "x")}
    first = on_duty(look, standing, "on_call_it", now)[:1]
    coming = (now + step * 1_800 for step in range(1, 7 * 48 + 1))
    wanted = next((each for each in coming if on_duty(look, standing, "on_call_it", each)[:1] != first), 0.0)
    found = next_change(look, standing, "on_call_it", now)
    assert found == wanted or (not wanted and found > now + 7 * 86_400)


def test_hours_that_nobody_can_read_are_always() -> None:
    look = Lookup(replace(ESTATE, rota=(Duty("on_call_it", ("eve",), "office hours"), *ROTA.estate.rota)))
    assert on_duty(look, {}, "on_call_it", at(4, 9)) == ("eve", "ann", "ben")
    assert next_change(look, {}, "on_call_it", at(4, 9)) == 0.0


def test_quiet_hours_and_the_weekly_test() -> None:
    assert end_of_quiet("22:00-07:00", at(4, 23, 30)) == at(5, 7)
    assert end_of_quiet("22:00-07:00", at(4, 12)) == at(4, 12) and end_of_quiet("", at(4, 3)) == at(4, 3)
    assert next_test("Mon 10:00", at(4, 9)) == at(4, 10) and next_test("Mon 10:00", at(4, 10)) == at(11, 10)
    assert next_test("", at(4, 9)) == 0.0


# --- what survives ----------------------------------------------------------------------------------------------------


def test_survive_1_a_local_modem_survives_every_cut() -> None:
    assert not hangs_on(LOOK, MODEM) and survives_outside(LOOK, MODEM)


def test_survive_2_it_falls_with_what_it_needs_and_what_that_hangs_on() -> None:
    assert hangs_on(LOOK, PRINTER) == ("sw", "pc") and survives_outside(LOOK, PRINTER)
    assert falls_with(LOOK, replace(PRINTER, needs=("lab",)), ["ws-9"]) == "lab"


@pytest.mark.parametrize(
    ("address", "stands"),
    [("", False), ("mail.example", False), ("203.0.113.11", True), ("203.0.113.12:587/tcp", True),
     ("203.0.113.12:25/tcp", False), ("203.0.113.99", False)],
)  # fmt: skip
def test_survive_3_the_outside_unless_its_address_stays_open(address: str, stands: bool) -> None:
    assert survives_outside(LOOK, replace(MAIL, address=address)) is stands


def test_an_edited_estate_is_asked_anew() -> None:
    without = tuple(each for each in ESTATE.machines if each.id != "sw")
    assert hangs_on(Lookup(replace(ESTATE, machines=without)), PRINTER) == ("pc",) != hangs_on(LOOK, PRINTER)
    assert not survives_outside(LOOK, MAIL) and survives_outside(Lookup(replace(ESTATE, gateways=())), MAIL)


# --- the file ---------------------------------------------------------------------------------------------------------


def _file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "calling.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


GOOD = """
[rules]
step_s = 90
roles = ["on_call_it"]

[[channel]]
name = "mail"
kind = "mail"
relay = "203.0.113.12"
sender = "garde@out.example"
user = "u"
password = "pa55word"

[[channel]]
name = "repair"
kind = "off"
"""


def test_the_file_is_read_and_its_secrets_stay_in_it(tmp_path: Path) -> None:
    found = load_calling(_file(tmp_path, GOOD))
    entry = found.as_entry()
    assert entry.rules == CallRules(step_s=90.0, roles=("on_call_it",))
    assert [each.name for each in entry.channels] == ["mail", "repair"] and "pa55word" not in repr(entry)
    assert load_calling(tmp_path / "none.toml").channels == ()


def test_a_page_leads_to_the_console_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    assert load_calling(_file(tmp_path, GOOD), "https://10.0.0.1:8443").rules.link == "https://10.0.0.1:8443"
    other = GOOD.replace("step_s = 90", 'step_s = 90\nlink = "https://[fd00::1]:443"')
    assert load_calling(_file(tmp_path, other), "https://10.0.0.1:8443").rules.link == "https://[fd00::1]:443"
    none = GOOD.replace("step_s = 90", 'step_s = 90\nlink = ""')
    assert load_calling(_file(tmp_path, none), "https://10.0.0.1:8443").rules.link == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "off"', 'kind = "pigeon"', "kind is one of"), ('name = "repair"', 'name = "mail"', "one name"),
        ("step_s = 90", "step_s = 0.1", "a second at least"), ("step_s = 90", "steps = 1", "no rule named"),
        ('["on_call_it"]', '["king"]', "no role"), ('name = "repair"', 'name = "../x"', "no name"),
        ('user = "u"', 'nobody = "u"', "nobody"), ("[rules]", "[rules", "no TOML"),
        ("step_s = 90", 'link = "http://10.0.0.1"', "link is https"),
        ("step_s = 90", 'link = "https://a/?b"', "link is https"),
        ("step_s = 90", 'test = "Monday"', "no time of the week"), ("step_s = 90", 'quiet = "late"', "late"),
    ],
)  # fmt: skip
def test_a_slip_is_named_and_no_secret_quoted(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        load_calling(_file(tmp_path, GOOD.replace(old, new)))
    assert "pa55word" not in str(caught.value) and "calling.toml" in str(caught.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="others"):
        load_calling(_file(tmp_path, GOOD, 0o644))


# --- the telephone tree -----------------------------------------------------------------------------------------------


def test_the_tree_names_everybody_and_escapes() -> None:
    look = Lookup(replace(ESTATE, people=(replace(PEOPLE[0], name="<b>Ann\x1b"), *PEOPLE[1:])))
    text = tree.as_text(look, {}, ("on_call_it",), "fr", at(4, 9))
    page = tree.as_html(look, {}, ("on_call_it",), "en", at(4, 9))
    assert text.startswith("Chaîne téléphonique, Clinique") and "+320005" in text and "\x1b" not in text
    assert "&lt;b&gt;Ann" in page and "http" not in page
