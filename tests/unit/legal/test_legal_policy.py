"""One test for each rule of the policy and of the fold of duties."""

from __future__ import annotations

from datetime import datetime

from legal_house import DAY, HOUR, START, House

from garde.journal import hub_kinds as h
from garde.journal import legal_kinds as a
from garde.journal.notice_kinds import NoticeNeeded, NoticeOver
from garde.journal.text import Text
from garde.legal.clocks import clocks_loaded, merged, read_clocks

AWARE, SIGNIFICANT = "aware_personal_data", "aware_significant"


# --- 1: what starts a clock ---


def test_a_clock_starts_from_what_a_person_said_and_from_nothing_else(house: House) -> None:
    house.night()
    assert not house.state.running
    house.aware(AWARE, START - HOUR)
    clock = house.running("gdpr_33")
    assert clock is not None and clock.due == START + 71 * HOUR
    assert {each.clock for each in house.state.running.values()} == {"gdpr_33", "gdpr_34"}


def test_an_agents_word_starts_nothing(house: House) -> None:
    house.open()
    house.agent("files", a.AwareSaid("i1", AWARE, START, "dora", Text()))
    assert not house.state.running


def test_a_clock_that_is_not_in_force_on_that_day_does_not_start(house: House) -> None:
    house.open()
    house.aware(SIGNIFICANT, datetime(2024, 10, 17, 12).timestamp())
    assert house.running("nis2_early") is None
    house.aware(SIGNIFICANT, datetime(2024, 10, 18, 12).timestamp())
    assert house.running("nis2_early") is not None


def test_foreign_duties_start_only_where_somebody_says_that_they_apply(house: House) -> None:
    house.open()
    house.aware("discovered", START)
    assert house.running("hipaa_hhs") is None and house.running("police") is not None
    house.applies("hipaa_hhs", "yes")
    found = house.running("hipaa_hhs")
    assert found is not None and found.due > START + 59 * DAY


# --- 2: a correction ---


