"""Parcels: what one side sealed the other opens; anything else is refused with the reason, before it is used."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.downtime.packs.shelf import Manifest
from garde.downtime.parcel import envelope
from garde.downtime.parcel.envelope import Code, Header, ParcelRefusedError, header_of, unwrap, wrap
from garde.downtime.parcel.goods import pack_header, packed, unpacked
from garde.downtime.parcel.keys import Card, Keys, read_card, write_card
from garde.downtime.parcel.receipt import Kept, Receipt, Run, read_receipt, write_receipt
from garde.errors import UsageError
from garde.trust.keys import PublicKey, fingerprint

DESK, WARD, OTHER = Keys.generate(), Keys.generate(), Keys.generate()
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4
MANIFEST = Manifest(
    "K7Q2MX", "3B", "ward", "fr", 3, hashlib.sha256(PDF).hexdigest(), "ab" * 32, 1_700_000_060.5, 1_700_000_000.0,
    titles=("census 1/1", "MAR 1/1", "blank: transfer"), mar=(2,), blanks=(3,),
)  # fmt: skip
PC = Card("ward", "3B-PC", WARD.sign.public.hex, WARD.seal, ("3B",))


def made(counter: int = 7, manifest: Manifest = MANIFEST, pdf: bytes = PDF, keys: Keys = DESK) -> bytes:
    return wrap(pack_header(manifest, counter, 1, keys, PC), packed(manifest, pdf), keys)


def desk_only(sender: str) -> PublicKey | None:
    return DESK.sign.public if sender == DESK.sign.public.hex else None


def taken(raw: bytes, keys: Keys = WARD) -> tuple[Manifest, bytes]:
    return unpacked(*unwrap(raw, keys, envelope.PACK, desk_only))


def refusal(raw: bytes, keys: Keys = WARD) -> Code:
    with pytest.raises(ParcelRefusedError) as caught:
        taken(raw, keys)
    assert caught.value.reason and "\n" not in caught.value.reason
    return caught.value.code


PARCEL = made()


def test_what_was_sealed_comes_out_and_names_nobody_outside() -> None:
    assert taken(PARCEL) == (MANIFEST, PDF)
    outside = PARCEL.split(b"\n")[1]
    assert b"titles" not in outside and b"sha256" not in outside and PDF[:20] not in PARCEL


def test_two_parcels_of_one_pack_have_no_bytes_of_content_in_common() -> None:
    assert made()[-600:] != made()[-600:]


@given(st.integers(0, len(PARCEL) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(at: int, by: int) -> None:
    refusal(PARCEL[:at] + bytes([PARCEL[at] ^ by]) + PARCEL[at + 1 :])


@given(st.integers(0, len(PARCEL) - 1))
def test_any_shorter_parcel_is_refused(length: int) -> None:
    refusal(PARCEL[:length])


@given(st.binary(max_size=400))
def test_anything_else_is_refused(raw: bytes) -> None:
    assert refusal(raw) is Code.MALFORMED
    refusal(b"garde-parcel-1 " + raw)
    refusal(b"garde-parcel-1 " + b"a" * 128 + b"\n" + raw)
    assert refusal(PARCEL + raw + b"x") is Code.FORGED


def test_another_wards_key_does_not_open_it() -> None:
    assert refusal(PARCEL, OTHER) is Code.MISADDRESSED


def test_a_header_that_was_moved_onto_another_content_is_refused_though_it_is_signed() -> None:
    """The desk's own signature over a header with content sealed for another header: HPKE's info does not fit."""
    head, sealed = PARCEL.split(b"\n", 2)[1:]
    other = msgspec.json.encode(msgspec.structs.replace(header_of(PARCEL), counter=8))
    assert len(head) == len(other)
    body = other + b"\n" + sealed
    raw = b"garde-parcel-1 " + DESK.sign.sign(b"garde-parcel-1 " + body).hex().encode() + b"\n" + body
    assert refusal(raw) is Code.UNREADABLE


def test_nobody_but_the_desk_can_send() -> None:
    assert refusal(made(keys=OTHER)) is Code.UNKNOWN_SENDER
    forged = wrap(pack_header(MANIFEST, 7, 1, OTHER, PC), packed(MANIFEST, PDF), OTHER)
    named = forged.replace(OTHER.sign.public.hex.encode(), DESK.sign.public.hex.encode())
    assert refusal(named) is Code.FORGED


def test_a_parcel_for_another_use_is_refused() -> None:
    header = Header(envelope.RECEIPT, DESK.sign.public.hex, WARD.seal, 1, 0.0)
    assert refusal(wrap(header, b"{}", DESK)) is Code.MISADDRESSED


def test_the_receivers_own_look_comes_after_the_signature_and_before_the_opening() -> None:
    seen: list[Header] = []

    def look(header: Header) -> None:
        seen.append(header)
        raise ParcelRefusedError(Code.OLDER, "a newer one is here")

    with pytest.raises(ParcelRefusedError, match="FORGED"):
        unwrap(PARCEL[:-1] + bytes([PARCEL[-1] ^ 1]), WARD, envelope.PACK, lambda _: PublicKey.from_hex("0" * 64), look)
    assert seen == []
    with pytest.raises(ParcelRefusedError, match="newer one"):
        unwrap(PARCEL, WARD, envelope.PACK, desk_only, look)
    assert [each.counter for each in seen] == [7]


def test_what_is_huge_is_refused_before_it_is_looked_at() -> None:
    assert refusal(PARCEL + bytes(envelope.MOST)) is Code.OVERSIZED
    with pytest.raises(ValueError, match="more than a parcel holds"):
        wrap(pack_header(MANIFEST, 7, 1, DESK, PC), bytes(envelope.MOST), DESK)


@pytest.mark.parametrize(
    ("manifest", "pdf"),
    [
        (MANIFEST, PDF + b"x"),
        (replace(MANIFEST, sha256=hashlib.sha256(b"no PDF").hexdigest()), b"no PDF"),
        (replace(MANIFEST, mar=(4,)), PDF),
        (replace(MANIFEST, blanks=(0,)), PDF),
    ],
)
def test_a_pack_whose_parts_do_not_fit_is_refused(manifest: Manifest, pdf: bytes) -> None:
    assert refusal(made(manifest=manifest, pdf=pdf)) is Code.DIFFERENT


@given(st.binary(max_size=300))
def test_a_content_that_is_no_pack_is_refused_even_from_the_desk(content: bytes) -> None:
    assert refusal(wrap(pack_header(MANIFEST, 7, 1, DESK, PC), content, DESK)) is Code.DIFFERENT


def test_the_outside_must_be_what_is_inside() -> None:
    header = pack_header(replace(MANIFEST, pack="J6P2NY"), 7, 1, DESK, PC)
    assert refusal(wrap(header, packed(MANIFEST, PDF), DESK)) is Code.DIFFERENT


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_card_comes_back_as_it_was_written() -> None:
    card = read_card(write_card(PC, WARD), "ward")
    assert card == PC and card.fingerprint == fingerprint(WARD.sign.public.hex, WARD.seal)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_card_is_no_card(at: int, by: int) -> None:
    raw = write_card(PC, WARD).removesuffix(b"\n")
    at %= len(raw)
    with pytest.raises(UsageError):
        read_card(raw[:at] + bytes([raw[at] ^ by]) + raw[at + 1 :], "ward")


@given(st.binary(max_size=200))
def test_any_other_file_is_no_card(raw: bytes) -> None:
    for each in (raw, b"garde-card-1\n" + raw):
        with pytest.raises(UsageError):
            read_card(each, "desk")


def test_a_card_of_the_other_side_is_refused() -> None:
    with pytest.raises(UsageError, match="card of a ward"):
        read_card(write_card(PC, WARD), "desk")


# --- receipts ---------------------------------------------------------------------------------------------------------

RUN = Run("r1a2b3c4", "K7Q2MX", "3B", (1, 2), 1, "ipp://localhost/printers/ward", "nina", 1_700_000_100.0)
RECEIPT = Receipt("3B-PC", 1_700_000_200.0, (Kept("K7Q2MX", "3B", 1.0, 2.0, 3.0),), (RUN,))


def test_a_receipt_comes_back() -> None:
    assert read_receipt(write_receipt(RECEIPT)) == RECEIPT


@pytest.mark.parametrize(
    "change",
    [
        {"run": "../etc"}, {"run": ""}, {"pack": "K7Q2MX\n"}, {"pages": [0]}, {"pages": [10_000]}, {"copies": 0},
        {"copies": 1000}, {"fault": "x" * 401}, {"by": "x" * 121}, {"extra": 1}, {"pages": list(range(1, 10_002))},
    ],
)  # fmt: skip
def test_a_receipt_out_of_its_bounds_is_refused(change: dict[str, object]) -> None:
    told = msgspec.to_builtins(RECEIPT)
    told["runs"] = [{**told["runs"][0], **change}]
    with pytest.raises(ParcelRefusedError, match="DIFFERENT"):
        read_receipt(msgspec.json.encode(told))
