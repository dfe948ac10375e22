"""`./garde` on a fresh clone: the first start sets up, a later one only looks, and every way to fail says what to do.

The clones here hold a small stand-in for the package and one wheel made on the spot, so that real pip and real venv run
with no network. The last test starts the real thing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SET_UP_FAILED = 10
TOOLS = ["sh", "readlink", "cat", "sha256sum", "id", "grep", "flock", "rm", "mkdir", "mv", "sed", "tail", "find"]
STAND_IN = """
import json, os, sys
import demo
said = {"cwd": os.getcwd(), "args": sys.argv[1:], "demo": demo.VERSION, "prefix": sys.prefix, "json": json.__file__}
print(json.dumps(said))
sys.exit(int(os.environ.get("STATUS", "0")))
"""


def make_wheel(folder: Path, version: str) -> str:
    """Write demo-VERSION as a wheel and return its line for a lock."""
    folder.mkdir(exist_ok=True)
    info = f"demo-{version}.dist-info"
    files = {
        "demo.py": f"VERSION = '{version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: demo\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for name, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    path = folder / f"demo-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return f"demo=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone of the launcher with the stand-in package."""

    path: Path

    @property
    def wheels(self) -> Path:
        return self.path.parent / "wheels"  # pip takes spaces in PIP_FIND_LINKS for separators

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "GARDE_"))}
        return kept | {
            "HOME": str(self.path),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "GARDE_PYTHON": str(Path(sys.executable).resolve()),
        }

    def start(self, *args: str, command: Path | None = None, cwd: Path | None = None, **more: str) -> Run:
        done = subprocess.run(
            [command or self.path / "garde", *args],
            cwd=cwd or self.path,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Run:
    """How a start ended."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> dict[str, object]:
        assert self.status == 0, self.err
        answer: dict[str, object] = json.loads(self.out)
        return answer


def make_clone(root: Path, path: Path) -> Clone:
    (path / "scripts").mkdir(parents=True)
    (path / "src/garde").mkdir(parents=True)
    shutil.copy2(root / "garde", path / "garde")
    shutil.copy2(root / "scripts/setup", path / "scripts/setup")
    (path / "src/garde/__init__.py").write_text('"""A stand-in."""\n')
    (path / "src/garde/cli.py").write_text(STAND_IN)
    (path / "requirements.lock").write_text(make_wheel(path.parent / "wheels", "1.0"))
    return Clone(path)


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Clone:
    return make_clone(root, tmp_path / "clone")


@pytest.fixture(scope="module")
def ready(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = make_clone(root, tmp_path_factory.mktemp("ready") / "a clone")  # a space in its path
    first = made.start()
    assert first.said["demo"] == "1.0"
    assert "setting up .venv" in first.err
    return made


def made_at(clone: Clone) -> int:
    return (clone.path / ".venv/garde-stamp").stat().st_ino


def test_a_later_start_sets_nothing_up(ready: Clone) -> None:
    before = made_at(ready)
    later = ready.start()
    assert later.said["prefix"] == str(ready.path / ".venv")
    assert later.err == ""
    assert made_at(ready) == before


def test_it_starts_through_a_link_and_stays_in_the_callers_directory(ready: Clone, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin/garde"
    link.symlink_to(ready.path / "garde")
    second = tmp_path / "bin/second"
    second.symlink_to("garde")
    assert ready.start(command=second, cwd=tmp_path).said["cwd"] == str(tmp_path)


def test_arguments_and_exit_code_pass_unchanged(ready: Clone) -> None:
    words = ["watch", "two words", "", "*", "--json", "new\nline", "$HOME"]
    assert ready.start(*words).said["args"] == words
    assert ready.start(STATUS="7").status == 7


def test_nothing_is_imported_from_where_the_caller_stands(ready: Clone, tmp_path: Path) -> None:
    for name in ("json.py", "demo.py", "garde.py"):
        (tmp_path / name).write_text("raise SystemExit('taken over')\n")
    said = ready.start(cwd=tmp_path, PYTHONPATH=str(tmp_path)).said
    assert not str(said["json"]).startswith(str(tmp_path))


def test_the_clone_can_be_moved(ready: Clone, tmp_path: Path) -> None:
    moved = Clone(tmp_path / "moved")
    shutil.copytree(ready.path, moved.path, symlinks=True)
    later = moved.start()
    assert later.said["prefix"] == str(moved.path / ".venv")
    assert later.err == ""


def test_commands_in_the_environment_name_its_final_place(ready: Clone) -> None:
    scripts = [path for path in (ready.path / ".venv/bin").iterdir() if path.is_file() and not path.is_symlink()]
    assert scripts
    assert not [path.name for path in scripts if b".venv.new" in path.read_bytes()]


def test_a_new_lock_is_installed_and_a_failing_one_changes_nothing(clone: Clone) -> None:
    clone.start()
    (clone.path / "requirements.lock").write_text(make_wheel(clone.wheels, "2.0"))
    assert clone.start().said["demo"] == "2.0"
    (clone.path / "requirements.lock").write_text("demo==3.0 --hash=sha256:" + "0" * 64 + "\n")
    without = clone.start()
    assert without.said["demo"] == "2.0"
    assert "the packages could not be installed" in without.err
    assert "going on with the packages installed before" in without.err


def test_a_package_with_another_hash_is_refused(clone: Clone) -> None:
    wheel = next(clone.wheels.iterdir())
    with zipfile.ZipFile(wheel, "a") as opened:
        opened.writestr("more.py", "")
    refused = clone.start()
    assert refused.status == SET_UP_FAILED
    assert "SETUP: the packages could not be installed" in refused.err
    assert refused.out == ""
    assert not (clone.path / ".venv").exists()


def test_two_first_starts_at_once_set_up_once(clone: Clone) -> None:
    both = [
        subprocess.Popen(
            [clone.path / "garde", name],
            env=clone.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    ends = [process.communicate() for process in both]
    assert [json.loads(out)["args"] for out, _ in ends] == [["one"], ["two"]]
    assert sum(err.count("setting up .venv") for _, err in ends) == 1


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while not path.exists():
        assert process.poll() is None, "the set-up ended before it could be interrupted"
        time.sleep(0.01)


def test_a_set_up_that_was_killed_starts_again(clone: Clone) -> None:
    wheel = next(clone.wheels.iterdir())
    content = wheel.read_bytes()
    wheel.unlink()
    os.mkfifo(wheel)  # pip waits here for good: the kill always comes in the middle
    process = subprocess.Popen(
        [clone.path / "garde"],
        env=clone.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(clone.path / ".venv.new/bin/pip", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wheel.unlink()
    wheel.write_bytes(content)
    assert not (clone.path / ".venv").exists()
    assert clone.start().said["demo"] == "1.0"
    assert not (clone.path / ".venv.new").exists()


def test_an_environment_that_garde_did_not_make_is_left_alone(clone: Clone) -> None:
    theirs = clone.path / ".venv/bin/python"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    refused = clone.start()
    assert refused.status == SET_UP_FAILED
    assert "was not made by Garde — move it away" in refused.err
    assert theirs.read_text() == "theirs"


def path_with(folder: Path, pythons: Mapping[str, str]) -> str:
    """A $PATH with the tools that set-up uses and only these Pythons."""
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    for name, script in pythons.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


OLD = 'case "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac'
NO_VENV = 'case "$*" in *print*) echo 3.12 ;; *ensurepip*) exit 1 ;; esac'


@pytest.mark.parametrize(
    ("pythons", "says"),
    [
        ({}, "needs Python 3.11 or newer; no python3 was found — as root: apt-get install python3 python3-venv"),
        ({"python3": "exit 127"}, "needs Python 3.11 or newer; no python3 was found"),
        ({"python3": OLD}, "needs Python 3.11 or newer; python3 is 3.9 — as root: apt-get install"),
        ({"python3": NO_VENV}, "python3 has no venv module — as root: apt-get install python3-venv"),
        (
            {"python3": OLD, "python3.12": NO_VENV},
            "python3.12 has no venv module — as root: apt-get install python3.12-venv",
        ),
    ],
)
def test_a_missing_part_is_named_with_the_command_that_brings_it(
    clone: Clone, tmp_path: Path, pythons: dict[str, str], says: str
) -> None:
    refused = clone.start(PATH=path_with(tmp_path / "path", pythons), GARDE_PYTHON="")
    assert refused.status == SET_UP_FAILED
    assert says in refused.err
    assert len(refused.err.splitlines()) == 1
    assert not list(clone.path.glob(".venv*"))


def test_a_newer_python_beside_an_old_one_is_found(clone: Clone, tmp_path: Path) -> None:
    real = f'exec "{Path(sys.executable).resolve()}" "$@"'
    path = path_with(tmp_path / "path", {"python3": OLD, "python3.13": NO_VENV, "python3.11": real})
    assert clone.start(PATH=path, GARDE_PYTHON="").said["demo"] == "1.0"


def test_the_real_thing_starts(root: Path) -> None:
    if not (root / ".venv/garde-stamp").exists():
        pytest.skip("scripts/setup has not run here")
    done = subprocess.run([root / "garde", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "watch" in done.stdout