def test_said_again_otherwise_it_runs_anew_and_the_first_word_stays(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    entries = house.aware(AWARE, START - 2 * HOUR)
    assert [each.due for each in house.of(a.ClockStarted, entries) if each.clock == "gdpr_33"] == [START + 70 * HOUR]
    assert [each.since for each in house.state.incidents["i1"].aware[AWARE]] == [START, START - 2 * HOUR]


def test_the_same_word_twice_starts_nothing_anew(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    assert not house.of(a.ClockStarted, house.aware(AWARE, START))


def test_a_correction_after_a_submission_says_anew_whether_it_was_late(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    house.pass_time(60 * HOUR)
    house.hand_in("gdpr_33")
    clock = house.running("gdpr_33")
    assert clock is not None and (clock.closed, clock.late) == ("submitted", False)
    house.aware(AWARE, START - 20 * HOUR)
    clock = house.running("gdpr_33")
    assert clock is not None and (clock.closed, clock.late) == ("submitted", True)


# --- 3: whether a duty applies ---


def test_what_does_not_apply_runs_no_more_and_applies_again_from_what_was_said(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    house.applies("gdpr_34", "no")
    clock = house.running("gdpr_34")
    assert clock is not None and clock.closed == "not_applicable"
    house.aware(AWARE, START - HOUR)
    assert house.running("gdpr_34") is clock
    house.applies("gdpr_34", "yes", "i1")
    clock = house.running("gdpr_34")
    assert clock is not None and clock.runs and clock.start == START - HOUR


def test_what_is_said_of_one_incident_leaves_others(house: House) -> None:
    house.open("i1")
    house.open("i2")
    house.applies("gdpr_33", "no", "i1")
    house.aware(AWARE, START)
    house.aware(AWARE, START, "i2")
    assert house.running("gdpr_33") is None and house.running("gdpr_33", "i2") is not None


# --- 4 and 5: submissions ---


def test_a_submission_closes_its_clock_and_starts_the_next(house: House) -> None:
    house.now = datetime(2026, 11, 28, 6).timestamp()
    house.open()
    house.aware(SIGNIFICANT, house.now)
    house.hand_in("nis2_early", house.now + 60)
    early, final = house.running("nis2_early"), house.running("nis2_final")
    assert early is not None and early.closed == "submitted" and final is None
    at = house.now + 2 * HOUR
    house.pass_time(3 * HOUR)
    house.hand_in("nis2_notification", at)
    final = house.running("nis2_final")
    assert final is not None and final.start == at
    assert datetime.fromtimestamp(final.due) == datetime(2026, 12, 28, 8)


def test_late_is_late(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    house.pass_time(73 * HOUR)
    house.hand_in("gdpr_33")
    clock = house.running("gdpr_33")
    assert clock is not None and clock.late


def test_what_nobody_signed_was_never_handed_in(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    draft = house.draft("gdpr_33")
    house.submit(draft)
    clock = house.running("gdpr_33")
    assert draft.submitted is None and clock is not None and clock.runs


def test_a_progress_report_stands_in_and_the_final_one_runs_from_the_handling(house: House) -> None:
    house.now = datetime(2026, 11, 28, 6).timestamp()
    house.open()
    house.aware(SIGNIFICANT, house.now)
    house.hand_in("nis2_notification")
    house.pass_time(29 * DAY)
    house.hand_in("nis2_progress")
    final = house.running("nis2_final")
    assert final is not None and final.closed == "progress" and not final.late
    house.pass_time(10 * DAY)
    house.person("cora", h.IncidentClosed("i1", "cora", Text("handled")))
    final = house.running("nis2_final")
    assert final is not None and final.runs and final.start == house.now and final.due > house.now + 29 * DAY
    house.hand_in("nis2_final")
    final = house.running("nis2_final")
    assert final is not None and final.closed == "submitted"


def test_a_progress_report_after_the_handling_closes_nothing(house: House) -> None:
    house.now = datetime(2026, 11, 28, 6).timestamp()
    house.open()
    house.aware(SIGNIFICANT, house.now)
    house.hand_in("nis2_notification")
    house.aware("handled", house.now)
    house.hand_in("nis2_progress")
    final = house.running("nis2_final")
    assert final is not None and final.runs


# --- 6 and 7: people are told ---


def test_people_are_told_before_the_end_and_at_the_end_once_each(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    said = house.pass_time(80 * HOUR)
    assert [each.state for each in house.of(a.ClockWarned, said)] == ["soon", "overdue"]
    notices = house.of(NoticeNeeded, said)
    assert [each.urgent for each in notices] == [False, True]
    assert all({"dpo", "it_director"} <= set(each.roles) and len(each.texts) == 2 for each in notices)
    over = house.of(NoticeOver, house.person("dora", *_handed(house)))
    assert {each.notice for each in notices} == {each.notice for each in over}


def _handed(house: House) -> list[a.SubmissionSaid]:
    draft = house.draft("gdpr_33")
    house.sign(draft)
    return [a.SubmissionSaid(draft.id, 1, house.now, "form", Text(), "dora")]


def test_a_wake_of_a_corrected_clock_says_nothing(house: House) -> None:
    house.open()
    house.aware(AWARE, START)
    house.aware(AWARE, START - HOUR)
    assert [each.state for each in house.of(a.ClockWarned, house.pass_time(72 * HOUR))] == ["soon", "overdue"]


def test_a_clock_that_was_over_when_it_was_said_warns_at_once(house: House) -> None:
    house.open()
    house.aware(AWARE, START - 100 * HOUR)
    assert [each.state for each in house.of(a.ClockWarned, house.pass_time(1))] == ["overdue"]


def test_people_are_asked_where_nobody_says_since_when(house: House) -> None:
    house.open()
    (notice,) = house.of(NoticeNeeded, house.pass_time(7 * HOUR))
    assert "no legal clock runs" in dict(notice.texts)["en"] and not notice.urgent
    assert house.of(NoticeOver, house.aware(AWARE, START))[0].notice == notice.notice


def test_nobody_is_asked_what_was_said(house: House) -> None:
    house.open()
    house.aware("discovered", START)
    assert not house.of(NoticeNeeded, house.pass_time(7 * HOUR))


# --- 8: drafts ---


def test_a_draft_is_filled_and_persons_words_make_a_new_version(house: House) -> None:
    house.night()
    draft = house.draft("gdpr_33")
    first = draft.newest
    assert first.number == 1 and house.value(draft, "records_count") == ""
    house.edit(draft, "records_count", "about 12,000\nof 2 wards")
    assert draft.newest.number == 2 and draft.newest.sha256 != first.sha256
    field = next(each for each in draft.newest.fields if each.name == "records_count")
    assert (field.value, field.state) == ("about 12,000\nof 2 wards", "said") and len(field.entries) == 1
    house.edit(draft, "records_count", "")
    assert house.value(draft, "records_count") == ""


def test_a_signature_counts_for_one_version_only(house: House) -> None:
    house.night()
    draft = house.draft("gdpr_33")
    house.person("dora", a.DraftSigned(draft.id, 1, "00" * 32, "dora"))
    assert not draft.signatures
    house.sign(draft)
    assert [each.by for each in draft.signed] == ["dora"]
    house.edit(draft, "records_count", "12")
    assert not draft.signed and draft.signatures


def test_what_was_handed_in_is_amended_by_a_further_draft_and_never_edited(house: House) -> None:
    house.night()
    first = house.draft("gdpr_33")
    house.edit(first, "records_count", "12")
    house.sign(first)
    house.submit(first)
    house.edit(first, "records_count", "13")
    assert first.newest.number == 2
    second = house.draft("gdpr_33")
    assert (second.amends, first.amended_by, second.newest.number) == (first.id, second.id, 1)
    assert house.value(second, "records_count") == "12"


def test_drafts_of_two_languages_are_two(house: House) -> None:
    house.night()
    english, french = house.draft("gdpr_33"), house.draft("gdpr_33", "fr")
    assert english.id != french.id and house.value(english, "nature") != house.value(french, "nature")


def test_forms_and_incidents_that_do_not_exist_make_no_draft(house: House) -> None:
    house.night()
    house.person("dora", a.DraftWanted("i1", "tax", "en", "dora"), a.DraftWanted("i9", "police", "en", "dora"),
                 a.DraftWanted("i1", "police", "xx", "dora"))  # fmt: skip
    assert not house.state.drafts


# --- 9: amendments ---


def test_a_later_finding_asks_for_an_amendment_each_field_once(house: House) -> None:
    house.night()
    house.hand_in("gdpr_33")
    assert not house.of(a.AmendmentNeeded, house.conclude("none_seen"))
    (needed,) = house.of(a.AmendmentNeeded, house.conclude("seen", 1_000_000_000))
    assert needed.names == ("data_left",)
    assert not house.of(a.AmendmentNeeded, house.conclude("seen", 2_000_000_000))
    draft = house.state.drafts[needed.draft]
    assert draft.stale == ["data_left"]
    house.draft("gdpr_33")
    assert not house.of(a.AmendmentNeeded, house.conclude("seen", 3_000_000_000))


def test_nothing_is_to_be_amended_that_was_not_handed_in(house: House) -> None:
    house.night()
    house.draft("gdpr_33")
    assert not house.of(a.AmendmentNeeded, house.conclude("seen", 5))


# --- incidents, clocks as entries, replays ---


def test_an_incident_that_is_part_of_another_brings_its_words_along(house: House) -> None:
    house.open("i1")
    house.open("i2", "scans")
    house.aware(AWARE, START, "i2")
    house.hub(h.IncidentJoined("i2", "i1", "same address"))
    whole = house.state.incident("i2")
    assert whole is house.state.incidents["i1"]
    assert whole.aware_of(AWARE) is not None and set(whole.servers) == {"files", "scans"}
    house.hand_in("gdpr_33")
    clock = house.running("gdpr_33", "i2")
    assert clock is not None and clock.closed == "submitted"


def test_what_was_handed_in_for_a_part_is_amended_for_the_whole(house: House) -> None:
    house.open("i1")
    house.open("i2", "scans")
    house.aware(AWARE, START, "i2")
    first = house.draft("gdpr_33", incident="i2")
    house.sign(first)
    house.submit(first)
    house.hub(h.IncidentJoined("i2", "i1", "same address"))
    assert first.stale
    second = house.draft("gdpr_33", incident="i1")
    assert (second.incident, second.amends) == ("i1", first.id)


def test_a_hospitals_clocks_count_from_their_entry_on(house: House) -> None:
    house.open()
    own = read_clocks(
        b'[[clocks]]\nid="insurer"\nregime="Policy"\nstart="discovered"\namount=48\nrecipient="insurer"\napplies="yes"\n',
        "x",
    )
    house.person("dora", clocks_loaded(merged(own), "x", "dora"))
    house.aware("discovered", START)
    clock = house.running("insurer")
    assert clock is not None and clock.due == START + 48 * HOUR
    house.person("dora", a.ClocksLoaded("00", Text(b"{"), "bad", "dora"))
    assert house.state.rules_source == "x"


def test_a_snapshot_and_a_replay_are_the_same(house: House) -> None:
    house.night()
    house.aware(AWARE, START)
    house.hand_in("gdpr_33")
    house.person("gina", a.RansomDecided("i1", False, "gina", Text("no")))
    house.draft("police", "fr")
    house.restart()


def test_words_of_unknown_incidents_drafts_and_clocks_change_nothing(house: House) -> None:
    before = house.state.now
    for payload in (
        a.AwareSaid("x", AWARE, START, "dora", Text()), a.DraftEdited("x", "nature", Text("y"), "dora"),
        a.DraftSigned("x", 1, "", "dora"), a.SubmissionSaid("x", 1, START, "c", Text(), "dora"),
        a.ObligationSaid("x", "yes", "dora", Text(), "x"), a.RansomDecided("x", True, "dora", Text()),
        h.IncidentClosed("x", "cora"), h.IncidentJoined("x", "y", "z"), h.Woke("", "legal/soon/x/gdpr_33/1.0", 1.0),
        h.Woke("", "legal/overdue/", 1.0), h.Woke("", "recovery/x/y/z", 1.0),
    ):  # fmt: skip
        assert len(house.person("dora", payload)) == 1
    assert not house.state.incidents and house.state.now == before
