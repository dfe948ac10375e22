"""What runs in the process that reads scanned pages. A script: it is started by its path and imports nothing of ours.

Comes in: a file (PDF, JPEG, PNG, TIFF) on standard input; on the command line the first page, how many, how codes of
ours begin, seconds, bytes of memory. Goes out: for each page one JSON line (`page`, `of`, `codes`, `length`, `fault`)
and `length` bytes of a grey JPEG of it; then a line with `end`. Or a reason on standard error and exit code 1.

The file is hostile until shown otherwise: before a byte of it is read, time and memory are bounded, and where the
kernel has Landlock no file can be opened any more, the desk's key among them. What leaves is set anew, pixel by pixel:
no script, no font and no attachment of the original.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image, ImageFilter, ImageOps, TiffImagePlugin

DPI = 200  # at which a page is looked at first; a QR code of 2 cm has some six pixels a module then
AGAIN_DPI = 300
KEPT_DPI = 150  # of the picture that is kept: handwriting stays legible, a page has some 150 kB
INCHES = 11.7  # long side of A4: what is larger is taken for A4 that was measured wrongly
MOST_PIXELS = 60_000_000  # of one page: A4 at 600 dpi has 35 million
QUALITY = 60
MOST_CODES, LONGEST_CODE = 200, 400
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # system calls, the same on every architecture
_NO_NEW_PRIVS = 38
_Bomb = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def main() -> int:
    """Read some pages of one file."""
    first, count, prefix, seconds, memory = sys.argv[1:6]
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(memory) // 4, int(memory) // 4))  # what it writes lies in memory
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import pypdfium2
    import zxingcpp

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.preinit()  # loads what a picture is written with; which ones are read is said where they are opened
    assert TiffImagePlugin
    _shut_in()
    data = sys.stdin.buffer.read()
    try:
        with _opened(data, pypdfium2) as pages:
            for number in range(int(first), min(int(first) + int(count) - 1, len(pages)) + 1):
                _write(_page(pages, number, prefix, zxingcpp))
            _write({"end": len(pages)})
    except (OSError, ValueError, RuntimeError, MemoryError, *_Bomb, SyntaxError) as error:
        print(" ".join(f"{type(error).__name__}: {error}".split())[:300], file=sys.stderr)
        return 1
    return 0


def _shut_in() -> None:
    """Give up every file that is not open yet; a kernel without Landlock says no, and the rest of the bounds stay."""
    libc = ctypes.CDLL(None)
    handled = (ctypes.c_uint64 * 1)((1 << 13) - 1)  # all rights over files of the first version
    rules = libc.syscall(_LANDLOCK_CREATE, handled, 8, 0)
    if rules >= 0 and libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
        os.close(rules)


def _write(body: dict[str, Any], picture: bytes = b"") -> None:
    picture = body.pop("picture", picture)
    sys.stdout.buffer.write(json.dumps({**body, "length": len(picture)}).encode() + b"\n" + picture)
    sys.stdout.buffer.flush()


# --- pages ------------------------------------------------------------------------------------------------------------


class _Pdf:
    """Pages of a PDF, drawn when they are asked for."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    def draw(self, number: int, dpi: int) -> Image.Image:
        page = self._document[number - 1]
        try:
            width, height = (max(float(side), 1.0) for side in page.get_size())  # points
            scale = min(dpi / 72, dpi * INCHES / max(width, height), (MOST_PIXELS / (width * height)) ** 0.5)
            bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
            grey: Image.Image = bitmap.to_pil().convert("L")
            return grey
        finally:
            page.close()


class _Pictures:
    """Frames of a picture. What is one picture is drawn once, at its own size."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image

    def __len__(self) -> int:
        return int(getattr(self._image, "n_frames", 1))

    def draw(self, number: int, dpi: int) -> Image.Image:
        self._image.seek(number - 1)
        if self._image.width * self._image.height > MOST_PIXELS:
            raise ValueError(f"the picture has {self._image.width} × {self._image.height} points: that is no page")
        grey = ImageOps.exif_transpose(self._image).convert("L")  # a telephone says in EXIF which side is up
        grey.thumbnail((int(AGAIN_DPI * INCHES * 1.5),) * 2)
        return grey


@contextlib.contextmanager
def _opened(data: bytes, pdfium: Any) -> Iterator[_Pdf | _Pictures]:
    if b"%PDF-" in data[:1024]:
        document = pdfium.PdfDocument(data)
        try:
            yield _Pdf(document)
        finally:
            document.close()
        return
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "TIFF")) as image:
        yield _Pictures(image)


def _page(pages: _Pdf | _Pictures, number: int, prefix: str, reader: Any) -> dict[str, Any]:
    """One page; a fault in it is said, and the next page is read."""
    head: dict[str, Any] = {"page": number, "of": len(pages), "codes": [], "fault": ""}
    try:
        image = pages.draw(number, DPI)
        found = _codes(image, prefix, reader)
        if isinstance(pages, _Pdf) and not _has(found, prefix):
            found |= _codes(pages.draw(number, AGAIN_DPI), prefix, reader, looks=(_as_it_is, _more_contrast))
        head["codes"] = [list(code) for code in list(found)[:MOST_CODES]]
        head["picture"] = _kept(image)
    except (OSError, ValueError, RuntimeError, SyntaxError, EOFError, MemoryError, *_Bomb) as error:
        head["fault"] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return head


def _kept(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((int(KEPT_DPI * INCHES),) * 2)
    out = io.BytesIO()
    small.save(out, format="JPEG", quality=QUALITY)
    return out.getvalue()


# --- codes ------------------------------------------------------------------------------------------------------------

_Codes = dict[tuple[str, str], None]  # (kind, text), in the order in which they were found
_Look = Callable[[Image.Image], Image.Image]


def _codes(image: Image.Image, prefix: str, reader: Any, looks: tuple[_Look, ...] = ()) -> _Codes:
    """Every code; where none of ours is among them, look again with other eyes, one after the other."""
    found: _Codes = {}
    for look in looks or (_as_it_is, _more_contrast, _smoother, _half, _double):
        found |= _read(look(image), reader, other=look is _more_contrast)
        if _has(found, prefix):
            break
    return found


def _read(image: Image.Image, reader: Any, *, other: bool) -> _Codes:
    kinds = reader.BarcodeFormats([reader.BarcodeFormat.QRCode, reader.BarcodeFormat.Code128])
    binarizer = reader.Binarizer.GlobalHistogram if other else reader.Binarizer.LocalAverage
    codes = reader.read_barcodes(image, formats=kinds, binarizer=binarizer, text_mode=reader.TextMode.Plain)
    return {(_kind(code.format, reader), code.text[:LONGEST_CODE]): None for code in codes}


def _kind(found: Any, reader: Any) -> str:
    return "qr" if found == reader.BarcodeFormat.QRCode else "code128"


def _has(found: _Codes, prefix: str) -> bool:
    return any(text.startswith(prefix) for _, text in found)


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def _more_contrast(image: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(image, cutoff=5)


def _smoother(image: Image.Image) -> Image.Image:
    """A photograph of a print: the raster and the noise go."""
    return image.filter(ImageFilter.GaussianBlur(1.2))


def _half(image: Image.Image) -> Image.Image:
    return image.resize((max(image.width // 2, 1), max(image.height // 2, 1)))


def _double(image: Image.Image) -> Image.Image:
    fits = image.width * image.height * 4 <= MOST_PIXELS // 3  # only what was scanned too coarsely gains by it
    return image.resize((image.width * 2, image.height * 2)) if fits else image


if __name__ == "__main__":
    sys.exit(main())
