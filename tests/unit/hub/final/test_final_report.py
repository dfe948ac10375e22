"""The final report: every line has its entry, what is not known is said, and it can only be as good as the record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from whole_night import ADDRESS, COORDINATOR, DPO, ESTATE, SPREADER, H, I, M, T, WholeNight

from garde.errors import NotFound
from garde.hub.final.beside import Beside, Then
from garde.hub.final.night import Night, read
from garde.hub.final.parts import BAD, GOOD, WARN, Report, Section
from garde.hub.final.report import make_report
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import legal_kinds as g
from garde.journal import plan_kinds as p
from garde.journal.entry import Head
from garde.journal.notice_kinds import NoticeUnanswered
from garde.journal.payload import Payload
from garde.journal.text import Text


def report_of(night: WholeNight, **more: object) -> Report:
    return make_report(read(night.entries), **more)  # type: ignore[arg-type]


def chapter(report: Report, name: str) -> Section:
    return next(each for each in report.sections if each.id == name)


def cells(section: Section) -> list[tuple[str, ...]]:
    return [tuple(map(str, each.cells)) for each in section.rows]


def after(night: WholeNight, *payloads: Payload, at: float = T + 41 * H, who: str = "hub") -> Report:
    for each in payloads:
        night.write(at, each, who)
    return report_of(night)


# --- what it came to --------------------------------------------------------------------------------------------------


def test_a_night_that_went_well_says_so_and_names_what_is_open() -> None:
    report = report_of(WholeNight())
    assert report.headline.title == "No file was lost, and every service works again"
    assert report.headline.tone == GOOD
    assert [each.value for each in report.figures] == [
        "0.4 s", "9.9 s", "23", "0", "3", "29 h 49 min", "none seen", "2 of 4"
    ]  # fmt: skip
    assert "2019-03-11 03:00, on Files of the wards" in report.headline.lines[0]


def test_data_that_left_is_the_headline_whatever_else_went_well() -> None:
    report = report_of(WholeNight(upload=True))
    assert (report.headline.title, report.headline.tone) == ("Data left the hospital: 1.1 GB", BAD)
    (row,) = chapter(report, "left").rows
    assert row.cells[:3] == ("Files of the wards", "203.0.113.9 (drop.example)", "1.1 GB") and row.entries


def test_what_several_sources_tell_of_one_way_out_is_one_row() -> None:
    night = WholeNight(upload=True)
    (told,) = [each.payload for each in night.entries if isinstance(each.payload, f.EgressSeen)]
    fuller = replace(told, source="netflow", bytes=told.bytes + 5_000_000)
    (row,) = chapter(after(night, fuller, replace(told, command="e3", bytes=9)), "left").rows
    assert row.cells[:3] == ("Files of the wards", "203.0.113.9 (drop.example)", "1.1 GB") and len(row.entries) == 1


def test_each_burst_is_under_attack_and_the_quiet_between_is_not() -> None:
    def bars(at: float) -> int:
        night = WholeNight()
        night.write(at, h.HarmJoined(I, "files-3", "v9", ADDRESS, (), "same address"), "hub")
        lane = str(report_of(night).pictures[0][1]).partition("Files under attack")[2].partition("<text")[0]
        return lane.count('rx="2"')

    assert bars(T + 3 * H) == bars(T + 1) + 1


def test_a_file_that_could_not_be_put_back_is_lost() -> None:
    night = WholeNight()
    report = after(night, k.RestoreFailed("v1", Text("a"), Text("no room")), who="agent/files-1")
    assert report.headline.title == "1 file could not be put back" and report.headline.tone == BAD
    assert chapter(report, "lost").rows[0].tone == BAD and "1 NOT" in chapter(report, "lost").rows[0].cells[2]


def test_a_file_of_which_nobody_said_anything_is_not_called_saved() -> None:
    night = WholeNight()
    report = after(night, k.VerdictReached("v9", "session", Text("x"), 9.0, 5.0, _damage(3), ()),
                   who="agent/files-3")  # fmt: skip
    joined = after(night, h.HarmJoined(I, "files-3", "v9", ADDRESS, (), "same address"))
    assert report.headline.title != joined.headline.title
    assert joined.headline.title == "Of 3 files nobody has said what became of them"
    assert joined.headline.tone == WARN


def _damage(count: int) -> tuple[k.FileDamage, ...]:
    return (k.FileDamage(Text("/a"), Text("/a"), T, ("random_change",)),) * count


def test_a_service_that_is_not_back_keeps_the_headline_from_being_good() -> None:
    night = WholeNight()
    report = after(night, p.ServiceState("laboratory", "paper", "works", ("lis-1",)))
    assert report.headline.title == "No file was lost; 1 service does not work as usual yet"
    assert report.headline.tone == WARN
    assert cells(chapter(report, "services"))[-1][:2] == ("Laboratory", "on paper")
    assert "goes on" in cells(chapter(report, "services"))[-1]


def test_nothing_known_is_never_good() -> None:
    """An incident of which nothing but its beginning was written down."""
    night = WholeNight(entries=[])
    kept = [each for each in night.entries if each.kind in ("estate_loaded", "incident_opened")]
    report = make_report(read(kept))
    assert report.headline.tone == WARN
    values = {each.label: each.value for each in report.figures}
    assert (values["First stopped after"], values["Data that left"], values["Duties done"]) == ("–", "?", "–")
    assert chapter(report, "owed").tone == BAD and "Nobody has said yet" in chapter(report, "owed").lead
    assert "What it was is not known." in chapter(report, "unseen").notes
    assert "Nobody has looked whether data left." in chapter(report, "unseen").notes


def test_there_is_no_report_without_an_incident() -> None:
    with pytest.raises(NotFound):
        make_report(Night())
    with pytest.raises(NotFound):
        report_of(WholeNight(), incident="i-9")


def test_an_incident_that_became_part_of_another_is_told_by_that_one() -> None:
    night = WholeNight()
    night.write(T + 41 * H, h.IncidentOpened("i-2", T + 40 * H, "files-3", 1))
    night.write(T + 41 * H, h.IncidentJoined("i-2", I, "same address"))
    assert report_of(night, incident="i-2").incident == I
    assert report_of(night).incident == I


# --- the chapters -----------------------------------------------------------------------------------------------------


def test_hours_are_in_order_numbered_and_each_names_its_entry() -> None:
    night = WholeNight()
    report = report_of(night)
    rows = chapter(report, "hours").rows
    numbers = [int(each.cells[0]) for each in rows if each.cells[0]]
    assert numbers == list(range(1, len(numbers) + 1))
    known = {each.seq: each for each in night.entries}
    assert all(set(each.entries) <= set(known) for section in report.sections for each in section.rows)
    said = {each.cells[3]: known[each.entries[0]].kind for each in rows if each.entries}
    assert said["Emergency plan: Action, by Sami Haddad"] == "plan_triggered"
    assert said["It is named: Drill"] == "family_named"
    assert rows[0].cells[1:3] == ("03:00", "+ 0.0 s")


def test_whether_data_left_says_from_what_until_when_and_where_it_was_blind() -> None:
    notes = chapter(report_of(WholeNight()), "left").notes
    text = " ".join(notes)
    assert "from 2019-03-10 03:00 to 2019-03-11 05:00" in text and "gateway on Gateway" in text
    assert "was blind 1 time, 12 min at most; 41 records are known to be missing" in text
    assert "Said before, at 03:01: it cannot be told" in text  # it got better by looking, and that is said


def test_what_was_concluded_last_counts_also_where_it_is_worse() -> None:
    night = WholeNight()
    worse = f.EgressConcluded(I, T + 40 * H, T - H, "blind", 0, (), (), ("files-1",), 60.0, ())
    report = after(night, worse)
    assert chapter(report, "left").tone == WARN and "cannot be told" in chapter(report, "left").lead
    assert any("Files of the wards" in each for each in chapter(report, "left").notes)


def test_where_it_came_from_is_never_said_without_its_caution() -> None:
    section = chapter(report_of(WholeNight()), "what")
    assert "Ukraine" in section.lead and "not blame" in section.lead
    assert "97 % sure" in section.lead
    hop = next(each for each in section.rows if "198.51.100.23" in each.cells[0])
    assert hop.cells[1] == "likely" and "may be a hosting company, a VPN" in hop.cells[2]


def test_a_guess_that_is_not_sure_is_said_with_its_rivals() -> None:
    ranked = (f.FamilyGuess("Drill", 0.5, ("ending",), ()), f.FamilyGuess("Conti", 0.4, ("note",), ()))
    named = f.FamilyNamed("id2", I, "Drill", 0.5, ranked, (), "unknown", "", "2026-10-01")
    section = chapter(after(WholeNight(), named), "what")
    assert section.lead.startswith("It may be Drill (50 % sure).")
    assert [each.cells[0] for each in section.rows[:2]] == ["Drill", "Conti"]


def test_unknown_is_an_honest_answer() -> None:
    named = f.FamilyNamed("id2", I, "", 0.1, (), (), "unknown", "", "2026-10-01")
    report = after(WholeNight(), named)
    assert "unknown is the honest answer" in chapter(report, "what").lead
    assert "What it was is not known." in chapter(report, "unseen").notes


def test_who_was_told_names_those_who_were_not() -> None:
    night = WholeNight()
    section = chapter(report_of(night), "told")
    assert section.tone == BAD and section.lead.startswith("1 of those who had to know was not told")
    rows = {each[0]: each for each in cells(section)}
    assert rows["Clinique du Nord"][2] == "NOT told" and "TAXII" in rows["CHR de la Meuse"][3]
    late = chapter(after(night, NoticeUnanswered("n7", ("janssens",), "no answer")), "told")
    assert ("Els Janssens", "the alarm", "NOT reached", "–") in cells(late)


def test_a_diversion_counts_as_it_was_decided_last() -> None:
    """The ambulances may come again: who was told of the diversion before is no open line any more."""
    rows = cells(chapter(report_of(WholeNight(told=False)), "told"))
    assert not any("Ambulances" in each[1] for each in rows)


def test_duties_say_to_whom_by_when_and_how_they_stand() -> None:
    section = chapter(report_of(WholeNight()), "owed")
    rows = {(each[0], each[1]): each for each in cells(section)}
    assert rows["national CSIRT", "NIS2 art. 23(4)(a)"][-1] == "handed in 2019-03-11 08:00"
    assert rows["national CSIRT", "NIS2 art. 23(4)(b)"][3] == "2019-03-14 06:00"
    assert rows["patients", "GDPR art. 34"][3:] == ("without delay", "open")
    assert rows["notification to the data protection authority", "amendment"][-1] == "1 field has changed"
    assert section.tone == WARN


def test_a_duty_done_late_or_overdue_is_loud() -> None:
    night = WholeNight()
    late = after(night, g.ClockClosed("nis2_notification", "submitted", T + 90 * H, True), at=T + 90 * H)
    assert chapter(late, "owed").tone == BAD and "LATE" in str(cells(chapter(late, "owed")))
    overdue = report_of(WholeNight(), now=T + 200 * H)
    assert chapter(overdue, "owed").tone == BAD and "OVERDUE for 5 days" in str(cells(chapter(overdue, "owed")))
    assert overdue.headline.tone == WARN


def test_a_duty_that_was_taken_back_and_started_again_is_not_done() -> None:
    night = WholeNight()
    none = after(night, g.ClockClosed("gdpr_34", "not_applicable", T + 41 * H, False))
    assert none.figures[-1].value == "3 of 4"
    again = after(night, g.ClockStarted("gdpr_34", I, "GDPR art. 34", "patients", T + 6 * H, 0.0, 99), at=T + 42 * H)
    assert again.figures[-1].value == "2 of 4" and "without delay" in str(cells(chapter(again, "owed")))


def test_an_amendment_that_was_made_is_owed_no_more() -> None:
    night = WholeNight()
    made = g.DraftMade("dr-3", I, "gdpr_33", "en", 1, "ee", (), amends="dr-2")
    assert "amendment" not in str(cells(chapter(after(night, made), "owed")))


def test_what_was_not_seen_is_a_chapter_of_its_own() -> None:
    notes = chapter(report_of(WholeNight()), "unseen").notes
    assert "The agent of Medical record was silent from 03:11, for 20 min at most." in notes
    assert any(each.startswith("This report says what Garde and people wrote down") for each in notes)


def test_decisions_are_those_of_people() -> None:
    rows = cells(chapter(report_of(WholeNight()), "decided"))
    assert ("03:11", "Luc Lemaire says yes: cut the outside (Gateway)") in rows
    assert any("decides not to pay" in each[1] for each in rows)
    assert not any("authority:" in each[1] for each in rows)


# --- another night beside it ------------------------------------------------------------------------------------------

OTHER = Beside(
    {"en": "that night"},
    (
        Then("cut", {"en": "access <b>is</b> cut"}, 3 * H),
        Then("lifted", {"en": "lifted"}, 10 * H),
        Then("", {"en": "x"}, 0.0),
    ),
    "published",
)


def test_a_hospital_s_own_report_knows_no_other_night() -> None:
    report = report_of(WholeNight())
    assert not [each for each in report.sections if each.id == "beside"]
    assert "stroke-dasharray" not in report.pictures[0][1]


def test_each_moment_stands_beside_ours_from_the_first_sign_on() -> None:
    report = report_of(WholeNight(), beside=OTHER)
    rows = cells(chapter(report, "beside"))
    assert rows == [("x", "0.0 s", "–"), ("access <b>is</b> cut", "3 h", "9.9 s"), ("lifted", "10 h", "31 h 30 min")]
    assert [each.tone for each in chapter(report, "beside").rows] == ["plain", GOOD, WARN]
    assert "access &lt;b&gt;is&lt;/b&gt; cut" in report.pictures[0][1]


# --- the record -------------------------------------------------------------------------------------------------------


def test_the_report_says_up_to_which_entry_it_was_read() -> None:
    night = read(WholeNight().entries)
    night.end_at(Head(999, "abc"))
    report = make_report(night)
    assert (report.seq, report.head) == (999, "abc") and "999 entries" in report.words["check"]


def test_it_is_a_fold_the_same_entries_give_the_same_report() -> None:
    entries = WholeNight(upload=True).entries
    assert make_report(read(entries), language="fr") == make_report(read(entries), language="fr")
    night = Night()
    for each in entries:
        night = read([each], night)
    assert make_report(night) == make_report(read(entries))


def test_people_and_machines_that_the_estate_does_not_know_keep_their_names() -> None:
    night = WholeNight(entries=[])
    kept = [each for each in night.entries if each.kind != "estate_loaded"]
    report = make_report(read(kept))
    text = str(report)
    assert COORDINATOR in text and SPREADER in text and DPO in text and ESTATE.name not in text
    assert len(chapter(report, "hours").rows) == len(chapter(report_of(WholeNight()), "hours").rows)
    assert next(each.at for each in kept if each.kind == "plan_triggered") == T + 18 * M
