"""One file of a point, judged by its content."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from garde.recovery.judging import look_at
from garde.recovery.points.base import Sample


def sample(tmp_path: Path, name: str, content: bytes) -> Sample:
    file = tmp_path / "object"
    file.write_bytes(content)
    return Sample(f"/srv/{name}".encode(), len(content), bytes(file))


def archive(tmp_path: Path) -> bytes:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", "<w>letter</w>" * 500)
    return (tmp_path / "a.zip").read_bytes()


def test_what_holds_together_can_be_read(tmp_path: Path) -> None:
    assert look_at(sample(tmp_path, "letter.txt", b"A letter.\n" * 50)).readable
    assert look_at(sample(tmp_path, "letter.docx", archive(tmp_path))).readable
    assert look_at(sample(tmp_path, "device.raw", bytes(range(64)) * 40)).readable


@pytest.mark.parametrize("name", ["letter.docx", "letter.txt", "no-ending"])
def test_random_bytes_cannot_be_read_whatever_they_are_called(tmp_path: Path, name: str) -> None:
    look = look_at(sample(tmp_path, name, os.urandom(20_000)))
    assert (look.came, look.readable) == (True, False)


def test_a_broken_structure_cannot_be_read(tmp_path: Path) -> None:
    whole = archive(tmp_path)
    half = len(whole) // 2
    look = look_at(sample(tmp_path, "letter.docx", whole[:half] + bytes(40) + whole[half + 40 :]))
    assert not look.readable
    assert look.why


def test_a_name_that_promises_what_the_content_is_not(tmp_path: Path) -> None:
    assert not look_at(sample(tmp_path, "scan.pdf", b"\x01\x02\x03" * 400)).readable
    assert look_at(sample(tmp_path, "scan.dat", b"\x01\x02\x03" * 400)).readable
    assert look_at(sample(tmp_path, "scan.pdf", b"Only renamed text.\n" * 40)).readable


def test_a_file_that_did_not_come_is_a_finding(tmp_path: Path) -> None:
    look = look_at(Sample(b"/srv/a", 10, b"", "ciphertext verification failed"))
    assert (look.came, look.readable, look.why) == (False, False, "ciphertext verification failed")
    assert not look_at(Sample(b"/srv/a", 10, bytes(tmp_path / "none"))).came
