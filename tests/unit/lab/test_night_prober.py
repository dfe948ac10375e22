"""The prober's questions and what it makes of the answers."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.lab.night import prober
from garde.lab.night.prober import Line, Target, _syn
from garde.lab.night.witness import refused_after


def test_a_syn_is_one_and_its_checksum_holds() -> None:
    segment = _syn("198.18.7.71", ("198.18.7.11", 445), 20_001, 5 << 24 | 9)
    source, target, sequence, _, offset, flags = struct.unpack("!HHIIBB", segment[:14])
    assert (source, target, sequence, offset, flags) == (20_001, 445, 5 << 24 | 9, 0x50, 0x02)
    # With its own checksum in it the sum over pseudo header and segment is all ones.
    pseudo = socket.inet_aton("198.18.7.71") + socket.inet_aton("198.18.7.11") + struct.pack("!HH", 6, len(segment))
    total = sum(value for (value,) in struct.iter_unpack("!H", pseudo + segment))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF


def target(sent: list[float], answered: set[int]) -> Target:
    made = Target("s", "198.18.7.11", 4, sent, answered)
    made.newest = max(answered, default=-1)
    return made


def test_refused_since_the_first_question_after_the_last_answered_one() -> None:
    line = target([1.0, 1.1, 1.2, 1.3, 1.4], {0, 2}).line()
    assert (line.last_answered, line.refused_since) == (1.2, 1.3)


def test_a_server_that_answers_to_the_end_refuses_nothing() -> None:
    assert target([1.0, 1.1], {0, 1}).line().refused_since == 0.0


def test_a_server_that_never_answered_says_nothing_of_when() -> None:
    line = target([1.0, 1.1], set()).line()
    assert (line.answered, line.refused_since) == (0, 1.0)
    assert refused_after("s", [line], 0.5) is None


def test_it_says_when_a_server_turns_and_only_then() -> None:
    made = target([1.0, 1.1], {0, 1})
    assert made.turn(1.2) == ""
    made.sent.append(1.2)
    assert made.turn(1.5) == ""
    assert made.turn(1.8) == "refused s 4"
    assert made.turn(1.9) == ""
    made.newest = 2
    assert made.turn(2.0) == "answers s 4"


class Wire:
    """A raw socket's receiving end, with one packet in it."""

    def __init__(self, family: int, packet: bytes, peer: str) -> None:
        self.family, self._packet, self._peer = family, packet, peer

    def recvfrom(self, _size: int) -> tuple[bytes, tuple[str, int]]:
        return self._packet, (self._peer, 0)


def asked(questions: int) -> prober.Prober:
    made = prober.Prober.__new__(prober.Prober)
    made.targets = [target([float(it) for it in range(questions)], set())]
    made._addresses = {"198.18.7.11"}
    return made


def answer(acknowledged: int, flags: int = 0x12, source: int = 445) -> bytes:
    return (
        b"\x45"
        + bytes(19)
        + struct.pack("!HHIIBBHHH", source, 20_000, 1, acknowledged & 0xFFFFFFFF, 0x50, flags, 0, 0, 0)
    )


def test_an_answer_counts_for_its_own_question_however_late() -> None:
    made = asked(5)
    made._take(Wire(socket.AF_INET, answer(3 + 1), "198.18.7.11"))  # type: ignore[arg-type]
    made._take(Wire(socket.AF_INET, answer(1 + 1), "198.18.7.11"))  # type: ignore[arg-type]
    assert made.targets[0].answered == {1, 3} and made.targets[0].newest == 3


@pytest.mark.parametrize(
    "packet",
    [
        answer(9),  # a question that was not asked
        answer(2, flags=0x14),  # RST: the port is closed
        answer(2, source=139),
        answer(0),
        answer(1 + (7 << 24)),  # no such target
        b"",
        b"\x45",
        b"\x4f" + bytes(30),
    ],
)
def test_what_is_no_answer_counts_for_nothing(packet: bytes) -> None:
    made = asked(5)
    made._take(Wire(socket.AF_INET, packet or b"\x45", "198.18.7.11"))  # type: ignore[arg-type]
    assert made.targets[0].answered == set()


@given(st.binary(min_size=1, max_size=80), st.sampled_from([socket.AF_INET, socket.AF_INET6]))
def test_no_packet_upsets_it(packet: bytes, family: int) -> None:
    made = asked(3)
    made._take(Wire(family, packet, "198.18.7.11"))  # type: ignore[arg-type]
    assert made.targets[0].answered <= {0, 1, 2}


def line(version: int, since: float, last: float = 9.0, answered: int = 5) -> Line:
    return Line("s", version, 100, answered, 0.0, last, since - 0.02, since)


def test_refused_is_the_later_of_both_versions() -> None:
    assert refused_after("s", [line(4, 1.5), line(6, 1.7)], 1.0) == pytest.approx(0.7)


def test_one_version_that_still_answers_is_not_refused() -> None:
    assert refused_after("s", [line(4, 1.5), line(6, 0.0)], 1.0) is None
    assert refused_after("s", [line(4, 1.5), line(6, 8.9)], 1.0) is None, "not yet silent for half a second"


def test_a_server_that_refused_before_the_attack_refused_at_once() -> None:
    assert refused_after("s", [line(4, 0.5), line(6, 0.5)], 1.0) == 0.0
    assert refused_after("s", [line(4, 1.5)], 0.0) is None, "there was no attack"
