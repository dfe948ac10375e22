"""How often somebody may try: one test for each rule."""

from __future__ import annotations

from garde.clock import VirtualClock
from garde.trust.throttle import PER_ADDRESS, PER_LOGIN, ROOM, Buckets, Limit, Throttle, place_of


def _tries(throttle: Throttle, address: str, login: str, *, known: bool = False, count: int = 100) -> int:
    return sum(throttle.try_now(address, login, known=known) == 0 for _ in range(count))


def test_one_address_has_ten_tries_then_one_every_ten_seconds() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    assert _tries(throttle, "10.0.0.1", "") == PER_ADDRESS.at_once
    assert 0 < throttle.try_now("10.0.0.1") <= PER_ADDRESS.every_s
    clock.advance(PER_ADDRESS.every_s)
    assert _tries(throttle, "10.0.0.1", "") == 1
    assert throttle.try_now("10.0.0.2") == 0


def test_one_login_has_thirty_tries_from_anywhere() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    assert sum(_tries(throttle, f"10.0.{n}.1", "carla", count=1) for n in range(100)) == PER_LOGIN.at_once


def test_nobody_can_lock_out_a_known_place() -> None:
    throttle = Throttle(VirtualClock())
    for n in range(100):
        throttle.try_now(f"10.0.{n}.1", "carla")
    assert throttle.try_now("10.20.20.5", "carla") > 0
    assert throttle.try_now("10.20.20.5", "carla", known=True) == 0


def test_a_right_password_gives_its_try_back() -> None:
    throttle = Throttle(VirtualClock())
    for _ in range(100):
        assert throttle.try_now("10.0.0.1", "carla") == 0
        throttle.give_back("10.0.0.1", "carla")


def test_an_ipv6_client_cannot_change_its_address_for_more_tries() -> None:
    assert place_of("fd20::1:2:3:4") == place_of("fd20::9:8:7:6") != place_of("fd20:0:0:1::1")
    assert place_of("::ffff:10.0.0.1") == place_of("10.0.0.1")
    assert place_of("fe80::1%eth0") == place_of("fe80::2")
    assert place_of("rubbish" * 50) == ("rubbish" * 50)[:64]


def test_it_remembers_no_more_than_it_has_room_for() -> None:
    buckets = Buckets(Limit(1, 10), VirtualClock(), room=3)
    for key in "abcd":
        buckets.take(key)
    assert [buckets.wait(key) for key in "abcd"] == [0, 10, 10, 10]
    assert ROOM >= 1000
