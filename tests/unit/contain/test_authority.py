"""Who may make which cut: one test for each rule of `authority.py`."""

from __future__ import annotations

import pytest
from contain_house import ESTATE, RULES, estate_with

from garde.contain import authority
from garde.contain.authority import Ruling, enough, may_decide, ruling
from garde.contain.memory import Said
from garde.estate.look import Lookup
from garde.estate.nouns import Rule

LOOK = Lookup(ESTATE)
ONE, TWO, OUTSIDE = Ruling("one", ""), Ruling("two", ""), ruling(LOOK, "outside", 3, ())


def said(*words: str) -> list[Said]:
    """`okafor+` is a yes of an operator, `dupont-:it_director` a no of an IT director."""
    parts = [word.partition(":") for word in words]
    decisions = {"+": "approve", "-": "reject", "~": "undo"}
    return [Said(n, decisions[name[-1]], name[:-1], role or "operator") for n, (name, _, role) in enumerate(parts)]


def test_1_the_first_rule_that_fits_counts() -> None:
    assert ruling(LOOK, "block", 1, ()).rule == "stop-client"
    assert ruling(LOOK, "block", 1, ("record",)).rule == "stop-clinical"
    assert ruling(LOOK, "isolate", 1, ()).rule == "isolate"
    assert ruling(LOOK, "isolate", 2, ()).rule == "isolate-at-once"
    assert ruling(LOOK, "isolate", 2, ("record",)).rule == "isolate"
    assert ruling(LOOK, "outside", 1, ()).needs == "two"


def test_1_a_rule_above_hides_one_below() -> None:
    look = Lookup(estate_with(authority=(Rule("no", ("block",), "never"), *RULES)))
    assert ruling(look, "block", 3, ()).needs == "never"


def test_1_rules_for_unanswered_incidents_are_read_on_their_own() -> None:
    look = Lookup(estate_with(authority=(RULES[-1], *RULES[:-1])))
    assert ruling(look, "outside", 3, ()).rule == "outside"
    assert [each.id for each in authority.unanswered(look, 2)] == ["unanswered"]
    assert authority.unanswered(look, 1) == ()


def test_2_what_no_rule_speaks_of_needs_one_person() -> None:
    found = ruling(Lookup(estate_with(authority=())), "block", 3, ())
    assert (found.needs, found.words) == ("one", authority.NO_RULE)


def test_3_how_many_persons() -> None:
    look = LOOK
    assert enough(look, ONE, said("okafor+")) == ("okafor",)
    assert enough(look, TWO, said("okafor+")) == ()
    assert enough(look, TWO, said("okafor+", "dupont+")) == ("okafor", "dupont")
    assert enough(look, Ruling("never", ""), said("okafor+", "dupont+")) == ()
    assert enough(look, ONE, []) == ()


@pytest.mark.parametrize(
    ("login", "role", "may"),
    [
        ("okafor", "operator", True),
        ("okafor", "it_director", True),
        ("okafor", "crisis_coordinator", True),
        ("okafor", "viewer", False),
        ("okafor", "admin", False),
        ("okafor", "", False),
        ("local", "operator", True),
    ],
)
def test_4_every_deciding_role_where_the_rule_names_none(login: str, role: str, may: bool) -> None:
    assert may_decide(LOOK, ONE, login, role) is may


@pytest.mark.parametrize(
    ("login", "role", "may"),
    [
        ("anybody", "it_director", True),  # the account's role
        ("maes", "operator", True),  # the general director, by the estate
        ("cmaes", "operator", True),
        ("maes", "viewer", False),  # the estate makes nobody an operator
        ("okafor", "operator", False),
        ("unknown", "crisis_coordinator", False),
        ("local", "operator", False),
    ],
)
def test_4_a_role_that_the_rule_names(login: str, role: str, may: bool) -> None:
    assert may_decide(LOOK, OUTSIDE, login, role) is may


def test_4_a_rule_may_name_the_administrator() -> None:
    assert may_decide(LOOK, Ruling("one", "", roles=("admin",)), "root", "admin")


def test_4_who_may_not_say_it_is_not_counted() -> None:
    assert enough(LOOK, OUTSIDE, said("okafor+", "dupont+:it_director")) == ()
    assert enough(LOOK, OUTSIDE, said("okafor-", "dupont+:it_director", "maes+")) == ("dupont", "maes")


def test_5_the_same_person_twice_is_one() -> None:
    assert enough(LOOK, TWO, said("okafor+", "okafor+", "aokafor+", "OKAFOR+")) == ()
    assert enough(LOOK, TWO, said("somebody+", "SomeBody+")) == ()


def test_5_the_operators_token_is_nobody_among_two() -> None:
    assert enough(LOOK, TWO, said("local+", "okafor+")) == ()
    assert enough(LOOK, ONE, said("local+")) == ("local",)


def test_6_a_no_starts_it_anew() -> None:
    assert enough(LOOK, TWO, said("okafor+", "dupont-", "dupont+")) == ()
    assert enough(LOOK, TWO, said("okafor+", "dupont-", "dupont+", "okafor+")) == ("dupont", "okafor")
    assert enough(LOOK, ONE, said("okafor+", "dupont-")) == ()


def test_7_a_machine_without_an_agent_is_isolated_at_its_port() -> None:
    (rule,) = authority.unanswered(LOOK, 2)
    assert authority.may_when_unanswered(rule, "isolate", ("record",), False)
    assert authority.may_when_unanswered(rule, "port", (), True)
    assert not authority.may_when_unanswered(rule, "port", (), False)
    assert not authority.may_when_unanswered(rule, "account", (), True)


def test_7_an_unanswered_rule_may_spare_care() -> None:
    rule = Rule("u", ("isolate",), "unanswered", care="none", after_s=60)
    assert authority.may_when_unanswered(rule, "isolate", (), False)
    assert not authority.may_when_unanswered(rule, "isolate", ("record",), False)


def test_caution_puts_a_person_in_and_takes_none_out() -> None:
    assert authority.cautious(Ruling("automatic", "At once."), "why").needs == "one"
    assert authority.cautious(Ruling("automatic", "At once."), "why").words == "At once. — why"
    assert authority.cautious(TWO, "why") is TWO
    assert authority.stricter(TWO, ONE) and not authority.stricter(ONE, ONE)


def test_a_rule_without_words_is_named_by_its_id() -> None:
    look = Lookup(estate_with(authority=(Rule("r1", ("block",), "one"),)))
    assert ruling(look, "block", 1, ()).words == "r1"
