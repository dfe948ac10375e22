"""How long the core sleeps while honest work goes on: what is due wins, and a storm of events is looked at in heaps."""

from __future__ import annotations

import pytest

from garde.agent.core import MANY_EVENTS, PAUSE, PAUSE_MANY, SHORTEST, pause_of


@pytest.mark.parametrize(
    ("events_per_second", "due", "pause"),
    [
        (0.0, 0.5, PAUSE),
        (600.0, 0.5, PAUSE),  # an office of 50 saves a second
        (MANY_EVENTS, 0.5, PAUSE_MANY),
        (MANY_EVENTS, 0.003, 0.003),  # a file is due to be judged
        (600.0, 0.001, 0.001),
        (MANY_EVENTS, 0.0, SHORTEST),
    ],
)
def test_the_pause(events_per_second: float, due: float, pause: float) -> None:
    assert pause_of(events_per_second, due) == pause
