"""A load of file events at an even pace: appends to open logs, files made, renamed and removed.

Comes in: a folder, a kind of load, operations a second, seconds. Goes out: one JSON object with the operations done and
the seconds they took. Every operation touches another name than the ones shortly before, so that the kernel can merge
little: one event each is the fewest it can report. It runs as a program of its own.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LOGS = 1000  # open logs appended to in turn
BEHIND = 400  # a new file is renamed, and later removed, this many operations after it was made
SLICE = 0.002  # seconds between looks at the clock


def main() -> int:
    """Run the load that the command line names."""
    folder, kind, rate, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    Path(folder).mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    steps = KINDS[kind]()
    next(steps)  # opens and makes what the load needs, outside its time
    print(json.dumps(paced(lambda: next(steps), rate, seconds)), flush=True)
    return 0


def paced(step: Callable[[], object], rate: float, seconds: float) -> dict[str, float]:
    """Do steps in short bursts, never ahead of the pace; return what was done in what time."""
    start = time.perf_counter()
    done = 0
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(int(elapsed * rate) - done):
            step()
            done += 1
            if done % 256 == 0 and time.perf_counter() - start > seconds:
                break
        time.sleep(SLICE)
    return {"operations": done, "seconds": time.perf_counter() - start}


def appends() -> Iterator[None]:
    """Services writing their logs: one short line to the next of many open files."""
    handles = [os.open(f"service-{number:04d}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND) for number in range(LOGS)]
    line = b"2026-11-23T03:00:00Z ward 7 potassium 4.1 mmol/L accepted\n"
    yield
    for handle in itertools.cycle(handles):
        os.write(handle, line)
        yield


def churn() -> Iterator[None]:
    """Programs with temporary files: made, renamed later, removed later still."""
    yield
    for number in itertools.count():
        os.mknod(f"new-{number}")
        yield
        if number >= BEHIND:
            os.rename(  # noqa: PTH104 - the load must cost less than what it measures
                f"new-{number - BEHIND}", f"old-{number - BEHIND}"
            )
            yield
        if number >= 2 * BEHIND:
            os.unlink(f"old-{number - 2 * BEHIND}")  # noqa: PTH108
            yield


def mixed() -> Iterator[None]:
    """Two appends for each operation on a name, as a busy server shows."""
    first, second = appends(), churn()
    next(first), next(second)
    yield
    while True:
        next(first)
        yield
        next(first)
        yield
        next(second)
        yield


def saves() -> Iterator[None]:
    """Small texts opened, rewritten and closed, one after the other: every one of them has to be judged."""
    names = [f"note-{number:05d}.txt" for number in range(4 * LOGS)]
    text = b"potassium 4.1 mmol/L, creatinine 88 umol/L, seen by the ward round\n" * 8
    for name in names:
        Path(name).write_bytes(text)
    yield
    for number, name in enumerate(itertools.cycle(names)):
        handle = os.open(name, os.O_WRONLY)
        os.pwrite(handle, b"%08d" % (number % 10**8), 0)
        os.close(handle)
        yield


KINDS: dict[str, Callable[[], Iterator[None]]] = {"mixed": mixed, "appends": appends, "churn": churn, "saves": saves}


if __name__ == "__main__":
    sys.exit(main())
