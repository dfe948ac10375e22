"""Who may say what: one test for each rule."""

from __future__ import annotations

import pytest
from legal_house import House

from garde.legal import may


@pytest.mark.parametrize("act", may.ACTS)
def test_a_role_counts_at_the_console_and_in_the_estate(house: House, act: str) -> None:
    assert may.may(house.look, act, "nobody-of-the-estate", "it_director", )  # fmt: skip
    assert not may.may(house.look, act, "nobody-of-the-estate", "viewer")
    assert may.may(house.look, act, "gina", "viewer")  # the estate: general director
    assert not may.may(house.look, act, "olga", "ward")


def test_the_data_protection_officer_does_all_but_decide_the_ransom(house: House) -> None:
    allowed = {act for act in may.ACTS if may.may(house.look, act, "dpo-account", "dpo")}
    assert set(may.ACTS) - allowed == {may.RANSOM}


def test_a_token_is_no_person(house: House) -> None:
    allowed = {act for act in may.ACTS if may.may(house.look, act, may.TOKEN, "operator")}
    assert allowed == {may.LOAD, may.DRAFT, may.EDIT}
    assert not may.may(house.look, may.DRAFT, may.TOKEN, "viewer")


def test_nobody_and_unknown_acts_are_refused(house: House) -> None:
    assert not may.may(house.look, may.DRAFT, "", "it_director")
    assert not may.may(house.look, "rm", "gina", "it_director")
    assert may.roles_for("rm") == ()
