"""A base backup's manifest and label, as PostgreSQL writes them and as an attacker might."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garde.recovery.points.pg.backup import LABEL, MANIFEST, find_bases, lsn_text, read_base

TEXT = """\
START WAL LOCATION: 2/700028 (file 000000010000000000000007)
CHECKPOINT LOCATION: 0/700060
BACKUP METHOD: streamed
BACKUP FROM: primary
START TIME: 2026-11-28 10:07:51 UTC
LABEL: night \x1b[31m run
START TIMELINE: 1
"""


def manifest(**changed: Any) -> dict[str, Any]:
    file = {"Size": 223, "Last-Modified": "2026-11-28 10:07:51 GMT", "Checksum-Algorithm": "SHA256"}
    return {
        "PostgreSQL-Backup-Manifest-Version": 1,
        "Files": [
            {"Path": "backup_label", **file, "Checksum": "a5"},
            {"Encoded-Path": "ff2f", **file, "Last-Modified": "2026-11-28 10:07:59 GMT", "Checksum": "b5"},
        ],
        "WAL-Ranges": [{"Timeline": 1, "Start-LSN": "2/700028", "End-LSN": "2/700100"}],
        "Manifest-Checksum": "46",
        **changed,
    }


def write(folder: Path, found: object, label: str = TEXT) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / MANIFEST).write_text(json.dumps(found))
    (folder / LABEL).write_text(label)
    return folder


def test_a_base_says_when_it_was_whole_and_where_its_wal_is(tmp_path: Path) -> None:
    base = read_base(write(tmp_path / "one", manifest()))
    assert (base.timeline, base.start, base.end) == (1, 0x2_0070_0028, 0x2_0070_0100)
    assert base.taken_at == 1795860479.0  # of the file that was written last
    assert base.files == {b"backup_label": (223, "a5"), b"\xff/": (223, "b5")}
    assert base.label == "night \\x1b[31m run"
    assert lsn_text(base.start) == "2/700028"


@pytest.mark.parametrize(
    "found",
    [
        {},
        [],
        manifest(Files="all of them"),
        manifest(Files=[{"Path": "x", "Size": "big", "Last-Modified": ""}]),
        manifest(Files=[{"Path": "x", "Size": 1, "Last-Modified": "yesterday"}]),
        manifest(Files=[{"Encoded-Path": "zz", "Size": 1, "Last-Modified": "2026-11-28 10:07:51 GMT"}]),
        {**manifest(), "WAL-Ranges": []},
        {**manifest(), "WAL-Ranges": [{"Timeline": 1, "Start-LSN": "0/0", "End-LSN": "later"}]},
    ],
)
def test_a_manifest_that_is_none_is_named_and_left_out(tmp_path: Path, found: object) -> None:
    write(tmp_path / "good", manifest())
    write(tmp_path / "bad\n", found)
    bases, skipped = find_bases(tmp_path)
    assert [base.name for base in bases] == ["good"]
    assert [it.what for it in skipped] == ["bad\\n"] and skipped[0].reason


def test_tablespaces_elsewhere_are_no_point_of_ours(tmp_path: Path) -> None:
    folder = write(tmp_path / "one", manifest())
    (folder / "pg_tblspc").mkdir()
    assert read_base(folder).name == "one"
    (folder / "pg_tblspc" / "16400").symlink_to("/etc")
    with pytest.raises(ValueError, match="tablespaces"):
        read_base(folder)


def test_no_link_is_read_as_a_manifest(tmp_path: Path) -> None:
    folder = write(tmp_path / "one", manifest())
    (folder / LABEL).rename(tmp_path / "label")
    (folder / LABEL).symlink_to(tmp_path / "label")
    with pytest.raises(OSError, match="symbolic"):
        read_base(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(found=st.binary() | st.builds(lambda value: json.dumps(manifest(Files=value)).encode(), st.lists(st.text())))
def test_whatever_stands_there_it_is_read_or_named(tmp_path: Path, found: bytes) -> None:
    folder = write(tmp_path / "one", {})
    (folder / MANIFEST).write_bytes(found)
    bases, skipped = find_bases(tmp_path)
    assert len(bases) + len(skipped) == 1
