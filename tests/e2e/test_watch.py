"""The main job, whole: `garde watch` on a real file system, `garde drill` as attacker and witness.

Everything that is asserted of harm comes from the drill; the watch's own words are only asked how it came to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.fs import image
from bench.watch import GARDE, ROOT, Watch, environment, garde

from garde.watch import bait

CONTENT = ("full", "new-then-delete", "rename-over", "keep-open", "mmap", "base64", "many-processes", "shell-loop")
REMOVAL = ("truncate", "mass-delete")


@pytest.fixture(params=["xfs", "ext4"])
def disk(request: pytest.FixtureRequest) -> Iterator[Path]:
    kind: str = request.param
    if shutil.which(f"mkfs.{kind}") is None:
        pytest.skip(f"mkfs.{kind} is not installed")
    with image(kind, 1024) as mount:
        (mount / "share").mkdir(mode=0o777)
        yield mount


@pytest.fixture
def xfs() -> Iterator[Path]:
    if shutil.which("mkfs.xfs") is None:
        pytest.skip("mkfs.xfs is not installed")
    with image("xfs", 1024) as mount:
        (mount / "share").mkdir(mode=0o777)
        yield mount


def drill(share: Path, *words: str, files: int = 40) -> list[dict[str, object]]:
    code, lines, complaint = garde("drill", str(share), "--files", str(files), *words, "--json", seconds=170)
    results = [line for line in lines if line["kind"] == "result"]
    assert results, (code, complaint)
    return results


@pytest.mark.root
def test_every_kind_of_attack_is_held_and_undone(disk: Path, tmp_path: Path) -> None:
    with Watch([disk / "share"], tmp_path / "state") as watch:
        assert watch.ready["mode"] == "enforce" and watch.ready["unseen"] == []
        for mode in (*CONTENT, *REMOVAL):
            (result,) = drill(disk / "share", "--mode", mode)
            assert result["lost"] == 0, result
            assert result["held"] is (mode in CONTENT), result
        verdict = watch.wait_for("verdict", 1)
        held = watch.wait_for("held", 1)
        assert verdict and held and held["pids"] and held["actor"]["pid"] in held["actor"]["pids"]
        code, words, _ = garde("explain", str(held["id"]), "--state", str(watch.state), "--json")
        assert code == 0, words
        assert watch.stop() == 0
    assert not list((disk / "share").glob("drill-*")), "a drill with every file whole cleans up after itself"


@pytest.mark.root
def test_files_made_a_moment_ago_on_a_busy_server_are_guarded(xfs: Path, tmp_path: Path) -> None:
    """Services write 2,000 lines a second: what is kept for the second time gives way, what is new does not."""
    load = [sys.executable, "-m", "bench.event_load", str(xfs / "share/logs"), "appends", "2000", "100"]
    with (
        Watch([xfs / "share"], tmp_path / "state"),
        subprocess.Popen(load, cwd=ROOT, stdout=subprocess.DEVNULL) as busy,
    ):
        try:
            for mode in ("full", "header-kept"):
                (result,) = drill(xfs / "share", "--mode", mode)
                assert (result["held"], result["lost"]) == (True, 0), result
            assert busy.poll() is None
        finally:
            busy.kill()


@pytest.mark.root
def test_observing_judges_and_touches_nothing(xfs: Path, tmp_path: Path) -> None:
    with Watch([xfs / "share"], tmp_path / "state", enforce=False) as watch:
        assert watch.ready["mode"] == "observe"
        (result,) = drill(xfs / "share", "--mode", "full", "--wait", "1")
        assert (result["held"], result["lost"]) == (False, 40)
        assert watch.wait_for("verdict", 5) and not watch.since(0, "held")
        code, _, complaint = garde("restore", "--state", str(watch.state), "--json", seconds=120)
        assert code == 0, complaint
    for name in (xfs / "share").glob("drill-*/**/*.pdf"):
        assert name.read_bytes().startswith(b"%PDF")


@pytest.mark.root
def test_two_agents_on_one_state_directory(xfs: Path, tmp_path: Path) -> None:
    with Watch([xfs / "share"], tmp_path / "state"):
        words = ["watch", str(xfs / "share"), "--state", str(tmp_path / "state"), "--json"]
        done = subprocess.run([*GARDE, *words], env=environment(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 5 and b"STATE-BUSY" in done.stderr


@pytest.mark.root
def test_killed_in_the_middle_of_a_restore_it_finishes_when_it_is_back(xfs: Path, tmp_path: Path) -> None:
    share, state = xfs / "share", tmp_path / "state"
    with Watch([share], state, restore=False) as watch:
        (result,) = drill(share, "--mode", "full", "--rate", "0", "--wait", "0.5", "--keep", files=400)
        assert result["held"] and result["lost"], result
        os.kill(watch.pid, signal.SIGKILL)
        watch.stop()
    restoring = subprocess.Popen(
        [*GARDE, "restore", "--state", str(state), "--json"], env=environment(), stdout=subprocess.DEVNULL
    )
    time.sleep(0.25)  # somewhere in its work; where exactly does not matter
    restoring.kill()
    restoring.wait()
    code, lines, complaint = garde("restore", "--state", str(state), "--json", seconds=120)
    assert code == 0, (lines, complaint)
    code, lines, _ = garde("restore", "--state", str(state), "--dry-run", "--json", seconds=120)
    assert code == 0
    assert broken(share) == []


REPLACES = """
import os, sys, time
for path in sys.argv[1:]:
    with open(path + ".x", "wb") as file:
        file.write(os.urandom(os.path.getsize(path)))
    os.unlink(path)
