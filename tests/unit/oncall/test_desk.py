"""What is shown of calling (garde.hub.calls_desk): the whole board, and one glance."""

from __future__ import annotations

import pytest
from oncall_house import MODEM, PRINTER, House

from garde.hub.calls_desk import call_board, calls_now
from garde.journal import hub_kinds as h
from garde.journal import oncall_kinds as o


@pytest.fixture
def called(house: House) -> House:
    """Ann was called about an incident and a notice in one page, then Ben."""
    house.incident()
    house.say(house.notice())
    house.pass_time(70)
    return house


@pytest.mark.parametrize("restart", [False, True])
def test_each_call_has_its_own_pages(called: House, restart: bool) -> None:
    if restart:
        called.restart()
    board = call_board(called.loop, called.clock.now())
    assert [each.notice for each in board.calls] == ["n-1", "oncall:incident:i-1"]
    for call in board.calls:
        assert [(each.channel, each.person) for each in call.pages] == [
            ("printer", ""), ("modem", "ann"), ("modem", "ben"),
        ]  # fmt: skip


@pytest.mark.parametrize("restart", [False, True])
def test_what_a_channel_hangs_on(called: House, restart: bool) -> None:
    called.say(h.MachineCut("sw", "c-9", "isolate"))
    if restart:
        called.restart()
    rows = {each.name: each for each in call_board(called.loop, called.clock.now()).channels}
    assert (rows[MODEM.name].hangs_on, rows[MODEM.name].falls_now) == ((), "")
    assert (rows[PRINTER.name].hangs_on, rows[PRINTER.name].falls_now) == (("sw", "pc"), "pc")


def test_one_glance_shows_the_same_calls_and_who_is_on_duty(called: House) -> None:
    now = called.clock.now()
    found, board = calls_now(called.loop, now), call_board(called.loop, now)
    assert found.calls == board.calls and found.configured
    assert found.on_duty == board.duty[0].now == ("ann", "ben")
    called.say(o.DutyChanged("d-1", "on_call_it", ("zoe",), now, now + 60, "eve.l"))
    assert calls_now(called.loop, now).on_duty[0] == "zoe"
