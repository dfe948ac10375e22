"""What an answer does: rules 1 to 10 of answers.py, and the joint with the written authority."""

from __future__ import annotations

import pytest
from oncall_house import House, text

from garde.contain.authority import DECIDERS
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import oncall_kinds as o
from garde.journal.text import Text
from garde.oncall import deciders

INCIDENT, CUT = "oncall:incident:i-1", "oncall:cut:c-1"


@pytest.fixture
def called(house: House) -> House:
    """Ann was called about an incident and a cut of it."""
    house.incident()
    house.say(house.cut())
    house.pass_time(5)
    return house


def reasons(house: House) -> list[str]:
    return [each.reason for each in house.said("reply_refused")]


def test_1_and_2_a_code_acknowledges_everything_on_the_persons_pages(called: House) -> None:
    called.code("ann", INCIDENT)
    assert [(each.notice, each.person, each.how, each.complete) for each in called.said("notice_acknowledged")] == [
        (INCIDENT, "ann", "sms", True), (CUT, "ann", "sms", True),
    ]  # fmt: skip
    called.pass_time(1_000)
    assert [who for _, who in called.called()] == ["ann"]


@pytest.mark.parametrize(("meaning", "decision"), [("yes", "approve"), ("no", "reject")])
def test_3_yes_or_no_is_the_persons_own_decision(called: House, meaning: str, decision: str) -> None:
    called.code("ann", CUT, meaning)
    (said,) = called.said("cut_decided")
    assert (said.cut, said.decision, said.by, said.role) == ("c-1", decision, "ann.l", "operator")
    assert called.call(CUT).state in ("known", "over")


def test_3_roles_are_the_authoritys_own() -> None:
    assert deciders.DECIDERS == DECIDERS


def test_4_once_the_proposal_has_changed_the_code_decides_nothing(called: House) -> None:
    called.say(called.cut(price=("lab",)))
    called.code("ann", CUT, "yes", generation=1)
    assert not called.said("cut_decided")
    assert reasons(called) == ["the proposal has changed since: a new page is on its way"]
    called.pass_time(60)
    (again,) = [page for page in called.pages(channel="modem")[1:] if page.person == "ann"]
    assert "STOPS: Laboratory" in text(again) and "<oncall:cut:c-1|ann|2>" in text(again)
    called.code("ben", CUT, "yes")
    assert len(called.said("cut_decided")) == 1


def test_5_twice_counts_once(called: House) -> None:
    called.code("ann", CUT, "yes")
    called.code("ann", CUT, "no")
    called.code("ann", INCIDENT)
    assert len(called.said("cut_decided")) == 1
    assert reasons(called) == ["this code has done its work"] * 2


def test_5_what_is_over_and_what_is_late_do_not_count(called: House) -> None:
    called.say(h.IncidentClosed("i-1", "eve.l"))
    called.code("ann", INCIDENT)
    called.say(called.notice())
    called.pass_time(50_000)
    called.code("ann", "n-1")
    assert reasons(called) == ["this call is over", "it came too late"]


@pytest.mark.parametrize("restart", [False, True])
def test_5_a_code_of_the_last_time_does_not_count(called: House, restart: bool) -> None:
    called.code("ann", INCIDENT)
    called.pass_time(3 * 3_600)
    called.say(h.HarmJoined("i-1", "files-2", "v9", "10.0.0.9", (), "same account", recurrence=True))
    called.pass_time(5)
    if restart:
        called.restart()
    for person in ("ann", "ben"):
        called.code(person, INCIDENT, generation=1)
    assert called.call(INCIDENT).state == "open" and not called.call(INCIDENT).acked
    assert reasons(called) == ["this code has done its work"] * 2
    called.code("ann", INCIDENT, generation=2)
    assert called.call(INCIDENT).state == "known"


def test_5_the_code_of_a_page_before_the_proposal_changed_still_acknowledges(called: House) -> None:
    called.say(called.cut(price=("lab",)))
    called.code("ann", CUT, generation=1)
    assert list(called.call(CUT).acked) == ["ann"] and not reasons(called)


def test_5_the_wrong_persons_telephone_does_not_count(called: House) -> None:
    called.code("ann", INCIDENT, known=False)
    assert called.call(INCIDENT).state == "open" and "not this person" in reasons(called)[0]
    assert not called.pages("told")  # nothing goes out to who may be a stranger


def test_5_a_code_of_nobody_we_know(called: House) -> None:
    called.say(o.CodeGiven(INCIDENT, "ghost", 1, "ack", "sms"), o.CodeGiven("gone", "ann", 1, "ack", "sms"))
    assert len(reasons(called)) == 2 and not called.said("notice_acknowledged")


def test_6_who_may_decide_has_taken_it_in_hand(called: House) -> None:
    called.code("ann", INCIDENT)
    called.code("ann", CUT, "yes")
    assert [each.by for each in called.said("incident_answered")] == ["ann.l"]


