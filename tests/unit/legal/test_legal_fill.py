"""What drafts are filled with: every word traceable, nothing guessed, both languages, hostile text as data."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from legal_house import DAY, HOUR, START, House

from garde.hub.legal_paper import LegalPapers
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import legal_kinds as a
from garde.journal import paper_kinds as paper
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as v
from garde.journal import sharing_kinds as s
from garde.journal.speech import say_in
from garde.journal.text import Text
from garde.legal import drafting, words
from garde.legal.fill import BY_PEOPLE, FILLERS
from garde.legal.fill.what import find_unique
from garde.legal.forms import LANGUAGES, forms
from garde.legal.memory import Note
from garde.legal.words import LEGAL_LOCALE

EVERY = [(form, language) for form in forms() for language in LANGUAGES]


def _whole_night(house: House) -> None:
    """The night with all that comes after it."""
    house.night()
    house.aware("aware_personal_data", START - HOUR)
    house.aware("aware_significant", START - HOUR)
    house.hub(
        p.PlanTriggered("p", "belgium", "action", "cora", "crisis_coordinator", incident="i1"),
        p.DiversionChanged("d", "ambulances", "diverted", "open", "cora", "", 0.0, ()),
        paper.ReenterSaid("record", START - 3 * HOUR, "cora"),
        v.CredentialChanged("local_admin:files", "olga"),
        v.StepMoved("files", 1, 1, "listed", "open", "x", "rule"),
        v.StepMoved("scans", 2, 1, "waiting", "isolated", "x", "rule"),
        s.NeighbourTold("w", "chu", "phone", "cora", True),
        f.BundleMade("", "i1", Text("/x"), "cd" * 32, 12, 900, 40, "rfc3161"),
    )
    house.agent("files", v.RetentionFrozen("", "restic", True, (), 1.0),
                v.PointRestored("", "restic", "p1", "place", 9, 9, 0, True, START - 3 * HOUR, 1.0, 1.0))  # fmt: skip
    house.person("gina", a.RansomDecided("i1", False, "gina", Text(words.NOT_PAID)))
    house.hand_in("nis2_early")
    house.hand_in("gdpr_34")


@pytest.mark.parametrize(("form", "language"), EVERY)
def test_every_field_with_words_names_entries_that_exist_and_came_before(
    house: House, form: str, language: str
) -> None:
    _whole_night(house)
    draft = house.draft(form, language)
    for each in draft.newest.fields:
        assert bool(each.value) == (each.state != "unknown"), each.name
        assert bool(each.value) == bool(each.entries), each.name
        assert all(0 < seq < draft.newest.seq for seq in each.entries), each.name
        assert each.entries == sorted(set(each.entries))


@pytest.mark.parametrize(("form", "language"), EVERY)
def test_after_a_whole_night_only_what_people_must_say_is_unknown(house: House, form: str, language: str) -> None:
    _whole_night(house)
    unknown = {each.name for each in house.draft(form, language).newest.fields if each.state == "unknown"}
    assert unknown <= BY_PEOPLE


@pytest.mark.parametrize(("form", "language"), EVERY)
def test_at_the_first_minute_what_is_unknown_stays_unknown(house: House, form: str, language: str) -> None:
    house.open()
    found = {each.name: each.state for each in house.draft(form, language).newest.fields}
    for name in ("data_left", "threat", "entry", "root_cause", "indicators", "screen", "demand", "decision", "bundle",
                 "consequences", "aware_personal_data", "plain_data", "plain_care", *BY_PEOPLE):  # fmt: skip
        assert found.get(name, "unknown") == "unknown", name


def test_every_field_is_filled_by_something_or_by_people() -> None:
    asked = {each.id for form in forms().values() for each in form.fields}
    assert asked == set(FILLERS) | BY_PEOPLE
    assert not set(FILLERS) & BY_PEOPLE


def test_a_field_that_the_source_does_not_confirm_says_so(house: House) -> None:
    _whole_night(house)
    draft = house.draft("nis2_early")
    states = {each.name: each.state for each in draft.newest.fields}
    assert states["malicious"] == "known" and states["kind"] == "unconfirmed"
    for form in forms().values():
        assert form.confirmed or set(form.warning) == {"en", "fr"}, form.id


@pytest.mark.parametrize(("form", "language"), EVERY)
def test_the_digest_is_that_of_the_json_that_is_handed_out(house: House, form: str, language: str) -> None:
    _whole_night(house)
    draft = house.draft(form, language)
    house.edit(draft, draft.newest.fields[0].name, "C:\\temp\nsecond \x1b line")
    raw = LegalPapers(house.state, house.look, house.now).json(draft.id)
    assert hashlib.sha256(raw).hexdigest() == draft.newest.sha256


def test_whether_data_left_is_never_said_without_its_limits(house: House) -> None:
    house.night()
    said = house.value(house.draft("gdpr_33"), "data_left")
    assert said.startswith("No evidence that data left, as of 2026-11-28")
    assert "Machines seen all the time: Documents." in said
    assert "Not seen, or not all the time: Scans." in said
    house.conclude("blind")
    assert house.value(house.draft("gdpr_33"), "data_left").startswith("Whether data left cannot be told")
    house.conclude("seen", 1_200_000_000)
    assert house.value(house.draft("gdpr_33"), "data_left").startswith("Data left: 1.2 GB")
    assert "1,2 Go" in house.value(house.draft("gdpr_34", "fr"), "plain_data")


def test_an_unknown_family_is_said_to_be_unknown(house: House) -> None:
    house.night()
    house.hub(f.FamilyNamed("", "i1", "", 0.2, (), (), "unknown", "galaxy", "2026-10-01"))
    assert house.value(house.draft("police"), "threat") == "Ransomware of a family that is not known"


def test_an_unknown_foothold_is_unknown(house: House) -> None:
    house.night()
    assert "supplier" in house.value(house.draft("police"), "entry")
    house.hub(f.OriginFound("i1", (), Text(), ("unknown",), ()))
    assert house.value(house.draft("police"), "entry") == ""


def test_an_agent_cannot_fill_a_complaint_without_end(house: House) -> None:
    house.open()
    for number in range(60):
        house.agent("files", f.NoteTaken("", "e", Text("n"), Text(f"x{number}"), f"{number:064x}", 1, 1, 0.0),
                    v.RetentionFrozen("", f"s{number}", True, (), 1.0))  # fmt: skip
    assert house.value(house.draft("police"), "screen").count("SHA-256") == 20


def test_late_reasons_are_a_persons_to_write(house: House) -> None:
    house.night()
    house.aware("aware_personal_data", START)
    assert "Not late" in house.value(house.draft("gdpr_33"), "delay")
    house.pass_time(4 * DAY)
    assert house.value(house.draft("gdpr_33"), "delay") == ""


def test_the_note_is_said_word_for_word_and_moves_no_cursor(house: House) -> None:
    house.night()
    draft = house.draft("police")
    said = house.value(draft, "screen")
    assert "Your files are encrypted!\nWrite to support@dark.example" in said
    assert "\x1b" not in said and "\\x1b[31m" in said
    assert house.value(draft, "unique_data").split("\n") == [
        "support@dark.example", "http://abcdefghijklmnop.onion/chat?id=1", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    ]  # fmt: skip


def test_hostile_names_are_data(house: House) -> None:
    house.open()
    evil = "{hospital}\n## [nature] x\u202e<script>"
    house.agent("files", f.NoteTaken("", "e", Text(evil), Text(evil), "ab" * 32, 9, 1, 0.0))
    house.hub(h.HarmJoined("i1", evil, "v", "", (), "x"))
    for language in LANGUAGES:
        draft = house.draft("police", language)
        text = LegalPapers(house.state, house.look, house.now).text(draft.id)
        assert "\u202e" not in text
        assert text.count("\n## [nature]") == 1


@given(text=st.text(max_size=2_000))
def test_what_a_note_names_is_found_in_it_and_once(text: str) -> None:
    found = list(find_unique(Note("m", "n", text, "", 1, 1)))
    assert len(found) == len(set(found))
    assert all(each in text for each in found)


def test_a_note_of_junk_is_read_quickly() -> None:
    junk = Note("m", "n", "a@" * 10_000 + "http://" * 2_000, "", 1, 1)
    assert len(list(find_unique(junk))) < 50


def test_long_lists_are_cut_and_say_so(house: House) -> None:
    house.night()
    for number in range(230):
        house.agent("files", f.EvidenceTaken("", f"x{number}", "log", Text("n"), Text("p"), 1, "00", START, 0.0, False))
    said = house.value(house.draft("police"), "evidence").split("\n")
    assert len(said) == 201 and "31 further items" in said[-1]


# --- words ---


def _used(folder: Path) -> set[str | tuple[str, ...]]:
    keywords = {"say": None, "mark": None, "many": (1, 2)}
    return {each[1] for file in folder.rglob("*.py") for each in extract_from_file("python", file, keywords=keywords)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_or_left_over(language: str) -> None:
    with (LEGAL_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: message.string for message in read_po(stream) if message.id}
    assert _used(Path(drafting.__file__).parent) == set(catalogue)
    assert all(catalogue.values())
    assert language == "fr" or all(said == sentence for sentence, said in catalogue.items())


@pytest.mark.parametrize("form", forms())
def test_french_is_french(house: House, form: str) -> None:
    _whole_night(house)
    english = {each.name: each.value for each in house.draft(form, "en").newest.fields}
    french = {each.name: each.value for each in house.draft(form, "fr").newest.fields}
    same = {name for name, value in english.items() if value and value == french[name]}
    assert same <= {"hospital", "contact_dpo", "contact_crisis", "suspect_users", "unique_data"}


def test_every_form_and_its_fields_are_named_in_both_languages() -> None:
    for form in forms().values():
        texts = [form.title, form.basis, *(each.label for each in form.fields)]
        assert all(set(each) == {"en", "fr"} and all(each.values()) for each in texts), form.id
    assert say_in("fr", LEGAL_LOCALE)(words.NOT_PAID) != words.NOT_PAID
