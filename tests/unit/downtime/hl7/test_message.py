"""Messages as they really come, and as nobody should send them."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.hl7.ack import Answer, acknowledge, assess
from garde.downtime.hl7.message import Unreadable, parse

HEAD = b"MSH|^~\\&|HIS|CLINIC|X|Y|20260302030000||ADT^A01|7|P|2.4||||||"


def test_fields_components_repetitions_and_parts() -> None:
    found = parse(HEAD + b"\rPID|1||5^^^A&1.2&ISO^MR~6^^^B^SS||Noir^Anne^M\rZZZ|what^ever\r")
    pid = found.first("PID")
    assert pid is not None
    assert (pid.get(3), pid.get(3, 4), pid.get(3, 4, 2), pid.get(3, 5)) == ("5", "A", "1.2", "MR")
    assert pid.repetitions(3) == ["5^^^A&1.2&ISO^MR", "6^^^B^SS"]
    assert (pid.get(99), pid.get(5, 9), pid.get(3, 1, 2)) == ("", "", "")
    assert (found.kind, found.sender, found.control) == ("ADT^A01", "HIS/CLINIC", "7")


def test_other_delimiters() -> None:
    found = parse(b"MSH$%*!@$A$B$$$2026$$ORU%R01$9$P$2.3\rPID$1$$5%%%X*6\r")
    assert (found.kind, found.get("PID", 3), found.get("PID", 3, 4)) == ("ORU^R01", "5", "X")


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (rb"a\T\b\S\c\F\d\R\e\E\f", "a&b^c|d~e\\f"),
        (rb"one\.br\two", "one\ntwo"),
        (rb"\H\bold\N\ end", "bold end"),
        (rb"\X41\ \X4\ \Q\ \ ", "A \\X4\\ \\Q\\ \\"),
        (rb"open\T", "open\\T"),
    ],
)
def test_escapes(raw: bytes, meant: str) -> None:
    assert parse(HEAD + b"\rNTE|1||" + raw).get("NTE", 3) == meant


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_line_ends_of_all_kinds(end: bytes) -> None:
    assert [s.name for s in parse(HEAD + end + b"EVN|A01" + end + end + b"PID|1" + end).segments] == [
        "MSH",
        "EVN",
        "PID",
    ]


def test_lines_that_are_no_segments_are_a_doubt_not_an_end() -> None:
    found = parse(HEAD + b"\rPID|1||5\rthis is no segment\r{}\r")
    assert found.get("PID", 3) == "5"
    assert found.doubts == ("2 lines are no segments",)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"), (b"\r\n", "empty"), (b"PID|1", "no MSH"), (b"MSH", "delimiters"), (b"MSH|", "delimiters"),
        (b"MSH|||||", "delimiters"), (b"MSHAabcd", "delimiters"), (b"MSH|^~\\&|A|B", "no type"),
        (b"FHS|^~\\&|", "batch"),
        (b"{\"a\": 1}", "no MSH"),
    ],
)  # fmt: skip
def test_what_is_no_message_has_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(raw)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("label", "name", "text", "doubt"),
    [
        ("8859/1", "iso8859-1", "Müller", ""),
        ("UNICODE UTF-8", "utf-8", "Šárka Ćosić", ""),
        ("8859/2", "iso8859-2", "Šárka", ""),
        ("ISO IR87", "iso2022_jp", "山田", ""),
        ("GB 18030-2000", "gb18030", "王", ""),
        ("", "utf-8", "Noël", ""),
        ("8859/1", "utf-8", "Noël", "labelled 8859/1, but it is UTF-8"),
        ("UNICODE UTF-8", "cp1252", "Noël", "labelled UNICODE UTF-8, but it is not; read as cp1252"),
        ("ASCII", "utf-8", "Noël", "labelled ASCII, but it is not; read as UTF-8"),
        ("", "cp1252", "Noël", "no character set was named; read as cp1252"),
        ("KLINGON", "utf-8", "Noël", "the character set 'KLINGON' is not known; read as UTF-8"),
    ],
)
def test_character_sets_right_wrong_and_missing(label: str, name: str, text: str, doubt: str) -> None:
    raw = HEAD + label.encode() + b"\rPID|1||5||" + text.encode(name)
    found = parse(raw)
    if name not in ("iso2022_jp",):  # pure seven-bit bytes: no label is needed to see that they are ASCII
        assert found.get("PID", 5) == text
    assert found.doubts == ((doubt,) if doubt else ())


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_reason(raw: bytes) -> None:
    for data in (raw, HEAD + b"\r" + raw, b"MSH|" + raw):
        try:
            found = parse(data)
        except Unreadable as error:
            assert error.reason
        else:
            for segment in found.segments:
                assert [segment.text(n) for n in range(len(segment.fields) + 1)][-1] == ""
        assert acknowledge(data, assess(data), "", "20260302").count(b"MSA|" if data[3:4] == b"|" else b"MSA") >= 1


@given(st.text(alphabet="ab\\FSTREX.br41^&~", max_size=40))
def test_escapes_never_fail_and_leave_plain_text_as_it_is(text: str) -> None:
    found = parse(HEAD + b"\rNTE|1||" + text.encode()).first("NTE")
    assert found is not None
    found.get(3)
    if "\\" not in text:
        assert found.marks.unescaped(text) == text


def test_an_acknowledgement_turns_the_address_round_and_names_the_message() -> None:
    answer = parse(acknowledge(HEAD + b"\rPID|1\r", Answer.ACCEPTED, "", "20260302030001"))
    assert (answer.kind, answer.header.get(3), answer.header.get(5), answer.header.get(12)) == (
        "ACK^A01",
        "X",
        "HIS",
        "2.4",
    )
    assert (answer.get("MSA", 1), answer.get("MSA", 2)) == ("AA", "7")


def test_what_has_no_header_is_answered_with_an_error_and_hostile_words_make_no_segment() -> None:
    assert assess(b"nonsense") is Answer.ERROR
    assert assess(HEAD) is Answer.ACCEPTED
    answer = parse(acknowledge(b"nonsense", Answer.ERROR, "a|b\rMSA|AA|x", "20260302"))
    assert (answer.get("MSA", 1), answer.get("MSA", 3)) == ("AE", "a b MSA AA x")
    assert len(answer.segments) == 2


def test_python_hl7_sees_the_same_fields() -> None:
    hl7 = importlib.import_module("hl7")
    raw = HEAD + b"\rPID|1||5^^^A^MR~6^^^B^SS||Noir^Anne^M\rPV1|1|I|W^R^B\r"
    ours, theirs = parse(raw), hl7.parse(raw.decode())
    for segment in ours.segments[1:]:
        for number in range(1, len(segment.fields)):
            assert segment.raw(number) == str(theirs.segment(segment.name)[number])
