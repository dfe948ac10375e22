"""No server is open before it was verified and signed for: one test for each rule."""

from __future__ import annotations

from garde.journal.recovery_kinds import GateSigned, StepMoved
from garde.lab.night.doors import Door
from garde.lab.night.opened import CUT_S, Times, too_early

Steps = list[tuple[float, StepMoved]]
Signed = list[tuple[float, GateSigned]]
TIMES = Times([(0.0, 0.0)], base=0.0)


def step(at: float, stage: str, round_: int = 1) -> tuple[float, StepMoved]:
    return at, StepMoved("files", 1, round_, "", stage, "", "rule")


def sign(at: float, side: str, by: str, round_: int = 1) -> tuple[float, GateSigned]:
    return at, GateSigned("files", round_, side, by, "role")


def door(*spans: tuple[float, float]) -> list[Door]:
    return [Door("files", 4, 100, list(spans))]


STEPS = [step(10, "isolated"), step(20, "verified"), step(21, "observing"), step(40, "listed"), step(50, "open")]
SIGNED = [sign(30, "it", "a"), sign(31, "service", "b")]


def test_one_that_answers_only_when_it_may_is_not_too_early() -> None:
    assert too_early(STEPS, SIGNED, door((1, 9.9), (32, 60)), TIMES) == []


def test_an_answer_between_isolation_and_the_second_signature_is_too_early() -> None:
    for span in ((12, 12), (25, 26), (5, 11), (30.5, 60)):
        assert len(too_early(STEPS, SIGNED, door(span), TIMES)) == 1, span


def test_one_that_is_cut_again_is_closed_again_a_moment_later() -> None:
    steps: Steps = [*STEPS, step(60, "recut")]
    assert too_early(steps, SIGNED, door((32, 60 + CUT_S)), TIMES) == []
    assert too_early(steps, SIGNED, door((32, 60 + CUT_S + 1)), TIMES) != []
    again: Steps = [*steps, step(70, "isolated", 2), step(80, "verified", 2), step(90, "listed", 2)]
    assert too_early(again, [*SIGNED, sign(85, "it", "a", 2), sign(86, "service", "b", 2)], door((87, 99)), TIMES) == []


def test_signatures_of_an_earlier_round_open_nothing() -> None:
    again: Steps = [*STEPS, step(60, "recut"), step(70, "isolated", 2), step(80, "verified", 2), step(90, "listed", 2)]
    (fault,) = too_early(again, SIGNED, door(), TIMES)
    assert "round 2" in fault


def test_one_person_is_no_two_and_unverified_is_too_early_whatever_the_doors_say() -> None:
    assert too_early(STEPS, [sign(30, "it", "a"), sign(31, "service", "a")], door(), TIMES) != []
    assert too_early([step(10, "isolated"), step(40, "listed")], SIGNED, door(), TIMES) != []
    assert too_early(STEPS, SIGNED[:1], door(), TIMES) != []


def test_one_that_never_opens_must_stay_closed_to_the_end() -> None:
    assert too_early([step(10, "isolated")], [], door((1, 9)), TIMES) == []
    assert too_early([step(10, "isolated")], [], door((1, 9), (5000, 5001)), TIMES) != []


def test_what_was_never_isolated_says_nothing() -> None:
    assert too_early([], [], door((1, 100)), TIMES) == []


def test_the_labs_clock_jumps() -> None:
    times = Times([(0.0, 100.0), (50.0, 1000.0)], base=0.0)
    assert (times.wall(-1.0), times.wall(49.0), times.wall(50.0)) == (99.0, 149.0, 1050.0)
