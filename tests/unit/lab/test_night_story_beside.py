"""The story's own times, as the final report reads them."""

from __future__ import annotations

from pathlib import Path

from garde.hub.final.beside import read_beside
from garde.lab.night.story import BEGINS, clock
from garde.lab.night.story_beside import STORY, story_file


def test_the_story_comes_back_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "story.json"
    file.write_bytes(story_file())
    assert read_beside(file) == STORY


def test_its_clock_is_the_story_s() -> None:
    times = {each.key: clock(each.at_s) for each in STORY.moments}
    assert times["noticed"] == "03:00:00" and times["understood"] == times["cut"] == "06:00:00"
    assert times["restart"] == "06:00:00" and BEGINS == 3 * 3600.0
    assert all(each.text.keys() == {"en", "fr"} for each in STORY.moments)
