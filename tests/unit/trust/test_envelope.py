"""Envelopes: what was not sealed for us, by whom it says, now and for the first time, is refused with its reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.trust.envelope import (
    HUB,
    MAX_BYTES,
    MAX_SEQ,
    Code,
    Envelope,
    EnvelopeRefusedError,
    claimed_sender,
    is_name,
    open_sealed,
    seal,
)
from garde.trust.keys import PublicKey, SigningKey

AGENT, HUB_KEY, STRANGER = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
KEYS = {"files-1": AGENT.public, HUB: HUB_KEY.public}
NOW = 1_900_000_000.0


def sealed(key: SigningKey = AGENT, **changed: object) -> bytes:
    words: dict[str, object] = {
        "sender": "files-1", "recipient": HUB, "seq": 7, "kind": "report", "body": b'{"entries":[]}', "now": NOW,
        "ttl": 60.0, **changed,
    }  # fmt: skip
    return seal(key, **words)  # type: ignore[arg-type]


def opened(raw: bytes, **changed: object) -> Envelope:
    words: dict[str, object] = {"key_of": KEYS.get, "recipient": HUB, "now": NOW + 1, "last_seq": 6, **changed}
    return open_sealed(raw, **words)  # type: ignore[arg-type]


def refusal(raw: bytes, **changed: object) -> EnvelopeRefusedError:
    with pytest.raises(EnvelopeRefusedError) as caught:
        opened(raw, **changed)
    return caught.value


def test_what_was_said_comes_out() -> None:
    found = opened(sealed())
    assert found == Envelope("files-1", HUB, "report", 7, NOW, NOW + 60, b'{"entries":[]}')


@given(st.binary(max_size=2000), st.integers(1, MAX_SEQ))
def test_every_body_and_number_goes_through(body: bytes, seq: int) -> None:
    found = opened(sealed(body=body, seq=seq), last_seq=seq - 1)
    assert (found.body, found.seq) == (body, seq)


@given(st.binary(max_size=600))
def test_noise_is_refused_and_nothing_else_happens(raw: bytes) -> None:
    assert refusal(raw).code is Code.MALFORMED


@given(st.data())
def test_no_single_changed_byte_goes_unseen(data: st.DataObject) -> None:
    raw = bytearray(sealed())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    assert refusal(bytes(raw)).code in (Code.MALFORMED, Code.FORGED, Code.UNKNOWN_SENDER)


@given(st.data())
def test_what_is_cut_off_or_added_goes_unseen_nowhere(data: st.DataObject) -> None:
    raw = sealed()
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
    assert refusal(cut).code in (Code.MALFORMED, Code.FORGED)
    assert refusal(raw + data.draw(st.binary(min_size=1, max_size=20))).code is Code.FORGED


def test_a_sender_that_nobody_knows() -> None:
    found = refusal(sealed(sender="files-9"))
    assert (found.code, found.claimed) == (Code.UNKNOWN_SENDER, "files-9")


def test_a_signature_of_somebody_else() -> None:
    found = refusal(sealed(STRANGER))
    assert (found.code, found.claimed) == (Code.FORGED, "files-1")


def test_what_was_meant_for_another() -> None:
    assert refusal(sealed(recipient="files-2")).code is Code.WRONG_RECIPIENT


def test_nothing_comes_back_to_who_sent_it() -> None:
    """What a hub said to an agent is nothing that an agent said to a hub, and the other way round."""
    raw = sealed(HUB_KEY, sender=HUB, recipient="files-1")
    assert refusal(raw, recipient=HUB).code is Code.WRONG_RECIPIENT


def test_too_early_and_too_late_by_more_than_two_clocks_may_differ() -> None:
    raw = sealed()
    assert opened(raw, now=NOW - 30).seq == opened(raw, now=NOW + 90).seq == 7
    assert refusal(raw, now=NOW - 31).code is Code.EARLY
    assert refusal(raw, now=NOW + 91).code is Code.EXPIRED
    assert opened(raw, now=0.0, skew=math.inf).seq == 7


@pytest.mark.parametrize("last", [7, 8, MAX_SEQ])
def test_a_number_that_was_seen(last: int) -> None:
    assert refusal(sealed(), last_seq=last).code is Code.REPLAYED


def test_numbers_are_looked_up_for_the_sender_and_kind_that_were_proven() -> None:
    asked: list[tuple[str, str]] = []

    def last(sender: str, kind: str) -> int:
        asked.append((sender, kind))
        return 6

    opened(sealed(), last_seq=last)
    refusal(sealed(STRANGER), last_seq=last)
    assert asked == [("files-1", "report")]


def test_a_header_is_written_in_one_way_only() -> None:
    """Signed by the right key, and yet: two ways to write one thing are one too many."""
    head, header, body = sealed().split(b"\n", 2)
    for changed in (
        header.replace(b'"seq":7', b'"seq": 7'),
        header.replace(b'"seq":7', b'"seq":07'),
        header.replace(b'"seq":7,', b"").replace(b"}", b',"seq":7}'),
        header.replace(b"}", b',"more":1}'),
        header.replace(b'"seq":7', b'"seq":7,"seq":7'),
        header.replace(b"files-1", b"files\\u002d1"),
    ):
        signature = AGENT.sign(b"garde-envelope-1\n" + changed + b"\n" + body).hex().encode()
        assert refusal(head[:17] + signature + b"\n" + changed + b"\n" + body).code is Code.MALFORMED


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": ""}, {"sender": "../x"}, {"sender": "a b"}, {"sender": "x" * 65}, {"recipient": "-x"},
        {"kind": "Report"}, {"kind": ""}, {"seq": 0}, {"seq": -1}, {"seq": MAX_SEQ + 1}, {"ttl": -1.0}, {"now": -5.0},
        {"body": bytes(MAX_BYTES)},
    ],
)  # fmt: skip
def test_what_can_not_be_opened_is_not_sealed(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        sealed(**wrong)


def test_larger_than_allowed_is_refused_before_it_is_looked_at() -> None:
    assert refusal(sealed() + bytes(MAX_BYTES)).code is Code.OVERSIZED


def test_who_it_claims_to_be_from() -> None:
    assert claimed_sender(sealed(STRANGER)) == "files-1"
    assert claimed_sender(b"noise") == ""


def test_names() -> None:
    assert all(map(is_name, ("files-1", "a", "A.b_c-9", "x" * 64)))
    assert not any(map(is_name, ("", ".x", "-x", "a/b", "é", "x" * 65, "a\n")))


def test_a_key_is_asked_for_once_and_by_name() -> None:
    asked: list[str] = []

    def key_of(sender: str) -> PublicKey | None:
        asked.append(sender)
        return KEYS.get(sender)

    opened(sealed(), key_of=key_of)
    assert asked == ["files-1"]
