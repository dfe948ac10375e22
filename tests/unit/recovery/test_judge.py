"""The colour of a restore point: one test for each sentence of the module."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.model.restart import Colour
from garde.recovery import reasons as r
from garde.recovery.judge import Look, Seen, judge, usual_change, when_taken
from garde.recovery.points.base import Catalogue, Changes, Point

HARM = 1000.0
NOW = 2000.0
POINT = Point(id="p", taken_at=900.0, written_at=905.0)


def looks(good: int, bad: int = 0, failed: int = 0, hits: int = 0) -> tuple[Look, ...]:
    whole = [Look(b"/g%d" % n, True, True, hits=("rule",) if n < hits else ()) for n in range(good)]
    broken = [Look(b"/b%d" % n, True, False) for n in range(bad)]
    return (*whole, *broken, *(Look(b"/f%d" % n, False, False) for n in range(failed)))


SOUND = Seen(POINT, Catalogue.WHOLE, looks(200), files=1000, size=10_000)


def colour(seen: Seen, **words: object) -> tuple[Colour, list[str]]:
    values = {"since": HARM, "now": NOW, **words}
    judged = judge(seen, **values)  # type: ignore[arg-type]
    return judged.colour, [reason.sentence for reason in judged.reasons]


def test_a_sound_point_from_before_is_green_without_a_reason() -> None:
    judged = judge(SOUND, since=HARM, now=NOW)
    assert (judged.colour, judged.reasons, judged.when) == (Colour.GREEN, (), "before")
    assert (judged.looked_at, judged.readable, judged.test_restore) == (200, 200, "done")


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (replace(SOUND, catalogue=Catalogue.DAMAGED), r.POINT_CATALOGUE),
        (replace(SOUND, looks=looks(199, failed=1)), r.POINT_NOT_BROUGHT),
        (replace(SOUND, looks=looks(160, 40)), r.POINT_UNREADABLE),
    ],
)
def test_red_must_not_be_used(seen: Seen, sentence: str) -> None:
    assert colour(seen) == (Colour.RED, [sentence])


def test_red_where_clearly_more_is_unreadable_than_in_the_point_before() -> None:
    now = replace(SOUND, looks=looks(185, 15))
    assert colour(now, before=SOUND) == (Colour.RED, [r.POINT_UNREADABLE_MORE])
    assert colour(now, before=replace(SOUND, looks=looks(186, 14))) == (Colour.GREEN, [])


def test_red_where_a_third_of_what_changed_cannot_be_read() -> None:
    bad = tuple(look.path for look in looks(0, 3))
    changes = Changes(9, 0, 0, 0, (*bad, *(b"/g%d" % n for n in range(6))))
    seen = replace(SOUND, looks=looks(197, 3), changes=changes)
    assert colour(seen, usual=9) == (Colour.RED, [r.POINT_RANDOM])
    more = replace(changes, paths=(*changes.paths, b"/g7"))
    assert colour(replace(seen, changes=more), usual=9) == (Colour.GREEN, [])


def test_an_indicator_is_red_after_the_first_hostile_write_and_amber_before_it() -> None:
    seen = replace(SOUND, looks=looks(200, hits=1))
    assert colour(seen) == (Colour.AMBER, [r.POINT_HITS])
    assert colour(seen, since=800.0) == (Colour.RED, [r.POINT_AFTER, r.POINT_HITS])
    assert colour(seen, since=0.0) == (Colour.RED, [r.POINT_HARM_UNKNOWN, r.POINT_HITS])


@pytest.mark.parametrize(
    ("seen", "words", "sentence"),
    [
        (SOUND, {"since": 900.0}, r.POINT_AFTER),
        (replace(SOUND, point=replace(POINT, written_at=1001.0)), {}, r.POINT_WRITTEN_AFTER),
        (replace(SOUND, point=replace(POINT, taken_at=HARM - 0.5, written_at=HARM)), {}, r.POINT_WRITTEN_AFTER),
        (replace(SOUND, point=Point("p", 1000.0)), {"since": 1000.25}, r.POINT_SAME_SECOND),
        (SOUND, {"since": 0.0}, r.POINT_HARM_UNKNOWN),
        (SOUND, {"now": 899.0}, r.POINT_IN_FUTURE),
        (replace(SOUND, looks=looks(190, 10)), {}, r.POINT_UNREADABLE),
        (replace(SOUND, changes=Changes(100, 0, 0, 0)), {"usual": 10}, r.POINT_JUMP),
        (replace(SOUND, size=6_000), {"before": SOUND}, r.POINT_SHRUNK),
        (replace(SOUND, size=20_000), {"before": SOUND}, r.POINT_GREW),
        (replace(SOUND, looks=(), files=0), {}, r.POINT_EMPTY),
        (replace(SOUND, catalogue=Catalogue.NOT_CHECKED), {}, r.POINT_UNCHECKED),
    ],
)
def test_amber_is_for_a_person_to_decide(seen: Seen, words: dict[str, object], sentence: str) -> None:
    assert colour(seen, **words) == (Colour.AMBER, [sentence])


def test_no_jump_where_so_many_change_every_time() -> None:
    assert colour(replace(SOUND, changes=Changes(100, 0, 0, 0)), usual=11)[0] is Colour.GREEN
    assert colour(replace(SOUND, changes=Changes(19, 0, 0, 0)), usual=0)[0] is Colour.GREEN


def test_grey_where_nothing_could_be_looked_at() -> None:
    assert colour(replace(SOUND, looks=())) == (Colour.GREY, [r.POINT_NOT_LOOKED])
    failed = replace(SOUND, looks=(), catalogue=Catalogue.NOT_CHECKED, fault="wrong password")
    assert colour(failed) == (Colour.GREY, [r.POINT_FAULT])
    assert judge(failed, since=HARM, now=NOW).test_restore == "not_done"


def test_data_after_the_point_must_be_entered_again() -> None:
    assert judge(SOUND, since=HARM, now=NOW).enter_after == POINT.taken_at


def test_what_is_usual_is_the_median_of_the_last_pairs() -> None:
    seen = [replace(SOUND, changes=Changes(n, 0, 0, 0)) for n in (900, 5, 6, 7, 8, 100)]
    assert usual_change([SOUND, *seen]) == 7
    assert usual_change([SOUND]) == -1


counts = st.integers(0, 300)


@given(counts, counts, st.integers(0, 20), counts, st.sampled_from(Catalogue), st.sampled_from([0.0, 899.0, 901.0]))
def test_a_green_point_was_taken_before_and_has_nothing_against_it(
    good: int, bad: int, failed: int, hits: int, catalogue: Catalogue, since: float
) -> None:
    seen = replace(SOUND, looks=looks(good, bad, failed, hits), catalogue=catalogue)
    judged = judge(seen, since=since, now=NOW)
    if judged.colour is Colour.GREEN:
        assert judged.when == "before"
        assert (failed, judged.indicators, catalogue) == (0, 0, Catalogue.WHOLE)
        assert bad < 3 or bad / (good + bad) < 0.03
    else:
        assert judged.reasons
    for reason in judged.reasons:
        assert r.read(reason.text()) == reason


def test_a_point_at_the_very_moment_of_the_harm_is_not_before_it() -> None:
    assert when_taken(replace(POINT, taken_at=HARM), HARM) == "after"


@pytest.mark.parametrize(
    ("point", "since", "when"),
    [
        (Point("a", 1000.0), 1000.25, "after"),  # whole seconds: it may have been taken at 1000.9
        (Point("a", 1000.0), 1000.999, "after"),
        (Point("a", 1000.0), 1001.0, "before"),
        (Point("a", 1000.1), 1000.2, "before"),  # a tool that keeps fractions
        (Point("a", 1000.2), 1000.2, "after"),
        (Point("a@1970-01-01T00:16:40.000000Z", 1000.0), 1000.25, "before"),  # a moment that was asked for is exact
        (Point("a", 990.0, written_at=1000.0), 1000.25, "before"),
        (Point("a", 990.0, written_at=1000.25), 1000.25, "after"),
    ],
)
def test_whole_seconds_are_taken_for_their_end(point: Point, since: float, when: str) -> None:
    assert when_taken(point, since) == when
