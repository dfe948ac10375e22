"""What the pages of the way back work out themselves: what is expected when, the order as a form, typed times."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import UsageError
from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine
from garde.hub.console.names import Names
from garde.hub.console.pages.points import past_time
from garde.hub.console.site import speaker
from garde.hub.console.views.draft import MOST, draft, seconds_of_hours, seen, waves_of_form
from garde.hub.console.views.steps import flow_words
from garde.hub.console.views.waves import Speech, blocked_words, expected, headline, waves_page
from garde.journal.speech import Said
from garde.model.restart import Stage
from garde.recovery import reasons as r
from garde.recovery.judged import Row, Span, Wave
from garde.recovery.reasons import because

T, H = 1_731_899_460.0, 3_600.0
HOURS = (4 * H, H)
LOOK = Lookup(Estate("Clinique", machines=(Machine("a", "Alpha", "server", ("10.0.0.1",), agent=True),)))
NAMES = Names(LOOK, speaker("en"))
SPEECH = Speech(NAMES, lambda reason: Said(reason.text()), Said, T)


def row(stage: str, machine: str = "a", *, wave: int = 1, due: float = 0.0, spans: tuple[Span, ...] = (),
        begun: int = 1) -> Row:  # fmt: skip
    return Row(machine, wave, stage, begun, "not_impacted", T - H, due, spans=spans)


def shown(*waves: Wave) -> dict[str, list[tuple[str, float, float]]]:
    """What is expected of each machine, in hours from now, as the picture is given it."""
    from garde.hub.console.views import waves as module

    lanes = module._lanes(waves, HOURS, T)
    return {
        lane.id: [(span.stage, (span.begin - T) / H, (span.end - T) / H) for span in lane.spans if span.expected]
        for lane in lanes
    }


# --- what is expected -------------------------------------------------------------------------------------------------


def test_one_that_is_watched_or_listed_goes_on_when_its_time_is_over() -> None:
    assert expected(row(Stage.OBSERVING, due=T + 2 * H), T, HOURS, T)[1] == T + 2 * H
    spans, free = expected(row(Stage.LISTED, due=T + H / 2), T, HOURS, T)
    assert [(span.stage, span.end) for span in spans] == [("listed", T + H / 2)] and free == T
    assert expected(row(Stage.OPEN), T, HOURS, T) == ([], T)
    late, _ = expected(row(Stage.OBSERVING, due=T - H), T, HOURS, T)  # it waits for signatures
    assert [(span.stage, span.begin, span.end) for span in late] == [("listed", T, T + H)]


@pytest.mark.parametrize("stage", [Stage.ISOLATED, Stage.VERIFIED])
def test_one_at_its_gate_could_be_watched_from_now_on(stage: Stage) -> None:
    spans, free = expected(row(stage), T, HOURS, T)
    assert [(span.stage, span.begin, span.end) for span in spans] == [
        ("observing", T, T + 4 * H), ("listed", T + 4 * H, T + 5 * H),
    ] and free == T + 4 * H  # fmt: skip


def test_one_that_waits_begins_when_the_waves_before_it_are_listed() -> None:
    first = Wave(1, (row(Stage.OPEN, "a"), row(Stage.OBSERVING, "b", due=T + 2 * H)))
    second = Wave(2, (row(Stage.WAITING, "c", wave=2, begun=0),))
    third = Wave(3, (row(Stage.WAITING, "d", wave=3, begun=0),))
    found = shown(first, second, third)
    assert found["c"] == [("observing", 2.0, 6.0), ("listed", 6.0, 7.0)]
    assert found["d"] == [("observing", 6.0, 10.0), ("listed", 10.0, 11.0)]


def test_nothing_is_expected_of_one_that_was_cut_again_nor_of_a_wave_after_it() -> None:
    first = Wave(1, (row(Stage.RECUT, "a"),))
    second = Wave(2, (row(Stage.WAITING, "c", wave=2, begun=0),))
    assert shown(first, second) == {"a": [], "c": []}
    in_none = Wave(0, (row(Stage.WAITING, "x", wave=0),))
    assert shown(in_none)["x"] == []


def test_the_most_serious_is_said_first() -> None:
    cut, waits, opened = row(Stage.RECUT), row(Stage.WAITING, begun=0), row(Stage.OPEN)
    titles = [
        headline(rows, NAMES, decided=decided).title
        for rows, decided in (([opened, cut], True), ([waits], False), ([waits], True), ([opened, waits], True),
                              ([opened], True))
    ]  # fmt: skip
    assert titles == [
        "Cut again: Alpha", "No way back has begun", "The order is decided", "The way back is under way",
        "Every planned server is back",
    ]  # fmt: skip


def test_what_keeps_a_server_names_items_by_their_numbers_and_what_it_waits_for_once() -> None:
    found = (because(r.B_UNTIL, until="1"), because(r.B_CUT, cut="c-1"), because(r.B_ITEM, number=3),
             because(r.G_NOT_ANSWERED), because(r.B_ITEM, number=13), because(r.G_NOT_SIGNED, side="it"))  # fmt: skip
    assert blocked_words(found, SPEECH) == ("another cut still holds it: c-1", "items 3, 13 of the gate")
    assert blocked_words(found[2:4], SPEECH) == ("item 3 of the gate",)
    assert blocked_words((), SPEECH) == ()


def test_nothing_is_drawn_before_anything_began_and_words_say_what_the_picture_shows() -> None:
    waits = Wave(1, (row(Stage.WAITING, begun=0),))
    page = waves_page([waits], SPEECH, hours=HOURS, decided=Said(""), watch_until=-1.0)
    assert page.chart is None and page.watch_until == 0
    begun = Wave(
        1,
        (
            row(
                Stage.OBSERVING,
                due=T + H,
                spans=(Span("isolated", 1, T - 2 * H, T - H), Span("observing", 1, T - H, 0.0)),
            ),
        ),
    )
    page = waves_page([begun], SPEECH, hours=HOURS, decided=Said("x"), watch_until=T + 9)
    assert page.chart is not None and page.expects and page.in_words == "Alpha: watched" and page.watch_until == T + 9


def test_a_flow_is_told_by_who_is_at_its_other_end() -> None:
    assert [flow_words(each, NAMES) for each in ("10.0.0.1", "10.0.0.1:445/tcp", "[fd00::9]:53/udp")] == [
        "Alpha", "Alpha (445/tcp)", "fd00::9 (53/udp)",
    ]  # fmt: skip


# --- the order, as a form ---------------------------------------------------------------------------------------------

IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=12)


@given(st.dictionaries(IDS, st.integers(0, MOST), max_size=30))
def test_a_form_means_waves_without_gaps_and_keeps_every_server_once(chosen: dict[str, int]) -> None:
    waves = waves_of_form({f"wave.{name}": str(number) for name, number in chosen.items()} | {"observe": "4"})
    assert all(waves) and sorted(name for wave in waves for name in wave) == sorted(
        name for name, number in chosen.items() if number
    )
    order = [chosen[name] for wave in waves for name in wave]
    assert order == sorted(order)


@given(st.lists(st.lists(IDS, min_size=1, max_size=4), max_size=6))
def test_what_is_shown_comes_back_as_it_was(waves: list[list[str]]) -> None:
    taken: set[str] = set()
    unique = [[name for name in wave if not (name in taken or taken.add(name))] for wave in waves]  # type: ignore[func-returns-value]
    unique = [list(dict.fromkeys(wave)) for wave in unique if wave]
    made = draft(unique, ["a"], NAMES, hours=HOURS)
    again = waves_of_form({f"wave.{each.id}": str(each.wave) for each in made.rows})
    assert [sorted(wave) for wave in again] == [sorted(wave) for wave in unique]
    assert "a" in {each.id for each in made.rows} and (made.observe, made.listed) == ("4", "1")


@pytest.mark.parametrize("number", ["-1", "61", "x", "", "1.5", "²", "9" * 500])
def test_what_is_no_wave_is_refused(number: str) -> None:
    with pytest.raises(UsageError):
        waves_of_form({"wave.a": number})


def test_hours_are_typed_with_a_point_or_a_comma() -> None:
    assert [seconds_of_hours(each) for each in ("4", " 0.5", "2,25", "0")] == [4 * H, H / 2, 2.25 * H, 0.0]
    french = draft([], [], Names(LOOK, speaker("fr")), hours=(1_800.0, 5_400.0))
    assert (french.observe, french.listed) == ("0,5", "1,5")


@given(st.text(max_size=20))
def test_other_words_are_no_hours(text: str) -> None:
    try:
        assert 0 <= seconds_of_hours(text) <= 60 * 24 * H
    except UsageError:
        pass


def test_other_warnings_are_other_ones() -> None:
    assert seen([Said("a"), Said("b")]) != seen([Said("a")]) != seen([])


# --- times ------------------------------------------------------------------------------------------------------------


def test_a_time_gone_by_is_a_date_or_the_last_such_time() -> None:
    now = datetime(2026, 11, 24, 5, 0).timestamp()
    assert past_time("03:07", now) == datetime(2026, 11, 24, 3, 7).timestamp()
    assert past_time("23:30", now) == datetime(2026, 11, 23, 23, 30).timestamp()
    assert past_time(" 2026-11-22 01:02 ", now) == datetime(2026, 11, 22, 1, 2).timestamp()
    for wrong in ("", "soon", "25:00", "2026-13-01 00:00"):
        with pytest.raises(UsageError):
            past_time(wrong, now)
