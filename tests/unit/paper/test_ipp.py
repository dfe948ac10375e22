"""Answers of printers are hostile bytes; what we ask is what RFC 8010 says."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from garde.paper.ipp import IppError, Ticket, _asked, parse

_OK = b"\x02\x00\x00\x00\x00\x00\x00\x01"


@given(st.binary(max_size=200))
def test_an_ipp_answer_is_parsed_or_refused(raw: bytes) -> None:
    for each in (raw, _OK + raw):
        try:
            parse(each)
        except IppError:
            pass


def _attribute(tag: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def test_values_are_read_by_their_kind() -> None:
    raw = _OK + b"\x04" + _attribute(0x33, b"copies-supported", struct.pack(">ii", 1, 999))
    raw += _attribute(0x22, b"printer-is-accepting-jobs", b"\x00") + _attribute(0x21, b"job-id", struct.pack(">i", -7))
    raw += _attribute(0x44, b"sides-supported", b"one-sided") + _attribute(0x44, b"", b"two-sided-long-edge") + b"\x03"
    (group,) = parse(raw).printers()
    assert group == {
        "copies-supported": ["1-999"], "printer-is-accepting-jobs": [0], "job-id": [-7],
        "sides-supported": ["one-sided", "two-sided-long-edge"],
    }  # fmt: skip


def test_a_ticket_that_wants_nothing_is_nothing() -> None:
    assert _asked(Ticket()) == b""


def test_a_ticket_names_copies_pages_and_keywords() -> None:
    found = _asked(Ticket(3, ((1, 2), (5, 9)), {"sides": "one-sided"}))
    (group,) = parse(_OK + b"\x02" + found + b"\x03").jobs()
    assert group == {"copies": [3], "page-ranges": ["1-2", "5-9"], "sides": ["one-sided"]}
