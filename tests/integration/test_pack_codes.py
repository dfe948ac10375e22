"""Every code on a ward's pack is read back from pages at 200 dpi in black and white, by the scanner's own library.

Comes in: the bench's hospital, one ward. Needs pdftoppm and zbarimg.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench.packs import _codes, _digest, hospital_at, scanned

from garde.downtime.codes import read_qr
from garde.downtime.packs.making import make, ward_pack


def test_every_code_on_a_wards_pack_is_read_back(tmp_path: Path) -> None:
    if not all(map(shutil.which, ("pdftoppm", "zbarimg"))):
        pytest.skip("poppler-utils and zbar-tools are not installed")
    basis = hospital_at(3000)
    made = make(basis, ward_pack(basis, "SI"), "K7Q2MX", _digest)
    wanted = list(_codes(made, basis))
    assert len(wanted) == made.manifest.pages and sum(map(len, wanted)) > made.manifest.pages
    for page, codes in enumerate(wanted, 1):
        found = scanned(made.pdf, page, tmp_path)
        assert codes <= found, page
        sheets = [sheet for code in found if (sheet := read_qr(code))]
        assert [(str(sheet), digest) for sheet, digest in sheets] == [(f"K7Q2MX.{page}", made.manifest.digest[:8])]
