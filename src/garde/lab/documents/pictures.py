"""Pictures: phantom scans, clinical photos, ECG strips, and DICOM studies that carry them.

Comes in: a `Draw`. Goes out: bytes of JPEG and PNG (Pillow) and DICOM (pydicom; half of them with JPEG-compressed
pixels). The phantoms are soft ellipses with a scanner's noise, so that they compress as real pictures do.
"""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from garde.lab.documents.draw import Draw

# CT Image Storage and Digital X-Ray Image Storage; the root is pydicom's own, reserved for generated identifiers.
CT, DX = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1.1"
UID_ROOT = "1.2.826.0.1.3680043.8.498"
NOISE_SIDE = 2048


@cache
def _noise() -> NDArray[np.int16]:
    return np.random.default_rng(7).normal(0, 6, (NOISE_SIDE, NOISE_SIDE)).astype(np.int16)


@cache
def _phantom(width: int, height: int, number: int) -> NDArray[np.int16]:
    """Return one of a few soft shapes, 0..255."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = np.zeros((height, width))
    for _ in range(9):
        cx, cy, a, b = rng.uniform(-0.5, 0.5, 2).tolist() + rng.uniform(0.15, 0.7, 2).tolist()
        inside = ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2
        image += rng.uniform(15, 60) * np.exp(-(inside**3))
    return image.clip(0, 245).astype(np.int16)


def _scan(draw: Draw, width: int, height: int) -> NDArray[np.int16]:
    """Return a phantom with this document's own brightness, place and noise, 0..255."""
    rng = draw.rng
    shape = np.roll(_phantom(width, height, rng.randrange(6)), rng.randrange(-width // 6, width // 6), axis=1)
    top, left = rng.randrange(NOISE_SIDE - height), rng.randrange(NOISE_SIDE - width)
    noise = _noise()[top : top + height, left : left + width]
    scan: NDArray[np.int16] = (shape + noise + rng.randrange(30)).clip(0, 255)
    return scan


def _label(image: Image.Image, draw: Draw) -> None:
    ImageDraw.Draw(image).text((4, 4), f"SYNTHETIC {draw.patient.number} {draw.when:%Y-%m-%d}", fill="white")


def _side(draw: Draw, least: int, most: int) -> int:
    """Return a side in steps of 32, so that few phantoms serve many pictures."""
    return max(least, draw.between(least, most) // 32 * 32)


def _jpeg_of(array: NDArray[np.uint8], draw: Draw) -> bytes:
    out = io.BytesIO()
    image = Image.fromarray(array)
    _label(image, draw)
    image.save(out, "JPEG", quality=draw.rng.randrange(75, 93))
    return out.getvalue()


def jpeg(draw: Draw) -> bytes:
    """Return a photo or a scanned picture, 8 to 600 kB."""
    width = _side(draw, 256, 1472)
    height = width * 3 // 4
    grey = _scan(draw, width, height)
    if draw.rng.random() < 0.4:
        return _jpeg_of(grey.astype(np.uint8), draw)
    warm = np.stack([(grey * part).clip(0, 255) for part in (1.0, 0.82, 0.71)], axis=-1)
    return _jpeg_of(warm.astype(np.uint8), draw)


def png(draw: Draw) -> bytes:
    """Return an ECG strip, 5 to 60 kB, or a lossless scan, 20 to 500 kB."""
    image = _strip(draw) if draw.rng.random() < 0.6 else _still(draw)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _still(draw: Draw) -> Image.Image:
    side = _side(draw, 160, 736)
    image = Image.fromarray(_scan(draw, side, side).astype(np.uint8))
    _label(image, draw)
    return image


def _strip(draw: Draw) -> Image.Image:
    width, height = _side(draw, 480, 1600), 320
    image = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(image)
    pen.text((4, 4), f"SYNTHETIC ECG {draw.patient.name} {draw.when:%Y-%m-%d %H:%M}", fill=0)
    beat = draw.rng.randrange(60, 120)
    for lead in range(3):
        middle, last = 80 + 90 * lead, (0, 80 + 90 * lead)
        for x in range(0, width, 3):
            spike = {0: -34, 3: 55, 6: -18}.get((x % beat) // 3 * 3, 0)
            point = (x, middle - spike + draw.rng.randrange(-3, 4))
            pen.line([last, point], fill=0)
            last = point
    return image


def dicom(draw: Draw) -> bytes:
    """Return a CT slice or an X-ray, 20 kB to 2 MB, with raw 12-bit or JPEG-compressed pixels."""
    packed = draw.rng.random() < 0.5
    side = _side(draw, 192, 1408) if packed else _side(draw, 96, 992)
    scan = _scan(draw, side, side)
    study = _study(draw, DX if packed else CT)
    study.Rows = study.Columns = side
    if packed:
        study.BitsAllocated = study.BitsStored = 8
        study.LossyImageCompression = "01"
        study.PixelData = encapsulate([_jpeg_of(scan.astype(np.uint8), draw)])
        study["PixelData"].is_undefined_length = True
    else:
        study.BitsAllocated, study.BitsStored = 16, 12
        study.PixelData = (scan * 16).astype("<u2").tobytes()
    study.HighBit = study.BitsStored - 1
    study.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if packed else ExplicitVRLittleEndian
    out = io.BytesIO()
    pydicom.dcmwrite(out, study, enforce_file_format=True)
    return out.getvalue()


def _study(draw: Draw, kind: str) -> Dataset:
    identifier = f"{UID_ROOT}.{draw.number + 1}.{draw.rng.randrange(1, 10**12)}"
    study = Dataset()
    study.file_meta = FileMetaDataset()
    study.file_meta.MediaStorageSOPClassUID = study.SOPClassUID = kind
    study.file_meta.MediaStorageSOPInstanceUID = study.SOPInstanceUID = identifier
    study.StudyInstanceUID, study.SeriesInstanceUID = f"{identifier}.1", f"{identifier}.1.1"
    study.SpecificCharacterSet = "ISO_IR 192"
    study.StudyDate, study.StudyTime = f"{draw.when:%Y%m%d}", f"{draw.when:%H%M%S}"
    study.Modality = "CT" if kind == CT else "DX"
    study.Manufacturer, study.InstitutionName = "Garde lab (synthetic)", draw.hospital
    study.PatientName, study.PatientID = f"{draw.patient.family}^{draw.patient.given}", draw.patient.number
    study.PatientBirthDate, study.PatientSex = draw.patient.born, draw.patient.sex
    study.StudyDescription = "SYNTHETIC STUDY, NOBODY'S"
    study.InstanceNumber = draw.rng.randrange(1, 400)
    study.SamplesPerPixel, study.PhotometricInterpretation, study.PixelRepresentation = 1, "MONOCHROME2", 0
    return study
