"""The seed: the same night again, every kind of night sooner or later, and nothing that the lab cannot play."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.errors import UsageError
from garde.lab.attackers.smb_hits import HITS
from garde.lab.hospital.plan import SHARES, Plan
from garde.lab.night import story
from garde.lab.night.draw import FAMILIES, MODES, SPREADER_ROLES, draw, draw_deep

PLAN = Plan("x", 3, Path("/nonexistent"))
NIGHTS = [draw(seed, PLAN) for seed in range(300)]


def test_the_same_seed_is_the_same_night_on_every_lab() -> None:
    assert draw(7, PLAN) == NIGHTS[7] == draw(7, Plan("other", 200, Path("/elsewhere")))


def test_every_night_can_be_played() -> None:
    logins = {login for person in PLAN.estate.people for login in person.logins}
    for night in NIGHTS:
        assert night.mode in HITS and night.user in logins
        assert len(night.bursts) == 2
        first, second = night.bursts
        assert first.machine != second.machine, "the second burst comes from another address"
        for burst in night.bursts:
            assert PLAN.machines[burst.machine].role in SPREADER_ROLES
            assert 1 <= len(burst.servers) <= 3 and set(burst.servers) <= set(SHARES)
            assert len(set(burst.servers)) == len(burst.servers)
        assert night.first_server == first.servers[0]


def test_everything_is_drawn_sooner_or_later() -> None:
    assert {night.spreader for night in NIGHTS} == {it.id for it in PLAN.machines.values() if it.role in SPREADER_ROLES}
    assert {night.first_server for night in NIGHTS} == set(SHARES)
    assert {night.mode for night in NIGHTS} == set(MODES)
    assert {night.family for night in NIGHTS} == set(FAMILIES)
    assert {len(night.bursts[0].servers) for night in NIGHTS} == {1, 2, 3}
    assert {bool(night.upload) for night in NIGHTS} == {True, False}


def test_the_notes_harm_nobody() -> None:
    for night in NIGHTS:
        assert "of Garde's lab" in night.note or "du labo de Garde" in night.note
        assert "@" not in night.note.replace("@lab.invalid", "")


def test_stages_that_are_not_built_are_refused_and_named() -> None:
    assert story.check_stage("") == story.PLAYED[-1]
    assert story.check_stage("cut") == "cut"
    for stage in set(story.STAGES) - set(story.PLAYED):
        with pytest.raises(UsageError, match="not yet part of the night"):
            story.check_stage(stage)
    with pytest.raises(UsageError, match="no such stage"):
        story.check_stage("dawn")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "03:00:00"), (-0.5, "02:59:59"), (10800.2, "06:00:00"), (61.9, "03:01:01"), (86_400.0, "03:00:00")],
)
def test_the_storys_clock(seconds: float, shown: str) -> None:
    assert story.clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "–"), (0.123, "0.12 s"), (90.0, "2 min"), (10800.0, "3 h"), (5400.0, "1.5 h")]
)
def test_times_as_people_say_them(seconds: float | None, shown: str) -> None:
    assert story.words(seconds) == shown


def test_what_is_done_in_depth_is_drawn_apart() -> None:
    drawn = [draw_deep(seed) for seed in range(60)]
    assert drawn == [draw_deep(seed) for seed in range(60)]
    assert {each.archive for each in drawn} == {each.sleeper for each in drawn} == set(SHARES)
    assert any(each.archive != each.sleeper for each in drawn)
    assert all(40 <= each.patients <= 120 for each in drawn)
