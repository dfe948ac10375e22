"""Files swept singly, by the real worker with real rules."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import pytest

from garde.recovery.checks.scan import BROKE, Scan

RULE = 'rule Locked { strings: $a = "pay us for your files" condition: $a }'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "hospital.yar").write_text(RULE)
    (folder / "hospital.ioc").write_text(f"sha256 {hashlib.sha256(b'dropper').hexdigest()} CERT\nname *.locked CERT\n")
    return folder


def write(folder: Path, name: str, content: bytes) -> bytes:
    (folder / name).write_bytes(content)
    return os.fsencode(folder / name)


def test_it_says_what_each_file_matches_and_keeps_its_worker(tmp_path: Path, rules: Path) -> None:
    with Scan(rules) as scan:
        assert scan(write(tmp_path, "note.txt", b"now pay us for your files")) == ("rule: Locked",)
        worker = scan._worker
        assert scan(write(tmp_path, "letter.txt", b"Dear colleague")) == ()
        (known,) = scan(write(tmp_path, "tool.exe", b"dropper"))
        assert known.startswith("indicator: ")
        (named,) = scan(write(tmp_path, "letter.locked", b"Dear colleague"))
        assert named.startswith("indicator: ")
        assert scan(os.fsencode(tmp_path / "gone")) == ()
        assert scan._worker is worker and not scan.why
    assert worker is not None and worker.returncode is not None


def test_a_file_that_breaks_the_worker_is_a_match_and_the_next_is_swept(tmp_path: Path, rules: Path) -> None:
    with Scan(rules) as scan:
        scan(write(tmp_path, "letter.txt", b"Dear colleague"))
        assert scan._worker is not None
        os.kill(scan._worker.pid, signal.SIGKILL)
        scan._worker.wait()
        assert scan(write(tmp_path, "bomb", b"")) == (BROKE,)
        assert scan(write(tmp_path, "note.txt", b"now pay us for your files")) == ("rule: Locked",)


def test_a_worker_that_cannot_be_kept_is_said(tmp_path: Path, rules: Path) -> None:
    with Scan(rules) as scan:
        path = write(tmp_path, "letter.txt", b"Dear colleague")
        for _ in range(20):
            scan(path)
            if scan._worker is not None:
                scan._worker.kill()
                scan._worker.wait()
        assert scan(path) == () and scan.why == "the worker can't be kept running"


def test_no_folder_means_our_own_rules_alone(tmp_path: Path) -> None:
    with Scan(tmp_path / "nowhere") as scan:
        assert scan(write(tmp_path, "letter.txt", b"Dear colleague")) == () and not scan.why
