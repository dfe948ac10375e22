"""Counters of a switch that are seconds old: when they prove something."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from garde.clock import VirtualClock
from garde.contain.actions.frames import frames_come_in

PORT, UPLINK = 3, 1


class Wire:
    """A switch that copies its counters every `every` seconds, and a machine that sends while its port is open."""

    def __init__(self, every: float, *, opened: bool, uplink: bool = True, moved: float = 0.0) -> None:
        self.clock, self.every, self.opened, self.uplink = VirtualClock(), every, opened, uplink
        self.port = self.asked = 0
        self.since = self.clock.monotonic() - moved  # when the copy was made
        self.copy = {PORT: 0, UPLINK: 0}
        self.port = 900  # came in before the port was shut, after the copy

    def speak(self) -> None:
        self.clock.advance(0.5)
        self.port += 100 * self.opened

    def read(self) -> dict[int, int]:
        self.asked += self.uplink
        if self.clock.monotonic() - self.since >= self.every:
            self.copy, self.since = {PORT: self.port, UPLINK: self.asked}, self.clock.monotonic()
        return dict(self.copy)

    def says(self) -> bool | None:
        return frames_come_in(self.read, PORT, self.speak, monotonic=self.clock.monotonic)


@pytest.mark.parametrize("every", [0.0, 0.7, 3.0, 5.0])
@pytest.mark.parametrize("moved", [0.0, 1.4, 2.9])
def test_a_shut_port_is_quiet_whenever_the_copy_was_made(every: float, moved: float) -> None:
    assert Wire(every, opened=False, moved=moved).says() is False


@pytest.mark.parametrize("every", [0.0, 0.7, 3.0, 5.0])
@pytest.mark.parametrize("moved", [0.0, 1.4, 2.9])
def test_an_open_port_is_seen_whenever_the_copy_was_made(every: float, moved: float) -> None:
    assert Wire(every, opened=True, moved=moved).says() is True


def _frozen() -> Callable[[], dict[int, int]]:
    return lambda: {PORT: 7, UPLINK: 7}


def test_counters_that_never_move_prove_nothing() -> None:
    wire = Wire(0.0, opened=True)
    assert frames_come_in(_frozen(), PORT, wire.speak, monotonic=wire.clock.monotonic) is None
    assert Wire(60.0, opened=True).says() is None


def test_one_new_copy_alone_proves_nothing() -> None:
    assert Wire(9.0, opened=False, uplink=False).says() is None
