"""The rules of calling, one test each, on a clock that stands still: who is called when, to the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from oncall_house import ESTATE, MAIL, MODEM, PRINTER, RULES, SIREN, START, House, asked, text

from garde.estate.nouns import Duty
from garde.journal import hub_kinds as h
from garde.journal import oncall_kinds as o
from garde.journal.kinds import ErrorSeen
from garde.journal.notice_kinds import NoticeOver
from garde.journal.text import Text

Make = Callable[..., House]


def near(times: list[tuple[float, str]], wanted: list[tuple[float, str]]) -> bool:
    """At the set times, give or take a second."""
    return [who for _, who in times] == [who for _, who in wanted] and all(
        abs(at - due) <= 1.0 for (at, _), (due, _) in zip(times, wanted, strict=True)
    )


def test_1_before_it_is_set_up_nobody_is_called(make: Make) -> None:
    house = make(channels=None)
    house.incident()
    house.pass_time(3_600)
    assert not house.said("notice_needed") and not house.pages()


def test_2_what_comes_together_is_one_page(house: House) -> None:
    house.incident()
    house.pass_time(0.4)
    house.say(house.cut())
    house.pass_time(5)
    (page,) = house.pages(channel="modem")
    assert asked(page) == ["oncall:incident:i-1", "oncall:cut:c-1"]
    assert len(house.pages(channel="printer")) == 1
    assert house.called() == [(1.0, "ann")]


def test_a_page_ends_with_where_the_console_shows_it(make: Make) -> None:
    house = make(rules=replace(RULES, link="https://10.0.0.1:8443"))
    house.incident()
    house.pass_time(5)
    (page,) = house.pages(channel="modem")
    assert page.lines[-1] == o.PageLine("https://10.0.0.1:8443/incidents/i-1")
    house.say(house.notice("n-2"))
    house.pass_time(30)
    assert house.pages(channel="modem")[1].lines[-1] == o.PageLine("https://10.0.0.1:8443")


def test_2_what_is_not_urgent_waits_for_the_end_of_quiet_hours(make: Make) -> None:
    house = make(rules=replace(RULES, quiet="00:00-23:00"))
    house.say(house.notice(urgent=False), house.notice("n-2"))
    house.pass_time(10)
    assert [asked(page) for page in house.pages(channel="modem")] == [["n-2"]]
    house.code("ann", "n-2")
    house.pass_time(86_400)
    assert house.call("n-1").acked or house.call("n-1").paged
    first = min(each.at for each in house.call("n-1").paged.values())
    assert first - START > 3_600


@pytest.mark.parametrize("down", [0.0, 30.0])
def test_3_each_step_calls_the_next_person_at_the_set_times(house: House, down: float) -> None:
    """Also where the hub is restarted in between, and was down for a while."""
    house.incident()
    house.pass_time(20)
    house.restart(down)
    house.pass_time(225 - down)
    assert near(house.called(), [(0, "ann"), (60, "ben"), (120, "eve"), (180, "zoe")])


def test_3_when_all_were_called_all_are_called_again_and_not_for_ever(house: House) -> None:
    house.say(house.notice(within_s=300))
    house.pass_time(86_400)
    assert near(house.called()[:4], [(0, "ann"), (60, "ben"), (300, "ann"), (360, "ben")])
    assert [page.address for page in house.pages(channel="modem") if page.person == "ann"][:2] == ["+320001", "+320009"]
    assert house.pages(channel="modem")[-1].turn == 12
    assert house.loop.next_due() > START + 10 * 86_400 or not house.call().step_due


def test_3_an_acknowledgement_ends_it(house: House) -> None:
    house.say(house.notice())
    house.pass_time(70)
    house.code("ben")
    house.pass_time(3_600)
    assert [who for _, who in house.called()] == ["ann", "ben"]
    assert house.call().state == "known" and not house.said("notice_unanswered")


def test_4_where_all_must_know_all_are_called_and_called_again(house: House) -> None:
    house.say(house.notice(people=("max", "eve"), roles=(), all_must=True))
    house.pass_time(10)
    assert {who for _, who in house.called()} == {"max", "eve"}
    house.code("max")
    assert house.call().state == "open"
    house.pass_time(60)
    assert [who for _, who in house.called()[2:]] == ["eve"]
    house.code("eve")
    assert house.call().state == "known"
    assert [each.complete for each in house.said("notice_acknowledged")] == [False, True]


def test_5_when_its_time_is_over_it_is_unanswered_once(house: House) -> None:
    house.say(house.notice(within_s=100.0))
    house.pass_time(2_000)
    (said,) = house.said("notice_unanswered")
    assert said.missing == ("ann", "ben")
    assert house.when("notice_unanswered") == [100.0]
    assert any(at > 300 for at, _ in house.called())


def test_5_where_not_everybody_answered_the_missing_are_named(house: House) -> None:
    house.say(house.notice(people=("max", "eve"), roles=(), all_must=True, within_s=100.0))
    house.pass_time(10)
    house.code("max")
    house.pass_time(100)
    (said,) = house.said("notice_unanswered")
    assert said.missing == ("eve",) and said.reason == "not everybody acknowledged in time"


def test_7_nobody_gets_two_pages_within_the_gap(house: House) -> None:
    house.say(house.notice())
    house.pass_time(5)
    house.say(house.notice("n-2"))
    house.pass_time(30)
    assert house.called() == [(1.0, "ann"), (16.0, "ann")]


def test_7_nor_more_than_the_hours_number_but_for_the_first_of_an_urgent_call(make: Make) -> None:
    house = make(rules=replace(RULES, per_hour=2, again_s=60.0), estate=replace(ESTATE, rota=(Duty("dpo", ("ann",)),)))
    house.say(house.notice(people=("ann",), roles=()))
    house.pass_time(3_500)
    assert len(house.called()) == 2
    house.say(house.notice("n-2", people=("ann",), roles=()))
    house.pass_time(50)
    assert len(house.called()) == 3


def test_8_a_channel_that_fails_is_followed_by_the_next_at_once(house: House) -> None:
    house.pager.broken = {"modem"}
    house.say(house.notice())
    house.pass_time(5)
    assert [(page.channel, page.person, page.turn) for page in house.pages() if page.person] == [
        ("modem", "ann", 1), ("mail", "ann", 1),
    ]  # fmt: skip
    assert house.pages(channel="mail")[0].address == "ann@out.example"


def test_8_where_all_have_failed_the_next_person_is_called_at_once(make: Make) -> None:
    house = make(channels=(MODEM, replace(MAIL, people=("ann",))))
    house.pager.broken = {"modem", "mail"}
    house.say(house.notice())
    house.pass_time(5)
    assert [(page.channel, page.person) for page in house.pages()] == [
        ("modem", "ann"), ("mail", "ann"), ("modem", "ben"),
    ]  # fmt: skip
    (said,) = house.said("notice_unanswered")
    assert said.reason == "no channel works" and said.missing == ("ann", "ben")
    assert house.when("notice_unanswered")[0] < 2.0
    house.pager.broken = set()
    house.pass_time(400)
    house.code("ann")
    assert house.call().state == "known"


def test_8_a_page_that_did_not_leave_after_all_takes_the_next_channel(house: House) -> None:
    house.say(house.notice())
    house.pass_time(5)
    (page,) = house.pages(channel="modem")
    house.say(o.PageLost(page.command, "modem", "nobody fetched it"))
    assert [each.channel for each in house.pages() if each.person] == ["modem", "mail"]


def test_8_without_any_channel_it_is_unanswered_at_once(make: Make) -> None:
    house = make(channels=())
    house.incident()
    house.pass_time(3)
    (said,) = house.said("notice_unanswered")
    assert said.reason == "no channel works"
    house.pass_time(86_400)
    before = house.loop.seq
    house.pass_time(86_400)
    assert house.loop.seq == before  # nothing is tried for ever


def test_8_where_the_estate_names_nobody_that_is_said(house: House) -> None:
    house.say(house.notice(roles=("dpo",)))
    house.pass_time(3)
    assert house.said("notice_unanswered")[0].reason.startswith("nobody can be called")


def test_8_a_channel_that_a_cut_takes_down_comes_last(house: House) -> None:
    house.say(o.CallingSet("x", (MAIL, MODEM), RULES))
    house.say(h.MachineCut("gw", "c-9", "outside"), house.notice())
    house.pass_time(3)
    assert [each.channel for each in house.pages() if each.person] == ["modem"]


def test_9_places_hear_of_an_urgent_call_once_and_of_nobody_answering(make: Make) -> None:
    house = make(channels=(MODEM, PRINTER, SIREN))
    house.incident()
    house.say(house.notice())
    house.pass_time(1_000)
    assert [(page.channel, len(page.notices)) for page in house.pages() if not page.person] == [
        ("printer", 2), ("siren", 1),
    ]  # fmt: skip
    trees = house.pages("tree")
    assert [page.channel for page in trees] == ["printer", "printer"]
    assert "Ann: +320001, +320009" in text(trees[0]) and not any(line.code for line in trees[0].lines)


def test_10_a_step_that_was_replaced_does_nothing(house: House) -> None:
    house.say(house.notice())
    house.pass_time(3)
    house.say(h.WakeAsked(due=house.clock.now() + 500, key="oncall/step/n-1", command="w" * 32))
    house.pass_time(200)
    assert [who for _, who in house.called()] == ["ann"]


def test_11_once_a_week_everybody_s_channels_are_tried(make: Make) -> None:
    house = make(rules=replace(RULES, test="Mon 10:00"))
    house.pass_time(4 * 86_400)
    pages = house.pages("test")
    assert {page.channel for page in pages} == {"modem", "mail", "printer"}
    (ended,) = house.said("call_test_ended")
    assert (ended.person, set(ended.took)) == ("", {"modem", "mail", "printer"})
    assert not house.pages("tree")
    house.pass_time(7 * 86_400)
    assert len(house.said("call_test_asked")) == 2


def test_11_a_test_call_is_answered(house: House) -> None:
    house.pager.broken = {"mail"}
    house.say(o.CallTestAsked("t1", "ann.l"))
    house.pass_time(40)
    house.code("ann", "oncall:test:t1")
    (ended,) = house.said("call_test_ended")
    assert (ended.person, ended.took, ended.failed, ended.after_s) == ("ann", ("printer", "modem"), ("mail",), 40.0)


def test_12_who_knows_is_told_when_it_gets_worse(house: House) -> None:
    house.incident()
    house.pass_time(3)
    house.code("ann", "oncall:incident:i-1")
    house.pass_time(100)
    house.say(h.IncidentRaised("i-1", 3, "worse"))
    assert [(page.person, page.purpose) for page in house.pages("told")] == [("ann", "told"), ("ann", "told")]
    assert "it spreads" in text(house.pages("told")[1])


# --- what people are called for (subjects.py) -------------------------------------------------------------------------


def test_subject_2_a_call_is_given_up_when_the_authority_begins_to_count(house: House) -> None:
    house.incident()
    house.pass_time(100)
    house.say(h.IncidentRaised("i-1", 2, "x"))
    house.pass_time(1_000)
    assert house.when("notice_unanswered") == [400.0]


def test_subject_3_a_cut_is_a_call_to_those_who_may_decide(house: House) -> None:
    house.incident()
    house.say(house.cut("c-1", "never"), house.cut("c-2", refused="never"), house.cut("c-3", "two", "outside"))
    house.pass_time(3)
    assert [each.notice for each in house.said("notice_needed")] == ["oncall:incident:i-1", "oncall:cut:c-3"]
    (call,) = [each for each in house.said("notice_needed") if each.notice == "oncall:cut:c-3"]
    assert call.roles == ("it_director", "general_director")
    assert {who for _, who in house.called()} == {"ann", "eve", "max"}  # two at once: two must say yes


def test_subject_3_the_same_proposal_again_calls_nobody(house: House) -> None:
    house.incident()
    house.say(house.cut())
    house.pass_time(3)
    house.code("ann", "oncall:cut:c-1")
    house.say(house.cut(where=("files-1", "files-2")))
    house.pass_time(100)
    assert len(house.said("notice_needed")) == 2


def test_subject_3_an_ordered_cut_calls_nobody_any_more(house: House) -> None:
    house.incident()
    house.say(house.cut())
    house.pass_time(3)
    house.say(h.CutChanged("c-1", "asked", 1, 0, 0, (), "x"))
    assert house.call("oncall:cut:c-1").state == "over"


def test_subject_4_a_cut_that_does_not_hold_is_a_call(house: House) -> None:
    house.incident()
    house.say(house.cut(needs="automatic"))
    house.say(h.CutChanged("c-1", "not_proven", 1, 1, 0, ("files-1",), "x"))
    house.say(h.CutChanged("c-1", "not_proven", 1, 1, 0, ("files-1",), "x"))
    house.pass_time(3)
    assert [each.notice for each in house.said("notice_needed")][1:] == ["oncall:unproven:c-1"]
    assert "NOT PROVEN" in text(house.pages(channel="modem")[0])
    house.say(h.CutChanged("c-1", "proven", 1, 1, 1, (), "x"))
    assert house.call("oncall:unproven:c-1").state == "over"


def test_subject_5_silent_agents_are_one_call(house: House) -> None:
    house.say(h.AgentSilent("files-1", START), h.AgentSilent("files-2", START))
    house.pass_time(3)
    (page,) = house.pages(channel="modem")
    assert "2 machines give no sign of life: Files 1, Files 2" in text(page)
    house.say(h.AgentAlive("files-1", "enforce", "enforce"))
    assert house.call("oncall:silent:").state == "open"
    house.say(h.AgentAlive("files-2", "enforce", "enforce"))
    assert house.call("oncall:silent:").state == "over"


def test_subject_6_a_silent_channel_waits_for_the_day_unless_there_is_an_incident(make: Make) -> None:
    house = make(rules=replace(RULES, quiet="00:00-24:00"))
    house.say(o.ChannelSilent("modem", "no answer"))
    assert not house.said("notice_needed")[0].urgent
    house.say(o.ChannelAlive("modem"))
    assert house.call("oncall:channel:modem").state == "over"
    house.incident()
    house.say(o.ChannelSilent("modem", "no answer"))
    assert house.said("notice_needed")[-1].urgent


def test_subject_7_a_fault_of_the_hub_is_a_call_once_an_hour_and_never_our_own(house: House) -> None:
    for _ in range(3):
        house.say(
            ErrorSeen("hub/ports", Text("x")), ErrorSeen("hub/oncall", Text("y")), ErrorSeen("hub/calls", Text("z"))
        )
    assert [(each.notice, each.urgent) for each in house.said("notice_needed")] == [("oncall:fault:hub/ports", False)]
    house.say(ErrorSeen("hub/journal", Text("the journal was changed")))
    assert house.said("notice_needed")[-1].urgent
    house.say(ErrorSeen("keeper", Text("x")), who="agent/files-1")
    assert len(house.said("notice_needed")) == 2


def test_an_agent_cannot_acknowledge_or_set_up_calling(house: House) -> None:
    from garde.journal import notice_kinds as n

    house.say(house.notice())
    house.pass_time(3)
    house.say(n.NoticeAcknowledged("n-1", "ann", "sms", True), o.CallingSet("", (), RULES), who="agent/files-1")
    assert house.call().state == "open" and house.state.channels


def test_pages_speak_the_persons_language(house: House) -> None:
    house.incident()
    house.pass_time(61)
    english, french = house.pages(channel="modem")
    assert "files are being destroyed on Files 1" in text(english)
    assert "des fichiers sont détruits sur Files 1" in text(french) and "prenez en main" in text(french)


def test_an_incident_that_comes_back_hours_later_is_called_for_anew(house: House) -> None:
    """Whoever answered the last time may sleep by now."""
    house.incident()
    house.pass_time(5)
    house.code("ann", "oncall:incident:i-1")
    assert house.called() == [(1.0, "ann")]
    house.pass_time(3 * 3_600)
    house.say(h.HarmJoined("i-1", "files-2", "v9", "10.0.0.9", (), "same account", recurrence=True))
    house.pass_time(5)
    again = [(at, who) for at, who in house.called() if at > 60]
    assert again and all(abs(at - (3 * 3_600 + 6.0)) <= 1.0 for at, _ in again)
    assert "ann" in {who for _, who in again}
    assert house.state.incidents["i-1"].answered == ""


def test_what_turns_out_to_be_part_of_an_earlier_incident_is_called_for_as_that(house: House) -> None:
    house.incident()
    house.pass_time(5)
    house.code("ann", "oncall:incident:i-1")
    house.pass_time(3 * 3_600)
    house.incident(name="i-2")
    house.say(house.cut("c-2"))
    house.say(h.IncidentJoined("i-2", "i-1", "same account", recurrence=True))
    house.pass_time(5)
    assert house.call("oncall:incident:i-2").state == "over"
    assert house.call("oncall:incident:i-1").wanted
    (page,) = house.pages(channel="modem")[1:]
    assert "oncall:incident:i-1" in asked(page) and "oncall:incident:i-2" not in asked(page)
    house.code("ann", "oncall:incident:i-1")
    assert house.state.incidents["i-1"].answered and not house.call("oncall:incident:i-1").wanted


def test_incidents_of_long_ago_are_forgotten_with_their_cuts_but_for_what_still_holds(house: House) -> None:
    for number in range(60):
        house.incident(name=f"i-{number}")
        house.say(replace(house.cut(f"c-{number}"), incident=f"i-{number}"))
        house.say(h.CutChanged(f"c-{number}", "undone" if number else "proven", 1, 1, 1, (), "x"))
        house.say(h.IncidentClosed(f"i-{number}", "eve.l"))
    assert list(house.state.incidents) == ["i-0", *(f"i-{number}" for number in range(10, 60))]
    assert list(house.state.cuts) == ["c-0", *(f"c-{number}" for number in range(10, 60))]
    house.say(h.CutChanged("c-0", "not_proven", 1, 1, 0, ("files-1",), "x"))
    assert house.call("oncall:unproven:c-0").state == "open"


def test_what_is_over_calls_nobody_further(house: House) -> None:
    house.say(house.notice("n-1"))
    house.pass_time(5)
    called = len(house.pages())
    house.say(NoticeOver("n-1", "decided"))
    house.pass_time(3_600)
    assert house.call("n-1").state == "over"
    assert len(house.pages()) == called and not house.said("notice_unanswered")
