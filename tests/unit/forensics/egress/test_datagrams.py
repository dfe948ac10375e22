"""NetFlow and IPFIX as bytes: what they may hold, and what anybody may send instead."""

from __future__ import annotations

import random
import struct

import pytest
from flow_makers import FIELDS10, INSIDE, NOW, OUTSIDE, Talk, data9, data10, flowset, packed, template, v5, v9, v10
from hypothesis import given
from hypothesis import strategies as st

from garde.forensics.egress.netflow.datagram import PATIENT, Datagram, Domain, read, read_head
from garde.forensics.egress.nouns import carried

FIELDS9 = [(8, 4), (12, 4), (21, 4), (22, 4), (1, 4), (2, 4), (7, 2), (11, 2), (4, 1)]
GOOD = [
    v5([Talk()], 0),
    v9([template(300, FIELDS9), data9([Talk()])], 0),
    v10([template(300, FIELDS10, ipfix=True), data10([Talk()])], 0),
]


def taken(data: bytes, domain: Domain | None = None) -> Datagram:
    return read(data, read_head(data), domain if domain is not None else Domain(), NOW)


def options9(number: int, fields: list[tuple[int, int]]) -> bytes:
    body = struct.pack(">HHH", number, 4, 4 * len(fields)) + struct.pack(">HH", 1, 4)
    return flowset(1, body + b"".join(struct.pack(">HH", *each) for each in fields))


@pytest.mark.parametrize("data", GOOD, ids=["5", "9", "10"])
def test_every_version_says_the_same(data: bytes) -> None:
    found = taken(data)
    assert [(each.source, each.target, each.bytes) for each in found.records] == [
        (packed(INSIDE), packed(OUTSIDE), 1_000_000), (packed(OUTSIDE), packed(INSIDE), 20_000),
    ]  # fmt: skip
    assert [round(each.last_ago) for each in found.records] == [10, 10]
    assert [round(each.first_ago) for each in found.records] == [15, 15]


def test_data_wait_for_their_template() -> None:
    domain = Domain()
    early = taken(v9([data9([Talk()])], 0), domain)
    assert (early.records, early.units) == ([], -1)
    late = taken(v9([template(300, FIELDS9)], 1), domain)
    assert [(at, len(records)) for at, records in late.late] == [(NOW, 2)]


def test_what_waits_is_bounded_and_what_is_thrown_away_is_counted() -> None:
    domain = Domain()
    for number in range(PATIENT + 7):
        taken(v9([data9([Talk()])], number), domain)
    assert (len(domain.waiting), domain.left_out) == (PATIENT, 7)


def test_an_answer_that_is_joined_is_read_as_such() -> None:
    fields = struct.pack(">HHHHHHHHHHHHHHI", 300, 6, 8, 4, 12, 4, 7, 2, 11, 2, 1, 8, 0x8000 | 1, 8, 29305)
    body = packed(INSIDE) + packed(OUTSIDE) + struct.pack(">HHQQ", 50_000, 443, 900, 70)
    found = taken(v10([flowset(2, fields), flowset(300, body)], 0))
    assert [(each.bytes, each.back) for each in found.records] == [(900, 70)]


def test_a_field_of_another_maker_is_passed_over() -> None:
    fields = struct.pack(">HHHHHHHHIHH", 300, 4, 8, 4, 12, 4, 0x8000 | 1, 8, 9, 1, 8)
    body = packed(INSIDE) + packed(OUTSIDE) + struct.pack(">QQ", 666, 900)
    (record,) = taken(v10([flowset(2, fields), flowset(300, body)], 0)).records
    assert (record.bytes, record.back) == (900, -1)


def test_variable_fields_are_read_by_their_length() -> None:
    fields = struct.pack(">HHHHHHHHHH", 300, 4, 8, 4, 460, 65535, 12, 4, 1, 4)
    body = b""
    for name in (b"a.example", b"x" * 300):
        length = bytes([len(name)]) if len(name) < 255 else b"\xff" + struct.pack(">H", len(name))
        body += packed(INSIDE) + length + name + packed(OUTSIDE) + struct.pack(">I", 500)
    found = taken(v10([flowset(2, fields), flowset(300, body)], 0))
    assert [each.bytes for each in found.records] == [500, 500]
    assert found.count.records == 2


def test_what_is_sampled_is_multiplied() -> None:
    assert taken(v5([Talk()], 0, sampling=0x4000 | 100)).sampling == 100
    domain = Domain()
    option = flowset(257, struct.pack(">IIB", 1, 512, 2))
    taken(v9([options9(257, [(34, 4), (35, 1)]), option], 0), domain)
    assert taken(v9([template(300, FIELDS9), data9([Talk()])], 1), domain).sampling == 512


def test_numbers_of_odd_lengths_are_read_and_headers_are_left_out() -> None:
    fields = [(8, 4), (12, 4), (1, 6), (2, 3), (4, 1)]
    body = packed(INSIDE) + packed(OUTSIDE) + (70_000).to_bytes(6, "big") + (50).to_bytes(3, "big") + b"\x11"
    (record,) = taken(v10([template(300, fields, ipfix=True), flowset(300, body)], 0)).records
    assert (record.bytes, record.packets, record.protocol, record.back, record.source_port) == (70_000, 50, 17, -1, 0)
    assert carried(70_000, 50, 17) == 68_600
    assert carried(100, 50, 6, v6=True) == 0


def test_ipv6_is_read() -> None:
    fields = [(27, 16), (28, 16), (1, 4), (7, 2), (11, 2), (4, 1)]
    body = packed("fd00::7") + packed("2001:db8::66") + struct.pack(">IHHB", 77, 5, 443, 6)
    (record,) = taken(v10([template(300, fields, ipfix=True), flowset(300, body)], 0)).records
    assert (record.source, record.bytes) == (packed("fd00::7"), 77)


@pytest.mark.parametrize(
    "sets",
    [
        [flowset(0, struct.pack(">HH", 300, 0xFFFF))],
        [flowset(0, struct.pack(">HHHH", 300, 2, 8, 4))],
        [template(300, [(8, 0), (12, 0)])],
        [template(300, [(8, 4), (1, 65535)])],
    ],
    ids=["too many fields", "cut off", "empty records", "variable in version 9"],
)
def test_a_template_that_can_not_be_is_left_aside(sets: list[bytes]) -> None:
    domain = Domain()
    assert taken(v9(sets, 0), domain).unread == 1
    assert domain.templates == {}


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\0\x05", b"\0\x09\0", b"\0\x0a\0\x10" + bytes(20), b"\0\x07" + bytes(40)]
)
def test_what_is_no_datagram_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        taken(data)


@given(st.sampled_from(GOOD), st.randoms(), st.integers(1, 12))
def test_a_damaged_datagram_is_read_or_refused(good: bytes, chance: random.Random, times: int) -> None:
    data = bytearray(good)
    for _ in range(times):
        data[chance.randrange(2, len(data))] = chance.randrange(256)
    try:
        found = taken(bytes(data[: chance.randrange(2, len(data) + 1)]))
    except ValueError:
        return
    assert len(found.records) <= len(data)
    assert all(each.first_ago >= each.last_ago >= 0 for each in found.records)


@given(st.binary(max_size=200), st.sampled_from([5, 9, 10]))
def test_garbage_is_read_or_refused(body: bytes, version: int) -> None:
    head = {5: v5([], 0), 9: v9([], 0), 10: v10([b"x" * len(body)], 0)[:16]}[version]
    try:
        taken(head + body)
    except ValueError:
        pass
