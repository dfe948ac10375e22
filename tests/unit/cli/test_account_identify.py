"""`garde account identify`: files in, a family or "unknown" out, with no hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from garde.cli import run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "Restore-My-Files.txt").write_text("Your data are encrypted. Do not rename them.")
    (tmp_path / "scan.docx.lockbit").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "letter.txt").write_text(
        "Cher confrère, j'ai revu ce jour Madame TEST pour le suivi de son traitement."
    )
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run(["account", "identify", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_note_and_a_damaged_file_name_their_family(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, str(files / "Restore-My-Files.txt"), str(files / "scan.docx.lockbit"))
    assert (found["kind"], found["family"], found["decryptor"]) == ("family", "lockbit", "known")
    assert found["confidence"] > 0.8  # type: ignore[operator]
    assert run(["account", "identify", str(files / "scan.docx.lockbit")]) == 0
    assert "lockbit" in capsys.readouterr().out


def test_an_honest_file_is_unknown(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, str(files / "letter.txt"))["family"] == ""


def test_a_pack_of_ones_own_counts_and_what_is_broken_in_it_is_named(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import hashlib

    pack = files / "pack"
    pack.mkdir()
    digest = hashlib.sha256((files / "letter.txt").read_bytes()).hexdigest()
    (pack / "hashes.txt").write_text(f"{digest} mylock\nnonsense\n")
    found = asked(capsys, str(files / "letter.txt"), "--pack", str(pack))
    assert (found["family"], len(found["broken"])) == ("mylock", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("words", "code"), [([], 2), (["/no/such/file"], 8)])
def test_no_file_and_a_file_that_is_not_there_are_said(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["account", "identify", *words]) == code or code == 8
    assert capsys.readouterr().err.count("\n") == 1
