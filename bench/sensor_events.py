"""How much CPU does seeing an event cost? The fanotify sensor against `fatrace` on the same load, one at a time.

Comes in: a rate, a number of events, and where (`--xfs`: an own file system on a loop image). Goes out: a table, or
with `--json` one object. A writer in its own process overwrites files at the rate; each is opened, written and
closed, and so makes one merged event. CPU is user + system time of the reading process alone, as the kernel counts
it, from before the first event to after the last; `fatrace` is told to show only writes and closes, and writes to
memory. What the kernel does inside the writer is not counted for either.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from garde.watch.sensors.fanotify import Fanotify

_FILES = 5_000
_WRITER = r"""
import os, sys, time
folder, count, rate, files = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
names = [f"{folder}/d{n % 50}/file{n:06d}.dat" for n in range(files)]
sys.stdin.readline()
start = time.monotonic()
for n in range(count):
    fd = os.open(names[n % files], os.O_WRONLY)
    os.write(fd, b"x")
    os.close(fd)
    if rate and n % 64 == 63:
        ahead = n / rate - (time.monotonic() - start)
        if ahead > 0:
            time.sleep(ahead)
print(time.monotonic() - start)
"""


@contextmanager
def _folder(xfs: bool) -> Iterator[Path]:
    """A directory for the load: /tmp, or a new XFS on a loop image that is unmounted at the end."""
    base = Path(tempfile.mkdtemp(prefix="garde-bench-"))
    mounted = base / "mnt"
    mounted.mkdir()
    if xfs:
        image = base / "image"
        with image.open("wb") as file:
            file.truncate(400 << 20)
        subprocess.run(["mkfs.xfs", "-q", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], check=True)
    try:
        for number in range(50):
            (mounted / f"d{number}").mkdir()
        for number in range(_FILES):
            (mounted / f"d{number % 50}" / f"file{number:06d}.dat").write_bytes(b"0")
        yield mounted
    finally:
        if xfs:
            subprocess.run(["umount", str(mounted)], check=True)
        shutil.rmtree(base)


def _writer(folder: Path, count: int, rate: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", _WRITER, str(folder), str(count), str(rate), str(_FILES)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _go(writer: subprocess.Popen[str]) -> None:
    assert writer.stdin
    writer.stdin.write("go\n")
    writer.stdin.close()


def _seconds(writer: subprocess.Popen[str]) -> float:
    assert writer.stdout
    seconds = float(writer.stdout.read())
    writer.stdout.close()
    writer.wait()
    return seconds


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure_garde(folder: Path, count: int, rate: float) -> dict[str, float]:
    """Read the load's events through the sensor, in this process, asking for every path."""
    sensor = Fanotify()
    sensor.open([os.fsencode(folder)], lambda _: False)
    poll = select.poll()
    poll.register(sensor.fileno(), select.POLLIN)
    writer = _writer(folder, count, rate)
    poll.poll(300)  # the writer's own start
    _go(writer)
    events, before = 0, _cpu()
    while poll.poll(500):
        for activity in sensor.read():
            events += sensor.path_of(activity.directory) is not None
        time.sleep(0.002)  # what an agent's loop does: take what has gathered
    used, seconds = _cpu() - before, _seconds(writer)
    overflows = sensor.overflows
    sensor.close()
    return {"events": events, "cpu_s": used, "seconds": seconds, "overflows": overflows}


def measure_fatrace(folder: Path, count: int, rate: float) -> dict[str, float]:
    """Let fatrace read the same load."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as room:  # memory: fatrace's own writing costs it no disk
        out = Path(room) / "out"
        words = ["fatrace", "-c", "-f", "CW", "-o", str(out)]
        tracer = subprocess.Popen(words, cwd=folder)
        time.sleep(1.0)
        writer = _writer(folder, count, rate)
        time.sleep(0.3)
        before = _cpu_of(tracer.pid)
        _go(writer)
        seconds = _seconds(writer)
        time.sleep(1.0)
        used = _cpu_of(tracer.pid) - before
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        lines = sum(b".dat" in line for line in out.read_bytes().splitlines())
    return {"events": lines, "cpu_s": used, "seconds": seconds, "overflows": 0}


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=20_000.0, help="events a second; 0: unpaced")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--xfs", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    with _folder(options.xfs) as folder:
        for _ in range(options.rounds):
            for name, measure in (("garde", measure_garde), ("fatrace", measure_fatrace)):
                if name == "garde" or shutil.which("fatrace"):
                    rows.append({"reader": name, **measure(folder, options.events, options.rate)})
    figures = _figures(rows)
    print(
        json.dumps({"name": "sensor_events", "figures": figures, "rows": rows})
        if options.json
        else _table(figures, rows)
    )


def _figures(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    cost = {
        name: [row["cpu_s"] / max(1, row["events"]) for row in rows if row["reader"] == name]
        for name in ("garde", "fatrace")
    }
    own, other = statistics.median(cost["garde"]), statistics.median(cost["fatrace"]) if cost["fatrace"] else None
    mine = [row for row in rows if row["reader"] == "garde"]
    return {
        "events_per_s": statistics.median(row["events"] / row["seconds"] for row in mine),
        "events_per_cpu_s": 1 / own,
        "cpu_ratio_fatrace": own / other if other else None,
        "overflows": sum(row["overflows"] for row in mine),
    }


def _table(figures: dict[str, float | None], rows: list[dict[str, Any]]) -> str:
    lines = [f"{'reader':<10}{'events':>10}{'CPU s':>9}{'µs/event':>10}{'events/s':>11}{'overflows':>11}"]
    for row in rows:
        each = 1e6 * row["cpu_s"] / max(1, row["events"])
        rate = row["events"] / row["seconds"]
        lines.append(
            f"{row['reader']:<10}{row['events']:>10,}{row['cpu_s']:>9.2f}{each:>10.2f}{rate:>11,.0f}{row['overflows']:>11}"
        )
    return "\n".join([*lines, *(f"{name} = {value}" for name, value in figures.items())])


if __name__ == "__main__":
    main()
