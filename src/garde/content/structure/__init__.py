"""Structure checks: does a file still hold together by its own rules?

Comes in: bytes and their kind. Goes out: WHOLE, BROKEN or UNCHECKED, with a clause for people. One checker per
family of formats, in one table. It repairs nothing and keeps nothing of what it reads.
"""

from __future__ import annotations

from garde.content.access import Bytes
from garde.content.kinds import family
from garde.content.structure.base import Budget, Checked, Checker, Near, Structure, broken, unchecked
from garde.content.structure.dicom import check_dicom
from garde.content.structure.gif import check_gif
from garde.content.structure.jet import check_jet
from garde.content.structure.jpeg import check_jpeg
from garde.content.structure.media import check_bmp, check_boxes, check_mpeg, check_ogg, check_riff, check_tiff
from garde.content.structure.ole import check_ole
from garde.content.structure.pdf import check_pdf
from garde.content.structure.plain_text import check_text
from garde.content.structure.png import check_png
from garde.content.structure.sevenzip import check_sevenzip
from garde.content.structure.sqlite import check_sqlite
from garde.content.structure.streams import check_bzip2, check_gzip
from garde.content.structure.tar import check_tar
from garde.content.structure.xz import check_xz
from garde.content.structure.zip_archive import check_zip
from garde.content.structure.zstd import check_lz4, check_zstd

__all__ = ["CHECKERS", "Budget", "Checked", "Checker", "Near", "Structure", "check_structure", "inspect"]

DEFAULT_BUDGET = 4 << 20

CHECKERS: dict[str, Checker] = {
    "zip": check_zip,
    "pdf": check_pdf,
    "png": check_png,
    "jpeg": check_jpeg,
    "gif": check_gif,
    "dicom": check_dicom,
    "ole": check_ole,
    "sqlite": check_sqlite,
    "jet": check_jet,
    "gzip": check_gzip,
    "bzip2": check_bzip2,
    "xz": check_xz,
    "zstd": check_zstd,
    "lz4": check_lz4,
    "7z": check_sevenzip,
    "tar": check_tar,
    "text": check_text,
    "tiff": check_tiff,
    "bmp": check_bmp,
    "wav": check_riff,
    "avi": check_riff,
    "webp": check_riff,
    "riff": check_riff,
    "mp4": check_boxes,
    "heic": check_boxes,
    "mp3": check_mpeg,
    "ogg": check_ogg,
}


def check_structure(data: Bytes, kind: str, *, budget: int = DEFAULT_BUDGET) -> tuple[Structure, str]:
    """Judge a file of a known kind; (UNCHECKED, reason) where there is no checker or the budget was too small."""
    found = inspect(data, kind, budget=budget)
    if found.structure is Structure.WHOLE and not found.complete:
        return Structure.UNCHECKED, f"{found.why}; the rest is beyond the budget"
    return found.structure, found.why


def inspect(data: Bytes, kind: str, *, budget: int = DEFAULT_BUDGET, near: tuple[tuple[int, int], ...] = ()) -> Checked:
    """The same with all that the checker says, looking first where something changed."""
    checker = CHECKERS.get(family(kind))
    if checker is None:
        return unchecked(f"no checker for {kind}")
    return checker(data, Budget(budget), Near(near)) if data.size else broken("the file is empty")
