"""What goes and what stays."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from garde.settings import VaultSettings
from garde.vault import How
from garde.vault.freeze import RetentionFreeze
from garde.vault.retention import DAY, surplus

NOW = 1_700_000_000.0


class Item(NamedTuple):
    id: int
    captured_at: float
    how: int = How.COPY


def _aged(*hours: float) -> list[Item]:
    """Versions by age in hours, newest first."""
    return [Item(100 - rank, NOW - age * 3600) for rank, age in enumerate(hours)]


def test_beyond_the_count_go_but_one_a_day_old_stays() -> None:
    versions = _aged(0, 1, 2, 3, 30, 40)
    assert surplus(versions, NOW, VaultSettings(versions=3)) == [97, 95]


def test_beyond_the_days_go_but_the_newest_of_them_stays() -> None:
    versions = _aged(1, 24 * 20, 24 * 21)
    assert surplus(versions, NOW, VaultSettings(versions=5, keep_days=14)) == [98]


def test_the_newest_with_content_stays_behind_fingerprints() -> None:
    versions = [Item(9, NOW, How.NONE), Item(8, NOW - 1, How.NONE), Item(7, NOW - 2)]
    assert surplus(versions, NOW, VaultSettings(versions=1)) == [8]


@given(st.lists(st.floats(0, 60 * DAY), max_size=30), st.integers(1, 9), st.integers(0, 30))
def test_whatever_the_ages_the_newest_and_one_a_day_old_stay(ages: list[float], count: int, days: int) -> None:
    versions = [Item(1000 - rank, NOW - age) for rank, age in enumerate(sorted(ages))]
    gone = set(surplus(versions, NOW, VaultSettings(versions=count, keep_days=days)))
    kept = [item for item in versions if item.id not in gone]
    assert [item.id for item in kept[:1]] == [item.id for item in versions[:1]]
    assert any(item.captured_at <= NOW - DAY for item in kept) == any(
        item.captured_at <= NOW - DAY for item in versions
    )
    assert len(kept) <= count + 1


def _versions(share: Any, vault: Any, healthy: Any, name: str, days: list[float]) -> bytes:
    """Capture one version of `name` at each number of days from now on."""
    path = b""
    for seed, day in enumerate(days):
        path = share.write(name, healthy(1, 100 + seed))
        vault.capture(path)
        share.clock.advance(day * DAY)
        vault.retain()
    return path


def test_rows_and_objects_go_together(share: Any, healthy: Any) -> None:
    vault = share.vault(versions=5, keep_days=3)
    path = _versions(share, vault, healthy, "a.txt", [1, 1, 1, 1, 1, 1])
    kept = vault._index.versions_of(vault._index.row(path).id)
    assert 2 <= len(kept) <= 4
    assert vault.check().whole


def test_a_deleted_file_goes_after_its_days_and_not_before(share: Any, healthy: Any) -> None:
    vault = share.vault(keep_days=3)
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    vault.forget(path)
    for _ in range(3):
        share.clock.advance(0.9 * DAY)
        vault.retain()
        assert vault.find(path) is not None
    share.clock.advance(DAY)
    assert vault.retain().files == 1
    assert vault.find(path) is None
    assert vault.check().whole


def test_a_clock_set_a_year_ahead_drops_nothing_at_once(share: Any, healthy: Any) -> None:
    vault = share.vault(keep_days=3)
    gone = share.write("a.txt", healthy(1))
    vault.capture(gone)
    vault.forget(gone)
    vault.retain()
    share.clock.wall += 365 * DAY
    assert vault.retain().files == 0
    vault.close()
    vault = share.vault(keep_days=3)  # a start counts as a day at most
    assert vault.retain().files == 0
    assert vault.find(gone) is not None


def test_a_clock_set_back_drops_nothing(share: Any, healthy: Any) -> None:
    vault = share.vault(keep_days=3)
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    share.clock.wall -= 1000 * DAY
    vault.forget(path)
    vault.retain()
    share.clock.wall += 1000 * DAY
    assert vault.find(path) is not None


def test_while_retention_is_frozen_nothing_from_before_goes(share: Any, healthy: Any) -> None:
    freeze = RetentionFreeze(share.state)
    vault = share.vault(versions=2)
    path = share.write("letter.txt", healthy(0))
    vault.capture(path)
    for number in (1, 2, 3, 4, 5):
        share.clock.advance(3600)
        if number == 2:
            freeze.set(share.clock.now())
            freeze.set(share.clock.now() + 9e9)  # a freeze that stands keeps its time
            assert freeze.since() == share.clock.now()
        share.write("letter.txt", healthy(number))
        vault.capture(path)
    share.clock.advance(60 * DAY)
    assert vault.retain().versions == 0
    kept = [version.captured_at for version in vault._index.versions_of(vault._index.row(path).id)]
    assert len([at for at in kept if at <= freeze.since()]) == 3
    freeze.lift()
    freeze.lift()
    share.clock.advance(DAY)
    assert vault.retain().versions > 0


def test_moved_evidence_is_never_dropped(share: Any, healthy: Any, damage: Any) -> None:
    vault = share.vault(keep_days=1)
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    share.write("a.txt", damage(1))
    share.restore(vault, "a.txt")
    for _ in range(10):
        share.clock.advance(DAY)
        vault.retain()
    assert damage(1) in share.everything()
    assert healthy(1) in share.everything()
