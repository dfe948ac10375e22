"""What is not understood has a reason; whose clock is wrong is not believed; nothing raises."""

from __future__ import annotations

from feed_words import adt, at, census_of, message, only, pid, pv1
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.nouns import Read
from garde.downtime.reading import visits
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7


def read(data: bytes, received: float | None = None, **words: str) -> Read:
    return read_hl7(data, 1, at(10_000) if received is None else received, "d", Manner(**words))  # type: ignore[arg-type]


def test_what_is_not_used_says_so() -> None:
    assert read(message("BAR^P01", 0, pid())).reason == "not used: BAR^P01"
    assert read(message("ADT^A45", 0, pid())).reason == "not used: ADT^A45"


def test_what_names_nobody_says_so() -> None:
    assert read(message("ADT^A01", 0, "PID|1||", pv1())).reason == "no patient"
    assert read(message("ADT^A01", 0, pv1())).reason == "no patient"
    assert read(message("ADT^A40", 0, pid())).reason == "no pair to merge"
    assert read(message("ORM^O01", 0, pid(), "ORC|NW|")).reason == "no number for the order"
    assert read(message("ORU^R01", 0, pid(), "OBR|1")).reason == "no result in it"


def test_bytes_that_are_no_message_say_so() -> None:
    assert read(b"\x00\x01nonsense").reason == "no MSH"


def test_a_fault_of_ours_is_a_reason_and_ends_nothing(monkeypatch: object) -> None:
    original = visits.statements
    try:
        visits.statements = lambda *_: {}["no such"]  # type: ignore[assignment]
        assert read(adt("A01", 0)).reason == "fault: KeyError"
    finally:
        visits.statements = original


def test_a_clock_that_runs_ahead_is_not_believed_and_said() -> None:
    found = read(adt("A01", 600), received=at(0))
    assert found.doubts == ("the sender's clock is ahead",)
    assert found.told[0].source.at == at(0)
    assert found.sent == at(600)
    census = census_of(adt("A01", 600), received=at(0))
    assert census.senders["HIS/CLINIC"].ahead_s == 36_000


def test_a_clock_that_ran_ahead_does_not_hold_what_comes_after() -> None:
    census = census_of()
    ahead, then = adt("A01", 100_000), adt("A02", 5, where=pv1("SI^01^1"))
    for seq, (data, received) in enumerate(((ahead, at(0)), (then, at(5))), 1):
        census.take(seq, received, read_hl7(data, seq, received, str(seq), Manner()))
    assert only(census).place.ward == "SI"


def test_a_message_without_a_time_counts_as_said_when_received() -> None:
    raw = adt("A01", 0).replace(b"20260302030000", b"", 1)
    assert read(raw, received=at(3)).told[0].source.at == at(3)


def test_own_authorities_need_no_prefix() -> None:
    raw = adt("A01", 0, who="PID|1||5^^^CLINIC^PI~9^^^BEL^NN||X^Y")
    assert read(raw).told[0].patient == "5^CLINIC"
    assert read_hl7(raw, 1, at(1), "d", Manner(own=("CLINIC",))).told[0].patient == "5"


def test_values_of_absurd_length_are_read() -> None:
    row = only(census_of(adt("A01", 0, who=pid("100", "D" * 100_000))))
    assert len(row.patient.person.value.family) == 100_000


def test_segments_nobody_knows_harm_nothing() -> None:
    assert read(adt("A01", 0, "ZBE|1|2|3", "ZZZ", "PRT|1", "Z^^~\\|x")).reason == ""


_WORDS = st.sampled_from(
    [
        "MSH",
        "PID",
        "PV1",
        "AL1",
        "OBX",
        "ORC",
        "RXE",
        "RXA",
        "SCH",
        "MRG",
        "|",
        "^",
        "~",
        "&",
        "\\",
        "\r",
        '""',
        "1",
        "x",
        "2026",
    ]
)
_TYPES = st.sampled_from(
    ["ADT^A01", "ADT^A40", "ADT^A17", "ORM^O01", "RDE^O11", "RDS^O13", "RAS^O17", "ORU^R01", "SIU^S12"]
)


@given(_TYPES, st.lists(_WORDS, max_size=60))
def test_hostile_segments_are_read_or_have_a_reason_that_is_no_fault(kind: str, words: list[str]) -> None:
    found = read(message(kind, 0, pid(), "".join(words)))
    assert not found.reason.startswith("fault")
