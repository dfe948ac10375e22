"""Every mode on a folder that nobody watches: the damage is real, the truth is told, nothing else is touched."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.errors import Incomplete
from garde.lab.attackers.table import MODES, find_reason
from garde.lab.drill import Plan, Remark, Result, Skipped, run

FILES = 14  # one of each kind, and some more


def snapshot(root: Path) -> dict[str, tuple[str, int, int]]:
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, path.stat().st_ctime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Path]:
    """A share with a neighbour's files in it, and some beside it; both are the same afterwards."""
    for place in (tmp_path / "share" / "Cardiologie", tmp_path / "share" / "drill-older", tmp_path / "elsewhere"):
        place.mkdir(parents=True)
        (place / "precious.txt").write_bytes(b"precious")
    (tmp_path / "share" / "Cardiologie").chmod(0o777)
    (tmp_path / "share" / "Cardiologie" / "precious.txt").chmod(0o666)
    before = snapshot(tmp_path)
    yield tmp_path / "share"
    after = snapshot(tmp_path)
    assert {path: after.get(path) for path in before} == before


def plan(share: Path, mode: str, **changes: object) -> Plan:
    base: dict[str, object] = {"files": FILES, "rate": 0, "settle": 0, "wait": 0, "slow_interval": 0.01, "seed": 1}
    return Plan(share, (mode,), **{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_loses_every_file_and_says_so(mode: str, share: Path) -> None:
    reason = find_reason(MODES[mode])
    if reason:
        pytest.skip(reason)
    outcomes = list(run(plan(share, mode)))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Remark)]
    files = 12 if mode == "slow" else FILES
    assert outcomes == [Result(mode, files, files, files, False, None, None)]
    made = [path for path in share.iterdir() if path.name not in ("Cardiologie", "drill-older")]
    assert len(made) == 1
    assert made[0].name.startswith("drill-")


@pytest.mark.parametrize("rate", [0, 400])
def test_the_rate_is_the_total_and_every_file_is_dealt_once(rate: float, share: Path) -> None:
    (result,) = run(plan(share, "full", files=60, rate=rate, workers=7))
    assert isinstance(result, Result)
    assert (result.touched, result.lost) == (60, 60)


def test_a_missing_tool_is_skipped_with_its_reason(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert list(run(plan(share, "ccrypt"))) == [Skipped("ccrypt", "ccrypt not installed")]
    assert not list(share.glob("drill-????????"))


def test_files_changed_before_the_attack_are_an_error(share: Path) -> None:
    def meddle(_: object) -> None:
        for path in share.glob("drill-????????/*/*/*"):
            path.write_bytes(b"changed by somebody else")

    with pytest.raises(Incomplete, match="before the attack"):
        list(run(plan(share, "full", settle=0.01), meddle))


@pytest.mark.root
def test_as_root_each_mode_has_a_user_of_its_own(share: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: files are given to another uid")
    both = Plan(share, ("head", "wipe"), files=3, rate=0, settle=0, wait=0)
    assert len(list(run(both))) == 2
    owners = {path.stat().st_uid for path in share.glob("drill-????????")}
    assert len(owners) == 2
    assert 0 not in owners
    assert {path.stat().st_uid for path in share.glob("drill-????????/**/*")} == owners
