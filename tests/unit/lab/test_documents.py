"""Synthetic documents: whole by the libraries that read them, distinct, and the same for the same seed."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import docx
import openpyxl
import pydicom
import pytest
from PIL import Image

from garde.lab.documents import Document, make_share, make_some
from garde.lab.documents.draw import HOSPITAL, Draw
from garde.lab.documents.share import KINDS


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Document]]:
    root = tmp_path_factory.mktemp("share")
    return root, make_share(root, 90, seed=5)


def read(share: tuple[Path, list[Document]], kind: str) -> list[bytes]:
    root, documents = share
    found = [(root / item.path.decode()).read_bytes() for item in documents if item.kind == kind]
    assert found, f"no {kind} was made"
    return found


def test_a_share_holds_every_kind_in_department_folders(share: tuple[Path, list[Document]]) -> None:
    root, documents = share
    assert {item.kind for item in documents} == set(KINDS)
    assert len({item.path.rsplit(b"/", 1)[0] for item in documents}) > 8
    assert all((root / item.path.decode()).stat().st_size == item.size for item in documents)


def test_no_two_documents_are_alike_and_sizes_stay_in_range(share: tuple[Path, list[Document]]) -> None:
    _, documents = share
    assert len({item.sha256 for item in documents}) == len(documents)
    assert all(300 <= item.size <= 2_100_000 for item in documents)
    # Most lie between 5 and 200 kB, as on a real share.
    assert sum(5_000 <= item.size <= 200_000 for item in documents) > len(documents) / 2


def test_everybody_in_them_is_synthetic() -> None:
    assert all(name.startswith("TEST-") for name in HOSPITAL.family_names)
    assert "SYN" in Draw(1, 1).heading()


def test_dicom_reads_and_its_pixels_decode(share: tuple[Path, list[Document]]) -> None:
    for data in read(share, "dicom"):
        study = pydicom.dcmread(io.BytesIO(data))
        if study.file_meta.TransferSyntaxUID.is_encapsulated:
            frame = next(pydicom.encaps.generate_frames(study.PixelData, number_of_frames=1))
            Image.open(io.BytesIO(frame)).load()
        else:
            assert len(study.PixelData) == study.Rows * study.Columns * 2
        assert str(study.PatientName).startswith("TEST-")


def test_office_documents_open_and_every_member_checks(share: tuple[Path, list[Document]]) -> None:
    for kind in ("docx", "xlsx", "zip"):
        for data in read(share, kind):
            assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert "synthetic" in docx.Document(io.BytesIO(read(share, "docx")[0])).paragraphs[0].text
    sheet = openpyxl.load_workbook(io.BytesIO(read(share, "xlsx")[0])).worksheets[0]
    assert "synthetic" in str(sheet["A1"].value)
    assert isinstance(sheet["B3"].value, float)
    assert str(sheet["A3"].value).startswith("TEST-")


def test_pictures_decode(share: tuple[Path, list[Document]]) -> None:
    for kind in ("jpeg", "png"):
        for data in read(share, kind):
            Image.open(io.BytesIO(data)).load()


def test_pdf_cross_references_point_at_objects_and_streams_inflate(share: tuple[Path, list[Document]]) -> None:
    for data in read(share, "pdf"):
        start = int(re.search(rb"startxref\s+(\d+)\s+%%EOF", data).group(1))  # type: ignore[union-attr]
        assert data[start : start + 4] == b"xref"
        for offset in re.findall(rb"(\d{10}) \d{5} n", data[start:]):
            assert re.match(rb"\d+ 0 obj", data[int(offset) :])
        streams = re.findall(rb"/FlateDecode \] /Length (\d+)\s*>>\s*stream\r?\n", data)
        bodies = [match.end() for match in re.finditer(rb"/FlateDecode \] /Length \d+\s*>>\s*stream\r?\n", data)]
        assert streams
        for begin, length in zip(bodies, streams, strict=True):
            zlib.decompress(data[begin : begin + int(length)])


def test_texts_are_what_they_say(share: tuple[Path, list[Document]]) -> None:
    for data in read(share, "hl7"):
        assert [line[:3] for line in data.split(b"\r")[:3]] == [b"MSH", b"EVN", b"PID"]
    for data in read(share, "csv"):
        rows = list(csv.reader(io.StringIO(data.decode()), delimiter=";" if b";" in data[:20] else ","))
        assert {len(row) for row in rows} == {8}
    assert all(data.decode() for data in read(share, "text"))


def test_databases_pass_their_own_check(share: tuple[Path, list[Document]]) -> None:
    for data in read(share, "sqlite"):
        store = sqlite3.connect(":memory:")
        store.deserialize(data)
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store.close()


def test_a_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    first = make_some(tmp_path / "a", 60, seed=11)
    assert make_some(tmp_path / "b", 60, seed=11) == first
    other = make_some(tmp_path / "c", 60, seed=12)
    assert not {item.sha256 for item in other} & {item.sha256 for item in first}


def test_the_quick_ones_are_small_and_of_every_kind(tmp_path: Path) -> None:
    documents = make_some(tmp_path / "a", 120, seed=3)
    assert set(Counter(item.kind for item in documents)) == set(KINDS)
    assert max(item.size for item in documents) < 200_000


def test_progress_is_told_and_nothing_is_overwritten(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_some(tmp_path, 3, seed=3, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(FileExistsError):
        make_some(tmp_path, 3, seed=3)
