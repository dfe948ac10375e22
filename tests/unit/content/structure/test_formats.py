"""What single checkers see beyond the common contract."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from types import ModuleType

import pytest

from garde.content import MemoryBytes
from garde.content.structure import Structure, inspect, zip_archive
from garde.content.structure.word import find_word_fault, table_stream_name


def test_zip_looks_at_changed_members_first() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.bin", bytes([number]) * 30_000)
    content = bytearray(out.getvalue())
    content[600_000] ^= 1
    small = 60_000
    assert not inspect(MemoryBytes(bytes(content)), "zip", budget=small).broken
    assert inspect(MemoryBytes(bytes(content)), "zip", budget=small, near=((598_016, 602_112),)).broken


def _document(*texts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"{number}.xml", text)
    return out.getvalue()


def test_a_zip_member_is_inflated_once_and_every_look_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    inflated: list[int] = []
    plain = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda *words: (inflated.append(1), plain(*words))[1])
    parts = [b"<w:p>one</w:p>" * 20_000, b"<w:p>two</w:p>" * 30_000]
    content = _document(*parts)
    budgets = (1 << 22, 700_000, 420_000, 300_000, 100)
    first = []
    for budget in budgets:
        monkeypatch.setattr(zip_archive, "_known", {})
        first.append(inspect(MemoryBytes(content), "zip", budget=budget))
    assert [found.complete for found in first] == [True, False, False, False, False]
    assert inspect(MemoryBytes(content), "zip", budget=budgets[0]) == first[0]
    inflated.clear()
    assert [inspect(MemoryBytes(content), "zip", budget=budget) for budget in budgets] == first
    assert inflated == []
    assert inspect(MemoryBytes(_document(parts[0], b"<w:p>new</w:p>")), "zip").structure is Structure.WHOLE
    assert len(inflated) == 1, "saved again with one part changed"


def test_a_damaged_zip_member_is_never_known_as_a_sound_one(monkeypatch: pytest.MonkeyPatch) -> None:
    content = _document(bytes(range(256)) * 400)
    monkeypatch.setattr(zip_archive, "_known", {})
    assert not inspect(MemoryBytes(content), "zip").broken
    at = content.index(b"0.xml") + 40
    damaged = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
    for _ in range(2):
        assert inspect(MemoryBytes(damaged), "zip").broken


def test_a_zip_that_changes_while_it_is_read_is_not_known_by_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who swaps bytes between two reads must not have the damaged ones taken for sound later."""
    content = _document(bytes(range(256)) * 400)
    at = content.index(b"0.xml") + 40
    damaged = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]

    class Swapped(MemoryBytes):
        reads = 0

        def read(self, offset: int, count: int) -> bytes:
            self.reads += count > 100 and offset > 0  # the directory is read, then the member
            return MemoryBytes(damaged if self.reads == 1 else content).read(offset, count)

    monkeypatch.setattr(zip_archive, "_known", {})
    inspect(Swapped(content), "zip")
    assert inspect(MemoryBytes(damaged), "zip").broken


def test_zip_with_bytes_before_it_holds(whole: dict[str, bytes]) -> None:
    assert not inspect(MemoryBytes(b"#!/bin/sh\n" + whole["zip.docx"]), "zip").broken


def test_a_zip_bomb_stays_in_its_budget() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    found = inspect(MemoryBytes(out.getvalue()), "zip", budget=1 << 20)
    assert not found.broken and not found.complete


def test_pdf_does_not_take_an_attached_pdf_for_its_own(whole: dict[str, bytes]) -> None:
    inner = whole["pdf"].replace(b"FlateDecode", b"FlateDecod!")[:400] + b"<< /Filter /FlateDecode >>\nstream\nno flate"
    first = b"1 0 obj\n<< /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (len(inner), inner)
    at = 9 + len(first)
    xref = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<< /Size 2 >>\nstartxref\n%d\n%%%%EOF" % at
    assert not inspect(MemoryBytes(b"%PDF-1.4\n" + first + xref), "pdf").broken