time.sleep(60)
"""


@pytest.mark.root
def test_bait_is_known_from_the_first_minute(xfs: Path, tmp_path: Path) -> None:
    """It is laid after the first pass, by the agent, whose own writes no sensor tells. Two of it are a verdict."""
    share = xfs / "share"
    with Watch([share], tmp_path / "state") as watch:
        laid = [share / bait.FIRST.decode(), share / bait.LAST.decode()]
        before = [path.read_bytes() for path in laid]
        time.sleep(1)
        attacker = subprocess.Popen([sys.executable, "-c", REPLACES, *map(str, laid)], start_new_session=True)
        try:
            assert watch.wait_for("held", 10)
            assert watch.wait_for("restored", 10)
        finally:
            attacker.kill()
            attacker.wait()
        assert [path.read_bytes() for path in laid] == before


@pytest.mark.root
def test_a_foreign_write_in_the_vault_is_a_verdict(xfs: Path, tmp_path: Path) -> None:
    (xfs / "share" / "a.txt").write_text("Patient;Room\n" * 100)
    with Watch([xfs / "share"], tmp_path / "state") as watch:
        code = "import sys, time; open(sys.argv[1], 'w').write('x'); time.sleep(60)"
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(xfs / ".garde-vault" / "mine")], start_new_session=True
        )
        try:
            held = watch.wait_for("held", 10)
            assert held is not None and writer.pid in held["pids"]
            assert garde("release", str(held["id"]), "--state", str(watch.state))[0] == 0
        finally:
            writer.kill()
            writer.wait()


@pytest.mark.root
def test_a_full_disk_stops_the_vault_and_not_the_watch(tmp_path: Path) -> None:
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed")
    with image("ext4", 96) as mount:
        share = mount / "share"
        share.mkdir()
        with Watch([share], tmp_path / "state") as watch:
            with (share / "filler.bin").open("wb") as filler:
                try:
                    for _ in range(200):
                        filler.write(os.urandom(1 << 20))
                        filler.flush()
                except OSError:
                    pass
            (share / "later.txt").write_bytes(b"")
            code, _, _ = garde("status", "--state", str(watch.state), "--json")
            assert code == 0 and watch.pid
            assert watch.stop() == 0


def test_a_plain_user_is_told_that_it_only_watches(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    command = [*GARDE, "watch", str(share), "--state", str(tmp_path / "state"), "--json"]
    if os.geteuid() == 0:
        share.chmod(0o777)
        tmp_path.chmod(0o777)
        for parent in tmp_path.parents:
            if parent.stat().st_mode & 0o005 != 0o005:
                pytest.skip(f"{parent} can't be entered by a plain user")
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    agent = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert agent.stdout is not None and agent.stderr is not None
        line = agent.stdout.readline()
        if not line and b"Permission" in (words := agent.stderr.read()):
            pytest.skip(f"a plain user can't read this checkout: {words.decode()[-200:]}")
        ready = json.loads(line)
        assert (ready["kind"], ready["mode"], ready["sensor"]) == ("ready", "watching only", "inotify")
        assert any("fanotify" in note["what"] for note in ready["notes"])
    finally:
        agent.terminate()
        agent.communicate(timeout=10)
    assert agent.returncode == 0


def broken(share: Path) -> list[Path]:
    """Return documents whose first bytes are not those of their kind."""
    heads = {".pdf": b"%PDF", ".docx": b"PK", ".xlsx": b"PK", ".zip": b"PK", ".jpg": b"\xff\xd8", ".png": b"\x89PNG"}
    return [
        path
        for path in share.glob("drill-*/**/*")
        if path.suffix in heads and not path.read_bytes().startswith(heads[path.suffix])
    ]
