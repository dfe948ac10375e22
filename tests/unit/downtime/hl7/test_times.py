"""Times with and without a zone, in the hour that comes twice, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from garde.downtime.hl7.times import parse_date, parse_time, zone_of

BRUSSELS = zone_of("Europe/Brussels")


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20260115030000", utc(2026, 1, 15, 2)),  # winter
        ("20260715030000", utc(2026, 7, 15, 1)),  # summer
        ("202607150300", utc(2026, 7, 15, 1)),
        ("20260715030000.25", utc(2026, 7, 15, 1) + 0.25),
        ("20260715030000+0000", utc(2026, 7, 15, 3)),
        ("20260715030000-0430", utc(2026, 7, 15, 7, 30)),
        ("2026", utc(2025, 12, 31, 23)),
        ("20260115030060", utc(2026, 1, 15, 2, 0, 59)),  # a leap second
        ("20260329023000", utc(2026, 3, 29, 1, 30)),  # an hour that is left out: the clock had gone forward
    ],
)
def test_a_time(text: str, moment: float) -> None:
    assert parse_time(text, BRUSSELS) == moment


@pytest.mark.parametrize(
    "text", ["", "x", "20261315", "2026-01-01", "99999999999999999999", "20260230", "202601012500"]
)
def test_no_time(text: str) -> None:
    assert parse_time(text, BRUSSELS) is None


def test_in_the_hour_that_comes_twice_the_reception_decides() -> None:
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    assert parse_time("20261025023000", BRUSSELS, first + 2) == first
    assert parse_time("20261025023000", BRUSSELS, second + 2) == second
    assert parse_time("20261025023000", BRUSSELS) == first


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("19890118", "1989-01-18"),
        ("19890118000000", "1989-01-18"),
        ("198901", "1989-01"),
        ("1989", "1989"),
        ("19891399", ""),
        ("?", ""),
    ],
)
def test_a_birth_date(text: str, shown: str) -> None:
    assert parse_date(text) == shown


def test_a_zone_that_is_none() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone_of("Europe/Atlantis")
