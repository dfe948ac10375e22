"""Small whole files of every family that has a checker, made by hand or by the libraries of the lab extra."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import random
import sqlite3
import struct
import tempfile
import wave
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

SEVENZIP = base64.b64decode(
    "N3q8ryccAAR95PDyGgAAAAAAAABSAAAAAAAAALOL3w3gAWcAEl0AO5hKqtni12VG/LYUO/lqsAAAAAEEBgABCRoABwsBAAEhIQEADIFoAAgKAZuo"
    "PzEAAAUBGQsAAAAAAAAAAAAAABENAHQALgBjAHMAdgAAABQKAQDlMBUCkXvdARUGAQAggKSBAAA="
)
SEVENZIP_AES = base64.b64decode(
    "N3q8ryccAAQMzSWOIAAAAAAAAABiAAAAAAAAAAs800nRpJmZGM1kYvIm0jrDADgQqmAUxbED7hSv7Jj3AYCfCQEEBgABCSAABwsBAAIkBvEHARJT"
    "D6O9BN5iSax3kwupXZ9mWQUhIQEAAQAMGoFoAAgKAZuoPzEAAAUBGQARDQB0AC4AYwBzAHYAAAAUCgEA5TAVApF73QEVBgEAIICkgQAA"
)
ZSTD = base64.b64decode("KLUv/WRoAIUAAEh3YXJkO2JlZAoBAFxUyxFbk8Fs")
OPENPGP = base64.b64decode(
    "jA0ECQMCngsbhzlCMLD/0kgBhOVHttE1vqMW151XSerXmOkgbiiS6guShYm7Kh767UJn8gJUGR5brvWpww8ODrwY/bxqSK6aI1TNfGHiU8ns27Mz"
    "HZQnz40="
)


def text(size: int = 24_000) -> bytes:
    draw = random.Random(1)
    words = ("patient", "ward", "blood", "pressure", "morning", "dose", "doctor", "letter", "result", "control")
    lines = (f"{n}: " + " ".join(draw.choice(words) for _ in range(9)) + "\n" for n in range(size // 40))
    return "".join(lines).encode()[:size]


def hl7() -> bytes:
    rows = [
        f"MSH|^~\\&|ADT|WARD|LAB|MAIN|2026013103{n:02}||ADT^A01|{n}|P|2.3\rPID|1||{n}^^^HOSP||MADE^P{n}"
        for n in range(90)
    ]
    return "\r".join(rows).encode()


def office(name: str = "word/document.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>" * 20)
        archive.writestr(name, b"<w:p>" + text(60_000))
        archive.writestr("media/image1.bin", random.Random(2).randbytes(9_000), zipfile.ZIP_STORED)
    return out.getvalue()


def pdf(streams: int = 8) -> bytes:
    parts, places, at = [b"%PDF-1.4\n"], [], 9
    for number in range(1, streams + 1):
        body = zlib.compress(text(3_000 + 500 * number) + random.Random(number).randbytes(400))
        whole = b"%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream\nendobj\n" % (
            number,
            len(body),
            body,
        )
        places.append(at)
        parts.append(whole)
        at += len(whole)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d >>\n" % (streams + 1, rows, streams + 1))
    parts.append(b"startxref\n%d\n%%%%EOF\n" % at)
    return b"".join(parts)


def scene(rows: int = 150, columns: int = 200) -> np.ndarray:
    noise = np.random.default_rng(5)
    y, x = np.mgrid[0:rows, 0:columns]
    return 128 + 90 * np.sin(x / 17) * np.cos(y / 23) + noise.normal(0, 5, (rows, columns))


def image(form: str, **options: object) -> bytes:
    from PIL import Image

    grey = scene().clip(0, 255).astype("u1")
    picture = Image.fromarray(np.stack([grey, grey // 2, 255 - grey], axis=2))
    out = io.BytesIO()
    (picture.convert("P") if form == "GIF" else picture).save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def dicom(compressed: bool = False) -> bytes:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["garde"])
    meta.TransferSyntaxUID = JPEGBaseline8Bit if compressed else ExplicitVRLittleEndian
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.Modality = "MADE^UP", "CT"
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "T-D4000", "Abdomen"
    data.AnatomicRegionSequence = [item]
    data.Rows, data.Columns, data.SamplesPerPixel = 150, 200, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = (8, 8, 7) if compressed else (16, 12, 11)
    data.PixelData = encapsulate([image("JPEG")]) if compressed else (scene() * 8).astype("<u2").tobytes()
    if compressed:
        data["PixelData"].VR = "OB"
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE stay (id INTEGER PRIMARY KEY, ward TEXT, note TEXT)")
        rows = [(f"ward {n % 7}", f"note {n} " * (n % 40)) for n in range(700)]
        connection.executemany("INSERT INTO stay (ward, note) VALUES (?, ?)", rows)
        connection.execute("CREATE INDEX by_ward ON stay (ward)")
        connection.execute("DELETE FROM stay WHERE id % 9 = 4")
        connection.commit()
        connection.close()
        return path.read_bytes()


def ole(records: int = 600) -> bytes:
    """A compound file with one Workbook stream of BIFF records."""
    body = struct.pack("<HH16s", 0x0809, 16, b"\0\6\5\0")
    for number in range(records):
        cell = struct.pack("<HHHd", number, number % 9, 0, number * 1.5) + b"ward " * (number % 11)
        body += struct.pack("<HH", 0x0203, len(cell)) + cell
    body += struct.pack("<HH", 0x000A, 0)
    sectors = -(-len(body) // 512)
    fat = [*range(1, sectors), 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFD]  # the stream, the directory, the table itself
    assert len(fat) <= 128
    fat += [0xFFFFFFFF] * (128 - len(fat))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le")
        ends = struct.pack("<HBBIII", len(raw) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return raw.ljust(64, b"\0") + ends + bytes(36) + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 0, len(body)) + bytes(256)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIIII", 0, 1, sectors, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, sectors + 1)
    return head.ljust(512, b"\xff") + body.ljust(sectors * 512, b"\0") + directory + struct.pack("<128I", *fat)


def jet() -> bytes:
    head = b"\0\1\0\0Standard Jet DB\0\1\0\0\0".ljust(4096, b"\0")
    pages = [bytes([number % 6, 1, 0, 0]) + text(4092) for number in range(9)]
    return head + b"".join(pages)


def lz4() -> bytes:
    blocks = b"".join(struct.pack("<I", 0x80000000 | 4096) + text(4096) for _ in range(4))
    return b"\x04\x22\x4d\x18\x60\x40\x82" + blocks + bytes(4)


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((3000 * np.sin(np.arange(12_000) / 20)).astype("<i2").tobytes())
    return out.getvalue()


def mp3() -> bytes:
    frame = b"\xff\xfb\x90\x00"  # MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
    return b"".join(frame + text(413) for _ in range(60))


def ogg() -> bytes:
    page = b"OggS\0\0" + bytes(20) + b"\x08" + b"\xff" * 8 + text(8 * 255)
    return page * 9


def mp4() -> bytes:
    def box(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + name + body

    return box(b"ftyp", b"isom\0\0\2\0isomiso2") + b"".join(
        box(b"moof", text(900)) + box(b"mdat", text(3000)) for _ in range(4)
    )


def tar() -> bytes:
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(6):
            member = tarfile.TarInfo(f"letter{number}.txt")
            member.size = 3000
            archive.addfile(member, io.BytesIO(text(3000)))
    return out.getvalue()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "zip.docx": office,
    "pdf": pdf,
    "png": lambda: image("PNG"),
    "jpeg": lambda: image("JPEG"),
    "gif": lambda: image("GIF"),
    "bmp": lambda: image("BMP"),
    "tiff": lambda: image("TIFF"),
    "webp": lambda: image("WEBP", quality=90),
    "dicom": dicom,
    "ole": ole,
    "sqlite": sqlite,
    "jet": jet,
    "gzip": lambda: gzip.compress(text() + random.Random(3).randbytes(3000), mtime=0),
    "bzip2": lambda: bz2.compress(text() + random.Random(3).randbytes(3000)),
    "xz": lambda: lzma.compress(text() + random.Random(3).randbytes(3000)),
    "zstd": lambda: ZSTD,
    "lz4": lz4,
    "7z": lambda: SEVENZIP,
    "tar": tar,
    "text": text,
    "text.hl7": hl7,
    "wav": sound,
    "mp3": mp3,
    "ogg": ogg,
    "mp4": mp4,
}


def striped(content: bytes, on: int, off: int, *, start: int = 0, seed: int = 9) -> bytes:
    """Overwrite `on` bytes with random ones, leave `off`, and so on."""
    noise, out = random.Random(seed), bytearray(content)
    for at in range(start, len(content), on + off):
        out[at : at + on] = noise.randbytes(min(on, len(content) - at))
    return bytes(out)


def noise(size: int, seed: int = 11) -> bytes:
    return random.Random(seed).randbytes(size)


ATTACKS: dict[str, Callable[[bytes], bytes]] = {
    "full": lambda content: noise(len(content)),
    "head": lambda content: noise(min(4096, len(content))) + content[4096:],
    "header-kept": lambda content: content[:1024] + noise(max(0, len(content) - 1024)),
    "every-16": lambda content: striped(content, 16, 16),
    "64-of-192": lambda content: striped(content, 64, 128),
    "on-off": lambda content: striped(content, 4096, 12288),
    "percent": lambda content: striped(content, 4096, 77824, start=4096),
    "base64": lambda content: base64.encodebytes(noise(len(content))),
    "hex": lambda content: noise(len(content)).hex().encode(),
    "wipe": lambda content: bytes(len(content)),
    "other-size": lambda content: noise(len(content) + 1000),
    "openssl": lambda content: b"Salted__" + noise(len(content)),
}
