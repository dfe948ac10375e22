"""Real-looking hospital files for the benches, by kind, drawn from a seed.

Comes in: a folder, a count, a seed. Goes out: the paths written: docx, xlsx, PDF, JPEG, DICOM, HL7, CSV, text, HTML, XML.
It needs the `lab` extra for some kinds and leaves out what cannot be made. Names and texts are invented.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

Maker = Callable[[random.Random], bytes]

WORDS = ["patient", "admitted", "ward", "cardiology", "potassium", "creatinine", "dose", "tablet", "morning", "evening", "discharge", "letter", "referral", "radiology", "chest", "thorax", "finding", "normal", "raised", "reduced", "follow-up", "week", "consultant", "nurse", "allergy", "penicillin", "none", "blood", "pressure", "pulse", "saturation", "oxygen", "mobilised", "physiotherapy", "wound", "dressing", "changed", "family", "informed", "consent", "signed", "theatre", "list", "anaesthesia", "spinal", "general", "recovery", "pain", "score", "plan", "review", "tomorrow", "medication", "chart"]
NAMES = ["Martin", "Bernard", "Dubois", "Thomas", "Robert", "Richard", "Petit", "Durand", "Leroy", "Moreau", "Simon", "Laurent", "Lefebvre", "Michel"]


def sentence(draw: random.Random, words: int = 14) -> str:
    """Return one made-up sentence."""
    return " ".join(draw.choice(WORDS) for _ in range(words)).capitalize() + "."


def prose(draw: random.Random, size: int) -> str:
    """Return at least `size` characters of made-up prose."""
    parts: list[str] = []
    length = 0
    while length < size:
        parts.append(sentence(draw) + ("\n" if draw.random() < 0.2 else " "))
        length += len(parts[-1])
    return "".join(parts)


def text(draw: random.Random) -> bytes:
    return prose(draw, draw.randint(800, 30_000)).encode()


def html(draw: random.Random) -> bytes:
    body = "".join(f"<p>{sentence(draw)}</p>\n" for _ in range(draw.randint(5, 80)))
    return (
        f"<!DOCTYPE html>\n<html><head><title>{sentence(draw, 4)}</title></head><body>\n{body}</body></html>\n".encode()
    )


def csv(draw: random.Random) -> bytes:
    rows = ["ipp;name;ward;date;potassium;creatinine"]
    rows += [
        f"{draw.randint(10**6, 10**7)};{draw.choice(NAMES)};W{draw.randint(1, 9)};2026-{draw.randint(1, 12):02d}-"
        f"{draw.randint(1, 28):02d};{draw.uniform(3, 6):.1f};{draw.randint(50, 140)}"
        for _ in range(draw.randint(20, 800))
    ]
    return ("\r\n".join(rows) + "\r\n").encode()


def hl7(draw: random.Random) -> bytes:
    number, name = draw.randint(10**6, 10**7), draw.choice(NAMES)
    segments = [
        f"MSH|^~\\&|LAB|HOSP|EHR|HOSP|202611230300||ORU^R01|{number}|P|2.5",
        f"PID|1||{number}^^^HOSP^PI||{name}^ANNE||19{draw.randint(20, 99)}0101|F",
        *(f"OBX|{n}|NM|{draw.choice(WORDS)}^LN||{draw.uniform(1, 200):.1f}|mmol/L|||||F" for n in range(1, 6)),
    ]
    return ("\r".join(segments) + "\r").encode()


def docx(draw: random.Random) -> bytes:
    paragraphs = "".join(f"<w:p><w:r><w:t>{prose(draw, 300)}</w:t></w:r></w:p>" for _ in range(draw.randint(10, 150)))
    space = "http://schemas.openxmlformats.org/"
    parts = {
        "[Content_Types].xml": f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{space}package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{space}package/2006/relationships">'
        f'<Relationship Id="r1" Type="{space}officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w='
        f'"{space}wordprocessingml/2006/main"><w:body>{paragraphs}</w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 23, 3, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def xlsx(draw: random.Random) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for _ in range(draw.randint(20, 300)):
        sheet.append([draw.choice(NAMES), draw.randint(1, 10**6), draw.uniform(0, 10), sentence(draw, 5)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf(draw: random.Random) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for _ in range(draw.randint(2, 12)):
        for line in range(50):
            canvas.drawString(50, 800 - 15 * line, sentence(draw, 10))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _picture(draw: random.Random, side: int) -> Image.Image:
    """A smooth scene with some grain: compresses as photographs do."""
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(draw.getrandbits(32))
    coarse = generator.integers(0, 255, size=(8, 8, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = generator.normal(0, 6, size=smooth.shape).astype(np.int16)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def jpeg(draw: random.Random) -> bytes:
    out = io.BytesIO()
    _picture(draw, draw.choice((480, 640, 800))).save(out, "JPEG", quality=88)
    return out.getvalue()


def dicom(draw: random.Random) -> bytes:
    import numpy as np
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    side = 256
    generator = np.random.default_rng(draw.getrandbits(32))
    wave = np.add.outer(np.sin(np.linspace(0, 6, side)), np.cos(np.linspace(0, 5, side))) * 300 + 1000
    pixels = (wave + generator.normal(0, 8, (side, side))).astype("<u2")
    item = Dataset()
    item.SOPClassUID, item.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=[str(draw.random())])
    item.StudyInstanceUID = generate_uid(entropy_srcs=[str(draw.random())])
    item.SeriesInstanceUID = generate_uid(entropy_srcs=[str(draw.random())])
    item.PatientName, item.PatientID, item.Modality = f"{draw.choice(NAMES)}^A", str(draw.randint(1, 10**7)), "CT"
    item.Rows = item.Columns = side
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 16, 12, 11, 0
    item.PixelData = pixels.tobytes()
    item["PixelData"].VR = "OW"
    item.file_meta = FileMetaDataset()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item.file_meta.MediaStorageSOPClassUID = item.SOPClassUID
    item.file_meta.MediaStorageSOPInstanceUID = item.SOPInstanceUID
    out = io.BytesIO()
    item.save_as(out, enforce_file_format=True)
    return out.getvalue()


MAKERS: dict[str, Maker] = {
    "docx": docx,
    "pdf": pdf,
    "jpg": jpeg,
    "xlsx": xlsx,
    "dcm": dicom,
    "csv": csv,
    "hl7": hl7,
    "txt": text,
    "html": html,
}


def fill(folder: Path, count: int, seed: int, kinds: Sequence[str] = tuple(MAKERS)) -> list[Path]:
    """Write `count` documents of those kinds in turn, twenty to a folder; return their paths."""
    draw = random.Random(seed)
    paths = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        place = folder / f"dossier-{number // 20:04d}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{draw.choice(WORDS)}-{number:05d}.{kind}"
        path.write_bytes(MAKERS[kind](draw))
        paths.append(path)
    return paths


def edit(paths: Sequence[Path], share: float, seed: int) -> int:
    """Save a share of the files anew with other content of their kind; return how many."""
    draw = random.Random(seed)
    chosen = [path for path in paths if draw.random() < share]
    for path in chosen:
        path.write_bytes(MAKERS[path.suffix[1:]](draw))
    return len(chosen)
