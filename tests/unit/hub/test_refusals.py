"""Refused messages: bundled, bounded, and without the words of whoever sent them."""

from __future__ import annotations

from garde.clock import VirtualClock
from garde.hub.refusals import KINDS_A_SECOND, MANY, Refusals
from garde.journal.hub_kinds import EnvelopeRefused
from garde.journal.payload import Payload


def desk(clock: VirtualClock) -> tuple[Refusals, list[Payload]]:
    said: list[Payload] = []
    return Refusals(said.extend, clock), said


def test_the_same_is_written_once_a_second_with_its_count(clock: VirtualClock) -> None:
    refusals, said = desk(clock)
    for _ in range(30):
        refusals.note("files-1", "FORGED", "not signed by it", "10.0.0.9")
        refusals.tick()
    assert said == [EnvelopeRefused("files-1", "FORGED", "not signed by it", "10.0.0.9", 1)]
    clock.advance(1)
    refusals.tick()
    assert said[1:] == [EnvelopeRefused("files-1", "FORGED", "not signed by it", "10.0.0.9", 29)]
    clock.advance(1)
    refusals.tick()
    assert len(said) == 2


def test_a_flood_of_different_ones_does_not_fill_the_journal(clock: VirtualClock) -> None:
    refusals, said = desk(clock)
    for number in range(10_000):
        refusals.note(f"machine-{number}", "UNKNOWN-SENDER", "not known here", "10.0.0.9")
    refusals.tick()
    assert len(said) == KINDS_A_SECOND + 1
    last = said[-1]
    assert isinstance(last, EnvelopeRefused) and (last.code, last.count) == (MANY, 10_000 - KINDS_A_SECOND)


def test_what_a_message_claims_is_not_repeated(clock: VirtualClock) -> None:
    refusals, said = desk(clock)
    refusals.note("\x1b[2J" * 50, "MALFORMED", "its header says \x1b[2J" + "x" * 5000, "10.0.0.9")
    refusals.tick()
    (only,) = said
    assert isinstance(only, EnvelopeRefused)
    assert only.machine == "" and "\x1b" not in only.reason and len(only.reason) <= 200


def test_at_the_end_what_was_counted_is_written_at_once(clock: VirtualClock) -> None:
    refusals, said = desk(clock)
    refusals.note("a", "FORGED", "r", "")
    refusals.tick()
    refusals.note("a", "FORGED", "r", "")
    refusals.tick(now=True)
    assert len(said) == 2