def test_pdf_follows_a_cross_reference_stream() -> None:
    def made(offset: int) -> bytes:
        body = b"%PDF-1.5\n1 0 obj\n<< /Kind /Page >>\nendobj\n"
        rows = b"\x00\x00\x00\xff" + b"\x01" + struct.pack(">H", offset) + b"\x00"
        packed = zlib.compress(b"".join(b"\x00" + rows[i : i + 4] for i in (0, 4)))
        words = b"<< /Type /XRef /W [1 2 1] /Size 2 /Filter /FlateDecode /DecodeParms << /Columns 4 /Predictor 12 >>"
        xref = b"2 0 obj\n%b /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (words, len(packed), packed)
        return body + xref + b"startxref\n%d\n%%%%EOF" % len(body)

    assert not inspect(MemoryBytes(made(9)), "pdf").broken
    assert inspect(MemoryBytes(made(21)), "pdf").why == "1 PDF objects are not where the cross-reference says"


def test_gzip_members_may_follow_one_another_and_be_padded() -> None:
    twice = gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0) + bytes(512)
    assert inspect(MemoryBytes(twice), "gzip").complete


def test_dicom_with_jpeg_frames(samples: ModuleType) -> None:
    content = samples.dicom(compressed=True)
    assert inspect(MemoryBytes(content), "dicom").covered
    middle = len(content) // 2
    damaged = content[:middle] + samples.noise(512) + content[middle + 512 :]
    assert inspect(MemoryBytes(damaged), "dicom").broken


def test_dicom_pixels_turned_random_are_broken(whole: dict[str, bytes], samples: ModuleType) -> None:
    content = whole["dicom"]
    damaged = content[:-20_000] + samples.noise(20_000)
    assert inspect(MemoryBytes(damaged), "dicom").why == "DICOM pixels are uniformly random"


def test_sqlite_free_pages_may_hold_anything(samples: ModuleType) -> None:
    content = bytearray(samples.sqlite())
    size = int.from_bytes(content[16:18], "big")
    trunk = len(content) // size + 1
    content[32:36] = trunk.to_bytes(4, "big")
    page = (0).to_bytes(4, "big") + (1).to_bytes(4, "big") + (trunk + 1).to_bytes(4, "big")
    assert not inspect(MemoryBytes(bytes(content) + page.ljust(size, b"\0") + samples.noise(size)), "sqlite").broken


def test_text_in_utf16_and_in_a_declared_charset(samples: ModuleType) -> None:
    assert not inspect(MemoryBytes("Größe; Gewicht\r\n".encode("utf-16") * 200), "text").broken
    japanese = "<meta charset=iso-2022-jp>\n" + "患者の記録\n" * 90
    assert not inspect(MemoryBytes(japanese.encode("iso-2022-jp")), "text.html").broken
    assert inspect(MemoryBytes("Größe\r\n".encode("utf-16") * 200 + samples.noise(4096)), "text").broken


@pytest.mark.parametrize("place", [2000, 30_000, 70_000])
def test_gif_that_finds_back_by_chance_is_mostly_broken_all_the_same(
    place: int, whole: dict[str, bytes], samples: ModuleType
) -> None:
    content = whole["gif"]
    place %= len(content) - 6000
    broken = 0
    for seed in range(40):
        damaged = content[:place] + samples.noise(4096, seed) + content[place + 4096 :]
        broken += inspect(MemoryBytes(damaged), "gif").broken
    assert broken >= 36


def word_document(text: bytes) -> tuple[bytes, bytes]:
    """The least of a Word document: FIB, one piece of text, one page of character runs."""
    document = bytearray(2048 + 4096)
    document[:2] = b"\xec\xa5"
    struct.pack_into("<H", document, 2, 0x00C1)
    struct.pack_into("<I", document, 0x1A2, 0)
    pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, 0x40000000 | 2048 * 2, 0)
    clx = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    plex = struct.pack("<III", 2048, 2048 + len(text), 3)
    struct.pack_into("<II", document, 0xFA, len(clx), len(plex))
    struct.pack_into("<II", document, 0x1A2, 0, len(clx))
    document[2048 : 2048 + len(text)] = text
    page = struct.pack("<III", 2048, 2100, 2048 + len(text)).ljust(511, b"\0") + b"\x02"
    document[3 * 512 : 4 * 512] = page
    return bytes(document), clx + plex


def test_word_text_and_pages(samples: ModuleType) -> None:
    document, table = word_document(samples.text(4096))
    assert table_stream_name(document) == "0Table"
    assert find_word_fault(document, table) == ""
    noisy, _ = word_document(samples.noise(4096))
    assert find_word_fault(noisy, table) == "the text of the Word document is uniformly random"
    torn = document[:1536] + samples.noise(512) + document[2048:]
    assert "page of characters" in find_word_fault(torn, table)
    assert table_stream_name(document[:100]) == ""
