"""The witness of the evidence: digests say what a bundle holds, and a forger who mends the manifest is known as one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from garde.lab.night.bag import altered, wrongs


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "data").mkdir(parents=True)
    files = {"data/journal.jsonl": b'{"seq": 1}\n{"seq": 2}\n', "data/note 1.txt": b"note"}
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    lines = [f"{hashlib.sha256(raw).hexdigest()}  {name}\n" for name, raw in files.items()]
    (folder / "manifest-sha256.txt").write_text("".join(lines))
    manifest = hashlib.sha256((folder / "manifest-sha256.txt").read_bytes()).hexdigest()
    (folder / "tagmanifest-sha256.txt").write_text(f"{manifest}  manifest-sha256.txt\n")
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\n")
    return folder


def test_a_whole_bundle_has_nothing_wrong(bundle: Path) -> None:
    assert wrongs(bundle) == []


def test_what_is_missing_changed_or_added_is_named(bundle: Path) -> None:
    (bundle / "data" / "note 1.txt").write_bytes(b"another")
    (bundle / "data" / "journal.jsonl").unlink()
    (bundle / "data" / "more").touch()
    assert wrongs(bundle) == [
        "data/journal.jsonl is missing", "data/note 1.txt is another one", "data/more is in no manifest",
    ]  # fmt: skip
    assert wrongs(bundle / "data") == ["it is no bag"]


def test_a_forger_changes_one_byte_of_the_journal_and_mends_the_manifests(bundle: Path, tmp_path: Path) -> None:
    copy = altered(bundle, tmp_path / "copy")
    before, now = (each / "data" / "journal.jsonl" for each in (bundle, copy))
    differ = [(a, b) for a, b in zip(before.read_bytes(), now.read_bytes(), strict=True) if a != b]
    assert len(differ) == 1
    assert wrongs(copy) == [], "its digests say nothing of it: that is for whoever verifies the journal"
