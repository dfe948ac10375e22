"""One test per rule of `garde.downtime.silence`."""

from __future__ import annotations

from garde.downtime.silence import Feed, freshness

HOUR = 3600.0


def test_rule_1_nothing_heard_yet() -> None:
    assert freshness(None, 0.0, 10.0, {}).feed is Feed.WAITING
    assert freshness(None, 0.0, HOUR, {}).feed is Feed.SILENT
    assert freshness(None, 0.0, 10.0, {}).age_s is None


def test_rule_2_an_hour_without_a_message_is_silence() -> None:
    assert freshness(0.0, -9e9, HOUR - 1, {}).feed is Feed.HEARD
    assert freshness(0.0, -9e9, HOUR, {}).feed is Feed.SILENT
    assert freshness(HOUR, -9e9, HOUR, {}).feed is Feed.HEARD
    assert freshness(0.0, -9e9, 60.0, {}, silent_s=60.0).feed is Feed.SILENT


def test_rule_3_one_system_may_fall_silent_while_others_go_on() -> None:
    found = freshness(7 * HOUR, 0.0, 7 * HOUR, {"LIS": 0.0, "HIS": 7 * HOUR})
    assert (found.feed, found.silent) == (Feed.HEARD, ("LIS",))


def test_rule_4_a_clock_that_goes_back_does_nothing() -> None:
    found = freshness(100.0, 0.0, 50.0, {"HIS": 100.0})
    assert (found.feed, found.age_s, found.silent) == (Feed.HEARD, 0.0, ())
