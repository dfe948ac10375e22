"""One test per rule of `garde.downtime.mllp`, and hostile streams in any pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.mllp import NOISE_KEPT, Broken, Deframer, Frame, Noise, Piece, TooLong, frame

A, B = b"MSH|^~\\&|A\rPID|1\r", b"MSH|^~\\&|B\r"


def pieces(*chunks: bytes, longest: int = 1 << 20, close: bool = True) -> list[Piece]:
    stream = Deframer(longest)
    found = [piece for chunk in chunks for piece in stream.feed(chunk)]
    return found + (stream.close() if close else [])


def test_rule_1_a_frame_is_between_vt_and_fs_cr() -> None:
    assert pieces(frame(A) + frame(B)) == [Frame(A), Frame(B)]
    assert pieces(frame(b"x\x1cy")) == [Frame(b"x\x1cy")]


def test_rule_2_noise_is_handed_out_up_to_a_bound_and_begins_no_message() -> None:
    assert pieces(b"GET / HTTP/1.1\r\n" + frame(A)) == [Noise(b"GET / HTTP/1.1"), Frame(A)]
    stream = Deframer()
    kept = b"".join(p.data for _ in range(100) for p in stream.feed(b"n" * 1000) if isinstance(p, Noise))
    assert len(kept) == NOISE_KEPT
    assert stream.noise == 100_000
    assert stream.feed(frame(A)) == [Frame(A)]
    assert pieces(b"\r\n\x00" + frame(A)) == [Frame(A)]


def test_rule_3_a_message_that_begins_in_another_cuts_that_one_off() -> None:
    assert pieces(b"\x0b" + A[:8] + frame(B)) == [Broken(A[:8]), Frame(B)]
    assert pieces(b"\x0b" + A[:8], b"\x0bM", b"SH|rest\x1c\r") == [Broken(A[:8]), Frame(b"MSH|rest")]
    assert pieces(b"\x0bone\x0btwo\x1c\r") == [Frame(b"one\x0btwo")]


def test_rule_4_fs_before_the_next_vt_ends_it_too() -> None:
    assert pieces(b"\x0b" + A + b"\x1c" + frame(B)) == [Frame(A), Frame(B)]


def test_rule_5_a_frame_that_lacks_its_cr_is_taken_when_the_line_falls_silent() -> None:
    stream = Deframer()
    assert stream.feed(b"\x0b" + A + b"\x1c") == []
    assert stream.unsettled
    assert stream.settle() == [Frame(A)]
    assert stream.settle() == []
    assert stream.feed(b"\r" + frame(B)) == [Frame(B)]


def test_rule_6_what_is_too_long_is_not_kept_and_the_next_is_read() -> None:
    long = b"MSH|" + b"x" * 50_000
    found = pieces(*[frame(long)[n : n + 777] for n in range(0, len(long) + 3, 777)], frame(A), longest=20_000)
    assert [type(each) for each in found] == [TooLong, Frame]
    assert isinstance(found[0], TooLong)
    assert found[0].size == len(long)
    assert found[0].head.startswith(b"MSH|xxx")
    assert pieces(frame(long), longest=20_000)[0] == found[0]


def test_rule_7_the_end_of_the_stream_hands_out_what_there_is() -> None:
    assert pieces(frame(A) + b"\x0b" + B) == [Frame(A), Broken(B)]
    assert pieces(b"\x0b" + A + b"\x1c") == [Frame(A)]


def test_twenty_megabytes_in_small_pieces_are_one_frame() -> None:
    big = frame(A + b"OBX|1|ED|doc||^^^Base64^" + b"QUJD" * (5 << 20) + b"\r")
    found = pieces(*[big[n : n + 65_536] for n in range(0, len(big), 65_536)], longest=64 << 20)
    assert found == [Frame(big[1:-2])]


@given(st.lists(st.binary(max_size=60).filter(lambda b: not set(b) & {0x0B, 0x1C}), max_size=6), st.data())
def test_in_any_pieces_the_same_messages_come_out(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert pieces(*chunks) == [Frame(each) for each in messages]


@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"MSH", b"x", b"|"]), max_size=60))
def test_hostile_bytes_never_stop_it_and_the_next_frame_is_always_found(parts: list[bytes]) -> None:
    stream = Deframer()
    for part in parts:
        stream.feed(part)
    assert stream.feed(b"\x1c\r" + frame(A))[-1:] == [Frame(A)]
