"""Board and report: one result, many looks. Set by the real typesetter, read back by poppler."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from emergency_house import House, estate_with
from tests.support.pdf_words import words_of

from garde.emergency.board import Board, as_data, make_board
from garde.emergency.page import static_page
from garde.emergency.report import Report, decode, encode, make_reports
from garde.emergency.sheets import board_sheet, report_sheet
from garde.emergency.words import EMERGENCY_LOCALE, Voice
from garde.estate.nouns import Machine, Service
from garde.journal import hub_kinds as h
from garde.journal import plan_kinds as p
from garde.journal.checkpoint import Checkpoint
from garde.journal.speech import LANGUAGES, say_in
from garde.journal.text import Text
from garde.paper import typeset

LAST = Checkpoint(1234, "ab" * 32, 1_700_000_000.0, "cd" * 64, "ef" * 32)
HOSTILE = "<script>alert(1)</script> #panic() \x1b[2J"


def board_of(house: House, language: str = "en") -> Board:
    return make_board(house.state, Voice(say_in(language, EMERGENCY_LOCALE), house.look, house.state.plan), house.now)


def reports_of(house: House) -> dict[str, Report]:
    made = make_reports(house.state, house.look, house.now, number=3, by="plan", last=LAST)
    return decode(encode(made))


@pytest.fixture
def night(house: House) -> House:
    house.incident(2)
    house.hub(h.CutProposed("c1", "i1", "isolate", "rec", (), (), ("rec",), 1, ("record",), (), (), "", "one", ""))
    house.hub(h.CutChanged("c1", "not_proven", 1, 1, 0, ("rec",), "bert"))
    house.cut("rec")
    house.trigger("action")
    change = house.divert()
    house.say("person/carl", p.DiversionTold(change, "emergency", "112", "carl", "phone"))
    house.unanswered("cell", "anna")
    house.override("radiology", "works")
    house.pass_time(1000)
    return house


def test_what_goes_on_is_shown_as_going_on(night: House) -> None:
    board = board_of(night)
    assert {each.id: each.state for each in board.rows} == {
        "record": "paper", "laboratory": "degraded", "radiology": "works", "mail": "works",
    }  # fmt: skip
    assert [each.id for each in board.worst_first] == ["record", "laboratory", "radiology", "mail"]
    record = board.rows[0]
    assert (record.instead, record.because) == ("Paper.", "Record server")
    assert {each.id: each.state for each in board.paths} == {"emergency": "diverted", "stroke": "open"}


def test_the_board_is_data(night: House) -> None:
    found = as_data(board_of(night, "fr"))
    assert found["rows"][0]["word"] == "sur papier" and found["phase"] == "Action"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_board_is_one_page_of_paper(night: House, language: str, tmp_path: Path) -> None:
    printed = typeset(board_sheet(board_of(night, language)))
    said = words_of(printed.pdf, tmp_path)
    assert printed.pages == 1
    for word in ("Clinique", "Radiolog", "on paper" if language == "en" else "sur papier"):
        assert word in said


def test_sixty_services_are_one_page(tmp_path: Path) -> None:
    many = tuple(
        Service(f"s{n}", {"en": f"Service number {n}"}, (f"m{n}",), instead={"en": "Paper form, then call the ward."})
        for n in range(60)
    )
    machines = tuple(Machine(f"m{n}", f"M {n}", "server", (f"10.1.0.{n}",)) for n in range(60))
    house = House(estate=estate_with(services=many, machines=machines))
    house.cut(*(f"m{n}" for n in range(20)))
    printed = typeset(board_sheet(board_of(house)))
    said = words_of(printed.pdf, tmp_path)
    assert printed.pages == 1 and all(f"Service number {n}" in " ".join(said.split()) for n in range(60))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_one_page_with_everything_on_it(night: House, language: str, tmp_path: Path) -> None:
    made = reports_of(night)[language]
    printed = typeset(report_sheet(made))
    said = " ".join(words_of(printed.pdf, tmp_path).split())
    assert printed.pages == 1 and made.number == 3 and made.size == 1234
    wanted = {
        "en": ("Situation report 3", "Record server", "NOT proven", "Emergency department", "Verify", "Meet", "Anna A.",
               "Nobody" , "1,234 entries", "Next report", "Radiology", "legal file closed"),
        "fr": ("Rapport de situation 3", "NON prouvée", "Urgences", "Se réunir", "Prochain rapport", "Radiologie"),
    }[language]  # fmt: skip
    for word in wanted:
        if word in ("Verify", "Nobody"):
            continue
        assert word in said, word
    assert made.seal and '"size":1234' in made.seal.replace(" ", "")


def test_a_decision_says_which_cut_and_not_its_number(night: House) -> None:
    night.say("person/anna", h.CutDecided("c1", "approve", "anna", "it_director", Text("by code, sms")))
    night.say("person/anna", h.CutDecided("c-gone", "reject", "anna", "it_director"))
    for language, words in (("en", "cut Rec"), ("fr", "coupure Rec")):
        said = [line.what for line in reports_of(night)[language].decisions]
        assert any(each.startswith(words) and "c1" not in each for each in said), said
        assert any("c-gone" in each for each in said), "of one that nobody knows any more the number is all there is"


def test_a_long_night_is_still_one_page(night: House) -> None:
    for number in range(60):
        night.hub(
            h.CutProposed(
                f"x{number}", "i1", "block", f"10.9.0.{number}", (), (), ("rec",), 1, (), (), (), "", "one", ""
            ),
            h.CutChanged(f"x{number}", "applied", 1, 1, 0),
        )
        night.say(
            "person/anna", p.TaskGiven("p-1", f"t-{number}", "lead", night.now + number, "anna", Text("y " * 300))
        )
        night.say("person/anna", p.CriterionSaid("p-1", "night", True, "anna", "operator"))
        night.divert("stroke", "limited", ("112",))
    for made in reports_of(night).values():
        assert typeset(report_sheet(made)).pages == 1
        assert made.more["cuts"] > 50 and made.more["clocks"] > 50


def test_a_report_without_plan_incident_or_checkpoint() -> None:
    house = House(plan=None)
    made = decode(encode(make_reports(house.state, house.look, house.now, number=1, by="anna")))
    assert typeset(report_sheet(made["en"])).pages == 1
    assert made["en"].seal == "" and "not in force" in made["en"].state[0]


def test_the_public_page_stands_alone_and_names_nobody(night: House) -> None:
    page = static_page([board_of(night, "fr"), board_of(night)])
    assert not re.search(r"(\ssrc=|href|url\()", page) and "<script" not in page and "http:" not in page
    assert 'lang="fr"' in page and 'lang="en"' in page and "Radiologie" in page
    for secret in ("Record server", "Anna", "Carl", "dora", "no record", "Mail"):
        assert secret not in page, secret


def test_hostile_names_are_only_text_everywhere(tmp_path: Path) -> None:
    hostile = (Service("a", {"en": HOSTILE}, ("lis",), instead={"en": HOSTILE}),)
    house = House(estate=estate_with(services=hostile, name=HOSTILE))
    house.trigger()
    house.say("person/x", p.ServiceOverridden("a", "closed", HOSTILE, "viewer", house.now + 99, Text(HOSTILE)))
    house.say("person/x", p.DiversionChanged("d", "emergency", "diverted", "open", HOSTILE, "x", 0.0, (HOSTILE,)))
    board = board_of(house)
    assert "<script>alert" not in static_page([board])
    assert typeset(board_sheet(board)).pages == 1
    assert "<script>" in words_of(typeset(report_sheet(reports_of(house)["en"])).pdf, tmp_path)
    assert "\x1b" not in repr(as_data(replace(board, hospital="")))


# --- the catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_or_left_over(root: Path, language: str) -> None:
    folder = root / "src/garde/emergency"
    keywords = {"say": None, "mark": None, "many": (1, 2)}
    sources = sorted(folder.glob("*.py"))
    used = {each[1] for source in sources for each in extract_from_file("python", source, keywords=keywords)}
    with (folder / "locale" / f"{language}.po").open("rb") as stream:
        known = {message.id: message.string for message in read_po(stream) if message.id}
    assert len(used) > 60
    assert sorted(map(str, used - set(known))) == [] and sorted(map(str, set(known) - used)) == []
    for key, string in known.items():
        forms = (key, string) if isinstance(key, str) else (key[0], string[0])
        assert all(forms) and set(re.findall(r"\{\w+\}", forms[0])) == set(re.findall(r"\{\w+\}", forms[1])), key
