"""What stands on a printed page, read by poppler: for tests of paper."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def words_of(pdf: bytes, spare: Path) -> str:
    """Return the text of a PDF; `spare` is a folder for a file. Skips where poppler is not installed."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    path = spare / "words.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode()
