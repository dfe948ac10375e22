"""The moments of an incident, and its story in minutes."""

from __future__ import annotations

import pytest
from console_house import ConsoleHouse, Night

from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.console.names import Names
from garde.hub.console.site import speaker
from garde.hub.console.views.incident import Told
from garde.hub.console.views.moments import after, minutes
from garde.journal.speech import Said

EN, FR = (Names(Lookup(Estate("H")), speaker(language)) for language in ("en", "fr"))


@pytest.mark.parametrize(
    ("seconds", "en", "fr"),
    [
        (0.42, "+0.4 s", "+0,4 s"), (-3.0, "+0.0 s", "+0,0 s"), (42.9, "+42 s", "+42 s"),
        (192.0, "+3 min 12 s", "+3 min 12 s"), (7_500.0, "+2 h 5 min", "+2 h 5 min"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_read_at_a_glance(seconds: float, en: str, fr: str) -> None:
    assert (after(seconds, EN), after(seconds, FR)) == (en, fr)


def test_lines_stand_together_by_minute_the_newest_first() -> None:
    times = [600.0, 185.0, 181.0, 179.0, 60.0]
    told = [Told(int(at), at, Said(""), Said("x"), "note") for at in times]
    groups = minutes(told, 60.0, EN)
    assert [[line.at for line in group.lines] for group in groups] == [[600.0], [185.0, 181.0], [179.0], [60.0]]
    assert [group.after for group in groups] == ["+9 min 0 s", "+2 min 5 s", "+1 min 59 s", "+0.0 s"]
    assert minutes([], 0.0, EN) == []


def test_moments_come_as_they_happen_and_never_before(house: ConsoleHouse, night: Night) -> None:
    browser = house.browser(house.account("ejanssens", "it_director"))

    def shown() -> str:
        incident = next(iter(house.loop.look("board", lambda board: dict(board.incidents))))
        page = browser.get(f"/incidents/{incident}").text
        return page[page.index('class="moments"') : page.index('class="columns"')]

    night.strike("files-1", files=4)
    page = shown()
    assert "first harm" in page and "stopped on that server" in page and "cut ordered" in page
    assert "cut proven" not in page and "first files put back" not in page and "somebody is there" not in page
    house.clock.advance(7.0)  # type: ignore[attr-defined]
    night.obey()
    night.put_back("files-1")
    page = shown()
    assert "cut proven" in page and "first files put back" in page and "+7." in page


def test_damage_over_time_and_progress_are_shown(house: ConsoleHouse, night: Night) -> None:
    browser = house.browser(house.account("ejanssens", "it_director"))
    night.strike("files-1", files=8)
    night.put_back("files-1", failed=2)
    incident = next(iter(house.loop.look("board", lambda board: dict(board.incidents))))
    page = browser.get(f"/incidents/{incident}").text
    assert "8 damaged" in page and "6 put back" in page and '<progress max="8" value="6"' in page
    assert page.count('<rect class="harm"') >= 1 and page.count('<rect class="back"') == 1