def test_6_who_may_not_decide_has_not(house: House) -> None:
    house.incident()
    house.say(house.cut("c-1", "two", "outside"))
    house.pass_time(5)
    house.code("max", CUT)  # the general director decides this cut, but runs no incident
    assert not house.said("incident_answered")


def test_7_who_answers_at_the_console_is_not_called_any_more(called: House) -> None:
    called.say(h.IncidentAnswered("i-1", "ben.l"), who="person/ben.l")
    called.pass_time(1_000)
    assert [who for _, who in called.called()] == ["ann"]
    assert {(each.person, each.how) for each in called.said("notice_acknowledged")} == {("ben", "console")}


def test_7_a_decision_at_the_console_answers_its_call(called: House) -> None:
    called.say(h.CutDecided("c-1", "reject", "eve.l", "it_director"), who="person/eve.l")
    assert called.call(CUT).state == "known" and called.call(INCIDENT).state == "open"


def test_8_late_is_better_than_never(house: House) -> None:
    house.say(house.notice(within_s=50.0))
    house.pass_time(100)
    house.code("ann")
    house.pass_time(3_600)
    assert house.call().state == "known" and len(house.called()) == 2


def test_9_two_must_decide(house: House) -> None:
    house.incident()
    house.say(house.cut("c-1", "two", "outside"))
    house.pass_time(5)
    house.code("eve", CUT, "yes")
    assert house.call(CUT).state == "open"
    house.code("max", CUT, "yes")
    assert house.call(CUT).state in ("known", "over")
    assert [(each.by, each.role) for each in house.said("cut_decided")] == [
        ("eve.l", "it_director"), ("max", "general_director"),
    ]  # fmt: skip


def test_10_whoever_answers_hears_of_it(called: House) -> None:
    called.code("ann", CUT, "yes")
    (page,) = called.pages("told")
    assert (page.person, page.address) == ("ann", "+320001") and "your YES is written down" in text(page)


# --- the joint with the written authority -----------------------------------------------------------------------------


def spreading(house: House) -> None:
    """Two servers are hit by one workstation: severity 2, and an isolation that waits for one person."""
    for server in ("files-1", "files-2"):
        house.say(h.AgentEnrolled(server, "aa", "bb", "10.0.0.9"), h.AgentAlive(server, "enforce", "enforce"))
    for number, server in enumerate(("files-1", "files-2")):
        path = Text(f"/srv/{number}.docx")
        actor = k.ActorNote("smb", 8, Text("smbd"), address="10.0.0.109", user=Text("u"), users=(Text("u"),))
        damage = k.FileDamage(path, path, house.clock.now(), ("random_change",))
        verdict = k.VerdictReached(f"v{number}", "session", Text("10.0.0.109"), 21.5, 18.4, (damage,), (actor,))
        house.say(verdict, who=f"agent/{server}")


def orders(house: House) -> list[str]:
    return [each.by for each in house.said("cut_changed") if each.state == "asked"]


@pytest.mark.parametrize("restart", [False, True])
def test_nobody_answers_and_the_authority_acts_at_its_time(house: House, restart: bool) -> None:
    spreading(house)
    assert not orders(house)
    house.pass_time(150)
    if restart:
        house.restart(20.0)
    house.pass_time(149 - (20 if restart else 0))
    assert not orders(house)
    house.pass_time(2)
    assert set(orders(house)) == {"authority: Unanswered."}
    assert abs(house.when("notice_unanswered")[0] - 300) <= 1
    assert abs(house.when("order_asked")[0] - 300) <= 1


def test_an_answer_by_code_keeps_the_authority_from_acting(house: House) -> None:
    spreading(house)
    house.pass_time(70)
    (incident,) = house.state.incidents
    house.code("ben", f"oncall:incident:{incident}")
    house.pass_time(1_000)
    assert not orders(house)


def test_where_no_channel_works_the_authority_acts_at_its_time_and_no_earlier(house: House) -> None:
    house.pager.broken = {"modem", "mail", "printer"}
    spreading(house)
    house.pass_time(200)
    assert house.said("notice_unanswered")[0].reason == "no channel works" and not orders(house)
    house.pass_time(101)
    assert set(orders(house)) == {"authority: Unanswered."}
    assert len(house.said("order_asked")) == len({(each.cut, each.machine) for each in house.said("order_asked")})


def test_a_yes_by_code_makes_the_cut(house: House) -> None:
    spreading(house)
    house.pass_time(3)
    (cut,) = [each for each in house.state.cuts.values() if each.action == "isolate" or each.action == "block"][:1]
    house.code("ann", f"oncall:cut:{cut.id}", "yes")
    assert set(orders(house)) == {"ann.l"}
