"""What the lab needs: named, part of what the tests install, and brought only where that is meant."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from garde.lab.hospital import needs


def packages(text: str) -> set[str]:
    return {word for line in text.splitlines() if (word := line.partition("#")[0].strip())}


def test_the_tests_install_all_that_the_lab_needs(root: Path) -> None:
    wanted = packages((resources.files("garde.lab.hospital") / "packages.txt").read_text())
    assert wanted and wanted <= packages((root / "scripts" / "packages.txt").read_text())


def test_the_script_that_brings_them_is_where_it_is_looked_for(root: Path) -> None:
    assert root / "scripts" / "install-packages" == needs._SCRIPT


def test_a_plain_user_is_told_and_nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "install-packages"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    script.chmod(0o755)
    monkeypatch.setattr(needs, "_SCRIPT", script)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "root" in needs.bring(lambda text: None)
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("brings", [True, False])
def test_what_is_missing_is_brought_once_and_looked_for_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, brings: bool
) -> None:
    """The script stands in for apt: it puts the missing program on the path, or fails with its last words."""
    place = tmp_path / "bin"
    place.mkdir()
    for tool in (*needs.TOOLS, "apt-get"):
        if tool != "snmpd":
            (place / tool).write_text("")
            (place / tool).chmod(0o755)
    script = tmp_path / "install-packages"
    act = f"cp {place}/ip {place}/snmpd; chmod 755 {place}/snmpd" if brings else "echo the index is away >&2; exit 1"
    script.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{act}\n")
    script.chmod(0o755)
    monkeypatch.setattr(needs, "_SCRIPT", script)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(needs.database, "find_programs", lambda: place)
    monkeypatch.setattr(needs.smb_client, "missing", lambda: "")
    monkeypatch.setenv("PATH", str(place))
    said: list[str] = []
    left = needs.bring(said.append)
    assert len(said) == 1 and "snmpd" in said[0]
    assert left == ("" if brings else "not installed: snmpd: the index is away")
