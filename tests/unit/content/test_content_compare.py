"""The judgement: attacks on every kind of file, honest rewrites, half-written files, small files, new files."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import zipfile
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.content import (
    Before,
    Comparison,
    MemoryBytes,
    Structure,
    check_structure,
    compare,
    fingerprint,
    judge_new,
    sniff,
)
from garde.content.randomness import randomness
from garde.model.finding import Proof

DECISIVE = {Proof.STRUCTURE_BROKEN, Proof.ENCODED_CIPHER}
WEAK = {Proof.STILL_RANDOM, Proof.EMPTIED}


def before_of(content: bytes, *, by_fingerprint: bool = False) -> Before:
    data = MemoryBytes(content)
    kind = sniff(data)
    structure, _ = check_structure(data, kind)
    if by_fingerprint:
        return Before(kind, data.size, structure, None, fingerprint(data))
    return Before(kind, data.size, structure, data)


def judged(before: bytes, after: bytes, *, still_open: bool = False) -> Comparison:
    return compare(before_of(before), MemoryBytes(after), still_open=still_open)


def is_strong(found: Comparison) -> bool:
    return bool(found.proofs & DECISIVE) or len(found.proofs - WEAK) >= 2


def fewest(content: bytes) -> bool:
    return len(content) < 4096  # the smallest samples: some attacks hardly touch them


def test_every_attack_on_every_kind_leaves_strong_proof(
    kind: str, attack: str, whole: dict[str, bytes], samples: ModuleType
) -> None:
    content = whole[kind]
    after = samples.ATTACKS[attack](content)
    if after == content or (
        fewest(content) and attack not in ("full", "wipe", "openssl", "base64", "hex", "other-size")
    ):
        pytest.skip("the attack leaves so small a file alone")
    if len(content) < 1024:
        assert judged(content, after).damaged
        return
    found = judged(content, after)
    stores = kind == "jet" and attack == "percent"
    pooled = found.damaged and len(found.pool) >= 256 and randomness(found.pool).is_random
    assert is_strong(found) or pooled or stores, found
    assert found.damaged


def test_every_attack_is_damage_by_fingerprint_too(
    kind: str, attack: str, whole: dict[str, bytes], samples: ModuleType
) -> None:
    content = whole[kind]
    after = samples.ATTACKS[attack](content)
    if after != content and not fewest(content):
        assert compare(before_of(content, by_fingerprint=True), MemoryBytes(after)).damaged


def test_an_untouched_file_shows_nothing(kind: str, whole: dict[str, bytes]) -> None:
    for by_fingerprint in (False, True):
        before = before_of(whole[kind], by_fingerprint=by_fingerprint)
        found = compare(before, MemoryBytes(whole[kind]))
        assert (found.proofs, found.changed, found.pool, found.detail) == (frozenset(), 0, b"", "unchanged")
        assert found.structure_after == before.structure and not found.damaged


@pytest.mark.parametrize("pack", [lambda raw: gzip.compress(raw, mtime=0), bz2.compress, lzma.compress])
def test_compressing_in_place_is_honest(pack: object, kind: str, whole: dict[str, bytes]) -> None:
    found = judged(whole[kind], pack(whole[kind]))  # type: ignore[operator]
    assert not found.damaged, found


def rezip(content: bytes, method: int, level: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", method, compresslevel=level) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


def test_honest_rewrites_show_no_damage(whole: dict[str, bytes], samples: ModuleType) -> None:
    docx, text = whole["zip.docx"], whole["text"]
    rewrites = [
        (docx, rezip(docx, zipfile.ZIP_DEFLATED, 9)),
        (docx, rezip(docx, zipfile.ZIP_STORED, 0)),
        (whole["jpeg"], samples.image("JPEG", quality=60)),
        (whole["jpeg"], samples.image("JPEG", progressive=True)),
        (whole["png"], samples.image("PNG", compress_level=1)),
        (whole["bmp"], whole["png"]),
        (whole["pdf"], samples.pdf(11)),
        (whole["dicom"], samples.dicom(compressed=True)),
        (text, text.replace(b"ward", b"station")),
        (text, text + b"one more line\n"),
        (text, text.decode().encode("utf-16")),
        (text, text[: len(text) // 2]),
        (text, text[len(text) // 2 :]),
    ]
    for before, after in rewrites:
        found = judged(before, after)
        assert not found.damaged, found


def test_half_written_files_are_no_evidence_while_open(whole: dict[str, bytes], samples: ModuleType) -> None:
    pairs = [
        (whole["zip.docx"], rezip(whole["zip.docx"], zipfile.ZIP_DEFLATED, 9)),
        (whole["jpeg"], samples.image("JPEG", quality=60)),
        (whole["text"], gzip.compress(whole["text"] * 9, mtime=0)),
        (whole["dicom"], samples.dicom(compressed=True)),
        (whole["pdf"], samples.pdf(11)),
    ]
    for old, new in pairs:
        for cut in range(0, len(new), max(1, len(new) // 9)):
            for half in (new[:cut], new[:cut] + old[cut:], new[:cut] + bytes(len(new) - cut)):
                found = judged(old, half, still_open=True)
                assert not found.damaged, (cut, found)


def test_a_random_beginning_is_evidence_even_while_open(whole: dict[str, bytes], samples: ModuleType) -> None:
    found = judged(whole["pdf"], samples.noise(8192) + whole["pdf"][8192:], still_open=True)
    assert Proof.TYPE_LOST in found.proofs and Proof.STRUCTURE_BROKEN not in found.proofs
    text = whole["text"]
    inside = judged(text, text[:8000] + samples.noise(4096) + text[12_096:], still_open=True)
    assert inside.proofs == {Proof.TEXT_LOST, Proof.RANDOM_CHANGE}


@pytest.mark.parametrize("kind_before", ["jpeg", "zip.docx", "pdf", "dicom"])
def test_nothing_left_of_a_file_is_broken_even_while_open(
    whole: dict[str, bytes], samples: ModuleType, kind_before: str
) -> None:
    """Ransomware that keeps its handles open writes over all of a file; more of it does not make the file whole."""
    old = whole[kind_before]
    noise = samples.noise(len(old))
    assert {Proof.TYPE_LOST, Proof.STRUCTURE_BROKEN} <= judged(old, noise, still_open=True).proofs
    for less in (noise[: len(old) // 2] + old[len(old) // 2 :], noise + samples.noise(64), bytes(2048) + noise[2048:]):
        assert Proof.STRUCTURE_BROKEN not in judged(old, less, still_open=True).proofs


def test_cutting_is_emptied_and_nothing_more(kind: str, whole: dict[str, bytes]) -> None:
    content = whole[kind]
    assert judged(content, b"").proofs == {Proof.EMPTIED}
    assert judged(content, b"", still_open=True).proofs == frozenset()
    assert judged(content, content[: len(content) // 2]).proofs <= {Proof.EMPTIED}


def test_small_text_gives_its_changed_bytes_for_pooling(samples: ModuleType) -> None:
    content = samples.hl7()[:240]
    found = judged(content, samples.noise(240))
    assert found.proofs == {Proof.TEXT_LOST} and found.pool == samples.noise(240)
    assert judged(content, content.replace(b"WARD", b"BED7")).pool == b""


def test_of_a_small_text_that_is_noise_from_end_to_end_256_bytes_are_enough(samples: ModuleType) -> None:
    content, both = samples.hl7()[:700], {Proof.TEXT_LOST, Proof.RANDOM_CHANGE}
    assert judged(content, samples.noise(700)).proofs == both
    assert judged(content, samples.noise(700), still_open=True).proofs == both
    assert judged(content[:256], samples.noise(256)).proofs == both
    assert judged(content[:255], samples.noise(255)).proofs == {Proof.TEXT_LOST}
    assert judged(content, samples.noise(400), still_open=True).proofs == frozenset()  # more may be to come
    assert Proof.RANDOM_CHANGE not in judged(content, content[:200] + samples.noise(500)).proofs
    assert Proof.RANDOM_CHANGE not in judged(content, bytes(range(256)) * 2).proofs
    assert judged(b"\x90\x01" + samples.noise(698, 1), samples.noise(700)).damaged is False


def test_compressed_bytes_replaced_by_compressed_bytes_weigh_nothing(samples: ModuleType) -> None:
    found = judged(samples.noise(9000, 1), samples.noise(9000, 2))
    assert found.proofs == {Proof.STILL_RANDOM} and not found.damaged


def test_a_key_behind_the_ciphertext_does_not_hide_it(whole: dict[str, bytes], samples: ModuleType) -> None:
    found = judged(whole["text"], samples.noise(24_000) + bytes(200) + b"YOUR FILES ARE LOCKED " * 20)
    assert {Proof.TEXT_LOST, Proof.RANDOM_CHANGE} <= found.proofs


def test_a_mail_cut_to_its_attachment_is_no_ciphertext(samples: ModuleType) -> None:
    body = base64.encodebytes(samples.noise(20_000))
    mail = b"From: a@b\nMIME-Version: 1.0\nContent-Type: text/plain\n\n" + samples.text(3000) + body
    assert Proof.ENCODED_CIPHER not in judged(mail, body[4000:]).proofs
    assert Proof.ENCODED_CIPHER in judged(mail, base64.encodebytes(samples.noise(24_000, 77))).proofs


def test_base64_of_a_document_is_no_ciphertext(whole: dict[str, bytes]) -> None:
    assert Proof.ENCODED_CIPHER not in judged(whole["text"], base64.encodebytes(whole["jpeg"])).proofs


def test_a_store_may_take_random_blocks_and_an_archive_not(whole: dict[str, bytes], samples: ModuleType) -> None:
    for kind, expected in (("jet", False), ("mp4", True)):
        content = whole[kind]
        page = content[4096:4100] if kind == "jet" else b""
        after = content[:4096] + page + samples.noise(4096 - len(page)) + content[8192:]
        assert (Proof.STRUCTURE_BROKEN in judged(content, after).proofs) is expected


def test_a_download_that_fills_its_blank_space_is_not_broken(samples: ModuleType) -> None:
    half = b"ID3\x04\0\0\0\0\0\x20" + bytes(32) + samples.mp3()[:4044] + bytes(30_000)
    done = half[:8000] + samples.noise(len(half) - 8000)
    assert Proof.STRUCTURE_BROKEN not in judged(half.replace(b"ID3", b"8BPS"), done.replace(b"ID3", b"8BPS")).proofs


def test_structure_is_asked_of_the_pre_image_where_the_vault_has_not(
    whole: dict[str, bytes], samples: ModuleType
) -> None:
    data = MemoryBytes(whole["sqlite"])
    before = Before("sqlite", data.size, Structure.UNCHECKED, data)
    damaged = whole["sqlite"][:8192] + samples.noise(8192) + whole["sqlite"][16_384:]
    assert Proof.STRUCTURE_BROKEN in compare(before, MemoryBytes(damaged)).proofs
    broken_before = Before("sqlite", data.size, Structure.BROKEN, data)
    assert Proof.STRUCTURE_BROKEN not in compare(broken_before, MemoryBytes(damaged)).proofs


def test_without_any_version_before_nothing_is_said() -> None:
    found = compare(Before("pdf", 10, Structure.UNCHECKED, None, None), MemoryBytes(b"anything"))
    assert found.proofs == frozenset() and "no version before" in found.detail


def test_the_detail_has_the_numbers_and_no_content(whole: dict[str, bytes], samples: ModuleType) -> None:
    found = judged(whole["pdf"], samples.noise(len(whole["pdf"])))
    assert f"{found.changed:,} changed bytes are uniformly random (χ² p = " in found.detail
    assert "was pdf, now unknown" in found.detail and found.detail.isprintable()


@settings(max_examples=150, deadline=None)
@given(before=st.binary(max_size=3000), after=st.binary(max_size=3000), still_open=st.booleans(), marked=st.booleans())
def test_hostile_bytes_raise_nothing(before: bytes, after: bytes, still_open: bool, marked: bool) -> None:
    for by_fingerprint in (False, True):
        found = compare(before_of(before, by_fingerprint=by_fingerprint), MemoryBytes(after), still_open=still_open)
        assert found.size_after == len(after) and len(found.pool) <= 1024
        assert not (before == after and found.proofs)
    judge_new(MemoryBytes((b"PK\x03\x04" if marked else b"") + after))


@pytest.mark.parametrize(
    ("made", "unreadable", "proofs"),
    [
        (lambda s: s.noise(5000), True, set()),
        (lambda s: b"Salted__" + s.noise(5000), True, {Proof.CIPHER_CONTAINER}),
        (lambda s: base64.encodebytes(s.noise(5000)), True, {Proof.ENCODED_CIPHER}),
        (lambda s: s.noise(200_000).hex().encode(), True, {Proof.ENCODED_CIPHER}),
        (lambda s: s.OPENPGP, True, {Proof.CIPHER_CONTAINER}),
        (lambda s: s.text(), False, set()),
        (lambda s: s.office(), False, set()),
        (lambda s: base64.encodebytes(s.office()), False, set()),
        (lambda s: bytes(5000), False, set()),
        (lambda s: b"", False, set()),
    ],
)
def test_new_files(made: object, unreadable: bool, proofs: set[Proof], samples: ModuleType) -> None:
    found = judge_new(MemoryBytes(made(samples)))  # type: ignore[operator]
    assert (found.unreadable, found.proofs) == (unreadable, proofs), found


def test_a_small_new_file_of_no_kind_is_pooled(samples: ModuleType) -> None:
    assert judge_new(MemoryBytes(samples.noise(300))).pool == samples.noise(300)
    assert judge_new(MemoryBytes(samples.noise(3000))).pool == b""
