"""Honest changes to files: what people and tools do to documents in place, for measuring false proofs.

Comes in: samples. Goes out: (name of the rewrite, sample, bytes after). Real tools (qpdf, exiftool, zstd, dcmtk,
LibreOffice) are used where they are installed and left out where not; the rest is done with the libraries of the lab
extra.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import shutil
import sqlite3
import subprocess
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from garde.content import MemoryBytes, family, is_recognised, is_text, sniff

_TOOL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """One benign file."""

    name: str
    content: bytes

    @property
    def kind(self) -> str:
        return sniff(MemoryBytes(self.content))


def honest_rewrites(samples: list[Sample], *, quick: bool) -> Iterator[tuple[str, Sample, bytes]]:
    """Yield every rewrite of every sample it fits; one that fails (the corpus holds broken files) is left out."""
    kinds = {sample.name: sample.kind for sample in samples}
    for name, (fits, rewrite) in REWRITES.items():
        for sample in samples:
            if fits(kinds[sample.name]) and (after := _attempt(rewrite, sample.content)) is not None:
                yield name, sample, after
    yield from _replaced(samples, kinds)
    if not quick:
        yield from _saved_by_office(samples, kinds)


def _attempt(rewrite: Callable[[bytes], bytes | None], content: bytes) -> bytes | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return rewrite(content)
    except Exception:  # a library that cannot read a broken sample: there is no honest rewrite of it
        return None


def _replaced(samples: list[Sample], kinds: dict[str, str]) -> Iterator[tuple[str, Sample, bytes]]:
    """A file copied over another: of the same family, and of another."""
    known = [sample for sample in samples if is_recognised(kinds[sample.name])]
    by_family: dict[str, list[Sample]] = {}
    for sample in known:
        by_family.setdefault(family(kinds[sample.name]), []).append(sample)
    for group in by_family.values():
        for one, other in zip(group, [*group[1:], group[0]], strict=True):
            yield "replaced by one of its kind", one, other.content
    mixed = known[:]
    random.Random(7).shuffle(mixed)
    for one, other in zip(mixed, [*mixed[1:], mixed[0]], strict=True):
        yield "replaced by another kind", one, other.content


# ---- rewrites in memory ---------------------------------------------------------------------------------------------


def _rezip(content: bytes, method: int = zipfile.ZIP_DEFLATED, level: int = 9) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(out, "w", method, compresslevel=level) as target,
    ):
        for item in source.infolist():
            target.writestr(item.filename, source.read(item), method)
    return out.getvalue()


def _rezip_one_changed(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for index, item in enumerate(source.infolist()):
            body = source.read(item)
            target.writestr(item, body + b"\n" if index == 1 else body)
    return out.getvalue()


def _image(content: bytes, form: str, **options: object) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        shown = image.convert("RGB") if form in ("JPEG", "WEBP", "BMP") else image
        shown.save(out, form, **options)
    return out.getvalue()


def _resized(content: bytes, form: str) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.convert("RGB").resize((max(8, image.width // 2), max(8, image.height // 2))).save(out, form)
    return out.getvalue()


def _docx(content: bytes) -> bytes:
    import docx

    document = docx.Document(io.BytesIO(content))
    document.add_paragraph("Seen on the ward round, no change of treatment.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _xlsx(content: bytes) -> bytes:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    book.worksheets[0]["A1"] = "seen"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sed(content: bytes) -> bytes:
    return content.replace(b"e", b"ee", max(1, content.count(b"e") // 20))


def _recoded(content: bytes, charset: str) -> bytes:
    return content.decode("utf-8").encode(charset)


def _edited_sql(content: bytes, *statements: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "it.db"
        path.write_bytes(content)
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()
        return path.read_bytes()


def _dicom(content: bytes, change: Callable[[object], None]) -> bytes:
    import pydicom

    data = pydicom.dcmread(io.BytesIO(content))
    change(data)
    out = io.BytesIO()
    data.save_as(out)
    return out.getvalue()


def _brighter(data: object) -> None:
    pixels = data.pixel_array.copy()  # type: ignore[attr-defined]
    data.PixelData = (pixels // 2 + 7).astype(pixels.dtype).tobytes()  # type: ignore[attr-defined]


def _anonymous(data: object) -> None:
    data.PatientName = "DOE^JANE"  # type: ignore[attr-defined]
    data.StudyDescription = "Thorax, second reading, compared with the one of last year"  # type: ignore[attr-defined]


def _run_length(data: object) -> None:
    from pydicom.uid import RLELossless

    data.compress(RLELossless)  # type: ignore[attr-defined]


# ---- rewrites by tools ----------------------------------------------------------------------------------------------


def _tool(content: bytes, suffix: str, *command: str, in_place: bool = False) -> bytes | None:
    """Run a tool on a copy; `{in}` and `{out}` stand for the paths."""
    if shutil.which(command[0]) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / f"in{suffix}", Path(folder) / f"out{suffix}"
        source.write_bytes(content)
        words = [word.replace("{in}", str(source)).replace("{out}", str(target)) for word in command]
        done = subprocess.run(words, capture_output=True, timeout=_TOOL_SECONDS, check=False)
        result = source if in_place else target
        return result.read_bytes() if done.returncode in (0, 3) and result.exists() else None


def _saved_by_office(samples: list[Sample], kinds: dict[str, str]) -> Iterator[tuple[str, Sample, bytes]]:
    """LibreOffice opens and saves old and new office files in their own format."""
    if shutil.which("soffice") is None:
        return
    for suffix in ("doc", "xls", "ppt", "docx", "xlsx", "pptx", "odt", "ods", "rtf"):
        chosen = [sample for sample in samples if sample.name.endswith("." + suffix)][:12]
        with tempfile.TemporaryDirectory() as folder:
            place, out = Path(folder) / "in", Path(folder) / "out"
            place.mkdir()
            for index, sample in enumerate(chosen):
                (place / f"{index}.{suffix}").write_bytes(sample.content)
            command = [
                "soffice",
                f"-env:UserInstallation=file://{folder}/profile",
                "--headless",
                "--convert-to",
                suffix,
            ]
            files = [str(path) for path in sorted(place.iterdir())]
            try:
                subprocess.run([*command, "--outdir", str(out), *files], capture_output=True, timeout=240, check=False)
            except subprocess.TimeoutExpired:
                pass  # what was saved until then counts
            for index, sample in enumerate(chosen):
                saved = out / f"{index}.{suffix}"
                if saved.exists() and saved.stat().st_size:
                    yield f"saved by LibreOffice, {suffix}", sample, saved.read_bytes()


def _family(*names: str) -> Callable[[str], bool]:
    return lambda kind: family(kind) in names


def _any(kind: str) -> bool:
    return is_recognised(kind)


REWRITES: dict[str, tuple[Callable[[str], bool], Callable[[bytes], bytes | None]]] = {
    "re-zip, level 9": (_family("zip"), _rezip),
    "re-zip, level 1": (_family("zip"), lambda content: _rezip(content, level=1)),
    "re-zip, stored": (_family("zip"), lambda content: _rezip(content, zipfile.ZIP_STORED)),
    "re-zip, one changed": (_family("zip"), _rezip_one_changed),
    "docx edited": (lambda kind: kind == "zip.docx", _docx),
    "xlsx edited": (lambda kind: kind == "zip.xlsx", _xlsx),
    "JPEG re-encoded": (_family("jpeg"), lambda content: _image(content, "JPEG", quality=80)),
    "JPEG progressive": (_family("jpeg"), lambda content: _image(content, "JPEG", progressive=True, quality=92)),
    "image resized": (_family("jpeg", "png", "gif", "bmp", "tiff"), lambda content: _resized(content, "JPEG")),
    "PNG re-saved": (_family("png"), lambda content: _image(content, "PNG", optimize=True)),
    "GIF re-saved": (_family("gif"), lambda content: _image(content, "GIF")),
    "image to PNG": (_family("bmp", "tiff", "jpeg", "webp"), lambda content: _image(content, "PNG")),
    "image to WebP": (_family("bmp", "tiff", "png"), lambda content: _image(content, "WEBP", lossless=True)),
    "BMP to TIFF LZW": (_family("bmp", "png"), lambda content: _image(content, "TIFF", compression="tiff_lzw")),
    "EXIF edited": (
        _family("jpeg", "png", "tiff", "pdf"),
        lambda content: _tool(
            content, ".jpg", "exiftool", "-overwrite_original", "-Author=ward 3", "-Artist=x", "{in}", in_place=True
        ),
    ),
    "PDF linearised": (_family("pdf"), lambda content: _tool(content, ".pdf", "qpdf", "--linearize", "{in}", "{out}")),
    "PDF object streams": (
        _family("pdf"),
        lambda content: _tool(content, ".pdf", "qpdf", "--object-streams=generate", "{in}", "{out}"),
    ),
    "PDF uncompressed": (
        _family("pdf"),
        lambda content: _tool(content, ".pdf", "qpdf", "--stream-data=uncompress", "{in}", "{out}"),
    ),
    "PDF encrypted for a reader": (
        _family("pdf"),
        lambda content: _tool(content, ".pdf", "qpdf", "--encrypt", "", "boss", "256", "--", "{in}", "{out}"),
    ),
    "gzip in place": (_any, lambda content: gzip.compress(content, mtime=0)),
    "bzip2 in place": (_any, bz2.compress),
    "xz in place": (_any, lzma.compress),
    "zstd in place": (_any, lambda content: _tool(content, "", "zstd", "-q", "{in}", "-o", "{out}")),
    "text: sed": (is_text, _sed),
    "text: line ends": (is_text, lambda content: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    "text: appended": (is_text, lambda content: content + b"\n2026-01-31T03:00:00Z a new line\n" * 20),
    "text: tail kept": (is_text, lambda content: content[len(content) // 2 :]),
    "text: half kept": (is_text, lambda content: content[: len(content) // 2]),
    "text: to UTF-16": (is_text, lambda content: _recoded(content, "utf-16")),
    "text: to Windows-1252": (is_text, lambda content: _recoded(content, "cp1252")),
    "SQLite VACUUM": (_family("sqlite"), lambda content: _edited_sql(content, "VACUUM")),
    "SQLite rows": (
        _family("sqlite"),
        lambda content: _edited_sql(
            content,
            "CREATE TABLE extra (id INTEGER PRIMARY KEY, note TEXT, data BLOB)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
            "INSERT INTO extra SELECT i, 'note ' || i, randomblob(300) FROM n",
        ),
    ),
    "SQLite page size": (
        _family("sqlite"),
        lambda content: _edited_sql(content, "PRAGMA page_size = 1024", "PRAGMA auto_vacuum = FULL", "VACUUM"),
    ),
    "DICOM pixels edited": (_family("dicom"), lambda content: _dicom(content, _brighter)),
    "DICOM header edited": (_family("dicom"), lambda content: _dicom(content, _anonymous)),
    "DICOM to RLE": (_family("dicom"), lambda content: _dicom(content, _run_length)),
    "DICOM to JPEG": (_family("dicom"), lambda content: _tool(content, ".dcm", "dcmcjpeg", "{in}", "{out}")),
    "DICOM to JPEG-LS": (_family("dicom"), lambda content: _tool(content, ".dcm", "dcmcjpls", "{in}", "{out}")),
    "DICOM deflated": (_family("dicom"), lambda content: _tool(content, ".dcm", "dcmconv", "+td", "{in}", "{out}")),
    "DICOM implicit": (_family("dicom"), lambda content: _tool(content, ".dcm", "dcmconv", "+ti", "{in}", "{out}")),
    "MP3 tag": (_family("mp3"), lambda content: b"ID3\x04\0\0\0\0\0\x20" + bytes(32) + content),
}


# ---- samples that the corpus lacks ----------------------------------------------------------------------------------


def synthetic_samples() -> Iterator[Sample]:
    """DICOM, SQLite, GIF, BMP, PNG, JPEG and HL7 made on the spot, from a fixed seed."""
    noise = np.random.default_rng(20260131)
    for index in range(12):
        yield Sample(f"made{index}.dcm", _dicom_sample(noise, index))
        yield Sample(f"made{index}.db", _sqlite_sample(index))
        for form in ("GIF", "BMP", "PNG", "JPEG", "TIFF"):
            yield Sample(f"made{index}.{form.lower()}", _picture(noise, index, form))
        yield Sample(f"made{index}.hl7", _hl7(index))
        yield Sample(f"made{index}.csv", _csv(index))
        yield Sample(f"made{index}.tar.xz", lzma.compress(_csv(index) * (1 + index)))
        yield Sample(f"made{index}.csv.bz2", bz2.compress(_csv(index) * (1 + index)))


def _scene(noise: np.random.Generator, rows: int, columns: int) -> NDArray[np.float64]:
    y, x = np.mgrid[0:rows, 0:columns]
    body = 120 * np.exp(-(((x - columns / 2) / columns * 3) ** 2 + ((y - rows / 2) / rows * 3) ** 2))
    scene: NDArray[np.float64] = body + 20 * np.sin(x / 9) + noise.normal(0, 4, (rows, columns)) + 40
    return scene


def _dicom_sample(noise: np.random.Generator, index: int) -> bytes:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    wide = index % 2 == 0
    size = 128 + 32 * (index % 5)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"garde{index}"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.Modality = f"MADE^{index}", str(1000 + index), "CT"
    data.StudyInstanceUID = data.SeriesInstanceUID = meta.MediaStorageSOPInstanceUID
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "T-D4000", "SRT", "Abdomen"
    data.AnatomicRegionSequence = [item]
    data.Rows = data.Columns = size
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = (16, 12, 11) if wide else (8, 8, 7)
    scene = _scene(noise, size, size)
    data.PixelData = (scene * 8).astype("<u2").tobytes() if wide else scene.clip(0, 255).astype("u1").tobytes()
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _sqlite_sample(index: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE stay (id INTEGER PRIMARY KEY, ward TEXT, note TEXT)")
        rows = [(f"ward {row % 7}", f"note {row} " * (row % 40)) for row in range(100 * (index + 1))]
        connection.executemany("INSERT INTO stay (ward, note) VALUES (?, ?)", rows)
        connection.execute("CREATE INDEX by_ward ON stay (ward)")
        connection.execute("DELETE FROM stay WHERE id % 11 = 3")
        connection.commit()
        connection.close()
        return path.read_bytes()


def _picture(noise: np.random.Generator, index: int, form: str) -> bytes:
    from PIL import Image

    grey = _scene(noise, 100 + 30 * index, 140 + 20 * index).clip(0, 255).astype("u1")
    out = io.BytesIO()
    picture = Image.fromarray(np.stack([grey, grey // 2, 255 - grey], axis=2))
    (picture.convert("P") if form == "GIF" else picture).save(out, form)
    return out.getvalue()


def _hl7(index: int) -> bytes:
    lines = []
    for row in range(6 * (index + 1)):
        lines.append(f"MSH|^~\\&|ADT|WARD|LAB|MAIN|2026013103{row:02}||ADT^A01|{index}{row:04}|P|2.3")
        lines.append(f"PID|1||{100000 + row}^^^HOSP||MADE^PERSON{row}||19{20 + row % 70}0101|F")
        lines.append(f"PV1|1|I|W{row % 5}^R{row % 20}^B1||||{row}^DOCTOR^ONE")
    return "\r".join(lines).encode()


def _csv(index: int) -> bytes:
    rows = [
        f"{row};2026-01-{row % 28 + 1:02};ward {row % 9};{row * 37 % 1000 / 10:.1f}" for row in range(80 * (index + 1))
    ]
    return "\n".join(["id;day;place;value", *rows, ""]).encode("latin-1")
