"""The signature table: what kind a file is, by its own bytes and never by its name."""

from __future__ import annotations

import io
import random
import zipfile
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.content import MemoryBytes, family, is_recognised, is_text, sniff
from garde.content.kinds import _tables, parts_of


def kind_of(content: bytes) -> str:
    return sniff(MemoryBytes(content))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (bytes(9000), "blank"),
        (b"\xff" * 50, "blank"),
        (bytes(5000) + b"x", "unknown"),
        (b"Bonjour \xe0 tous, rendez-vous \xe0 midi\n", "text"),
        ("Größe".encode("utf-16"), "text"),
        ("Größe: 180 cm\n".encode(), "text"),
        (b"{\\rtf1\\ansi hello}", "text.rtf"),
        (b"\x0bMSH|^~\\&|ADT", "text.hl7"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "text.xml"),
        (b"<!DOCTYPE HTML><p>", "text.html"),
        (b'{"ward": 3}', "text.json"),
        (b"a;b;c\n1;2;3\n4;5;6\n", "text.csv"),
        (b"From: a@b\nTo: c@d\n\nhello\n", "eml"),
        (b"-----BEGIN CERTIFICATE-----\nMII\n", "text.pem"),
        (b"Salted__" + random.Random(1).randbytes(40), "cipher.openssl"),
        (b"-----BEGIN PGP MESSAGE-----\n", "cipher.openpgp"),
        (b"age-encryption.org/v1\n-> X25519 abc\n", "cipher.age"),
        (b"\xef\xbb\xbfjunk %PDF-1.4\n", "pdf"),
        (random.Random(4).randbytes(3000), "unknown"),
    ],
)
def test_kinds_by_content(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


def test_every_sample_is_known(kind: str, whole: dict[str, bytes]) -> None:
    assert kind_of(whole[kind]) == kind and is_recognised(kind)


def test_containers_of_ciphertext(samples: ModuleType) -> None:
    assert kind_of(samples.OPENPGP) == "cipher.openpgp"
    assert kind_of(samples.SEVENZIP_AES) == "cipher.7z"
    assert kind_of(samples.SEVENZIP) == "7z"
    assert not is_recognised("cipher.7z") and is_recognised("7z")


def test_a_zip_is_encrypted_when_its_first_member_with_content_is() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("folder/", b"")
        archive.writestr("letter.txt", b"hello")
    content = bytearray(out.getvalue())
    assert kind_of(bytes(content)) == "zip"
    second = content.find(b"PK\x03\x04", 4)
    content[second + 6] |= 1
    assert kind_of(bytes(content)) == "cipher.zip"


@pytest.mark.parametrize(
    ("member", "kind"), [("word/document.xml", "zip.docx"), ("xl/workbook.xml", "zip.xlsx"), ("ppt/a.xml", "zip.pptx")]
)
def test_office_files_by_their_folders(member: str, kind: str, samples: ModuleType) -> None:
    assert kind_of(samples.office(member)) == kind


def test_open_document_by_its_mimetype() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")
    assert kind_of(out.getvalue()) == "zip.ods"


def test_noise_is_hardly_ever_a_kind() -> None:
    draw = random.Random(2026)
    known = [kind for kind in (kind_of(draw.randbytes(600)) for _ in range(20_000)) if kind != "unknown"]
    assert known == []


@given(content=st.binary(max_size=300), row=st.integers(0, 400))
def test_hostile_heads_raise_nothing(content: bytes, row: int) -> None:
    by_first, elsewhere = _tables()
    rows = [*elsewhere, *(one for some in by_first.values() for one in some)]
    head = bytearray(300)
    for at, magic in rows[row % len(rows)].parts:
        head[at : at + len(magic)] = magic
    for hostile in (content, bytes(head[: len(content)]) + content, bytes(head) + content):
        assert isinstance(kind_of(hostile), str)


def test_wildcards_split_a_signature() -> None:
    assert parts_of("52494646????????5741", 0) == ((0, b"RIFF"), (8, b"WA"))
    assert parts_of("fff?", 4) == ((4, b"\xff"),)


def test_families() -> None:
    assert family("zip.docx") == "zip" and family("eml") == family("mbox") == family("text.hl7") == "text"
    assert is_text("eml") and is_text("text.csv") and not is_text("pdf")
