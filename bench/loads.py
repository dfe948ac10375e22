"""The workloads that are timed: compile, unpack and rsync of many small files, paced office work over SMB.

Comes in: a fresh folder in the watched share, sources made once outside it. Goes out: seconds, or the latencies of
every save. Nothing is cleaned here: a mass of deletes would be part of what is measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import documents
from bench.common import UnavailableError
from bench.honest.building import c_project
from bench.tools import find
from bench.watch import environment


@dataclass(frozen=True, slots=True)
class Sources:
    """What the workloads read, outside the watched file system."""

    project: Path
    tree: Path
    archive: Path
    saves: Path


def make_sources(folder: Path, small_files: int, units: int) -> Sources:
    """Make a C project, a tree of small files, its archive, and the documents that the office saves."""
    sources = Sources(folder / "project", folder / "tree", folder / "tree.tar", folder / "saves")
    c_project(sources.project, units)
    small_tree(sources.tree, small_files)
    subprocess.run(["tar", "-cf", sources.archive, "-C", folder, "tree"], check=True)
    documents.fill(sources.saves, 180, 6, ("docx", "pdf", "xlsx", "jpg", "csv", "txt"))
    return sources


def small_tree(folder: Path, count: int, seed: int = 9) -> None:
    """Write `count` small text files (0.2 to 8 kB), a hundred to a folder."""
    draw = random.Random(seed)
    prose = documents.prose(draw, 200_000)
    for number in range(count):
        place = folder / f"d{number // 100:04d}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        start, size = draw.randrange(150_000), draw.randint(200, 8000)
        (place / f"f{number:06d}.txt").write_text(prose[start : start + size], encoding="ascii")


def compile_project(sources: Sources, folder: Path) -> float:
    """Copy the project (not timed), build it with two jobs."""
    shutil.copytree(sources.project, folder)
    return _timed(["make", "-s", "-j2"], folder)


def unpack(sources: Sources, folder: Path) -> float:
    """Unpack the archive of small files."""
    folder.mkdir()
    return _timed(["tar", "-xf", str(sources.archive)], folder)


def rsync(sources: Sources, folder: Path) -> float:
    """Copy the tree of small files by rsync."""
    folder.mkdir()
    return _timed([_program("rsync"), "-a", f"{sources.tree}/", str(folder)], folder)


def _timed(argv: list[str], folder: Path) -> float:
    os.sync()  # what earlier work left dirty is not this one's time
    began = time.perf_counter()
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise UnavailableError(f"{argv[0]} failed: {done.stderr.decode(errors='replace')[-200:]}")
    return took


def _program(name: str) -> str:
    path = find(name)
    if path is None:
        raise UnavailableError(f"{name} is not installed")
    return path


LATENCY = Path("/dev/cpu_dma_latency")  # Linux power management, "PM QoS interface"


@contextlib.contextmanager
def awake() -> Iterator[bool]:
    """Keep the processors from sleeping while this lasts; yields False where the machine offers no way to.

    Waking an idle processor costs a virtual machine more than any watcher does: a leg that keeps it awake came out
    faster than nothing at all (0.85). Spinning in a process instead disturbs the scheduler (p95 four times as long).
    """
    try:
        handle = os.open(LATENCY, os.O_WRONLY)
    except OSError:
        yield False
        return
    try:
        os.write(handle, struct.pack("i", 0))  # at most 0 µs to wake up, as long as the handle is open
        yield True
    finally:
        os.close(handle)


def office_command(
    server: str, share: str, login: str, folder: str, saves: Path, rate: float, seconds: float
) -> list[str]:
    """Return the command of the office client; see bench/office_client.py."""
    words = [server, share, login, folder, str(saves), str(rate), str(seconds)]
    return [sys.executable, "-m", "bench.office_client", *words]


def office_environment(password: str) -> dict[str, str]:
    """Return the environment in which the client finds this checkout and its password."""
    root = Path(__file__).resolve().parent.parent
    return environment() | {"PYTHONPATH": f"{root / 'src'}:{root}", "GARDE_SMB_PASSWORD": password}


def read_latencies(output: bytes) -> list[float]:
    """Read the client's answer: the seconds of each save, in order."""
    try:
        answer = json.loads(output)
        latencies = [float(value) for value in answer["latencies"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError("the office client gave no latencies") from error
    if not latencies:
        raise UnavailableError("the office client saved nothing")
    return latencies
