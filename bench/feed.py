"""The hospital's feed into `garde downtime`: how fast it is taken safely, how old the census is, how fast a replay is.

Comes in: nothing but the machine. Goes out: messages a second that were acknowledged once on the disk (one sender
that waits for each answer, and several that send ahead), the census's lag behind reception, and the speed of a replay
of a million messages (a quick run reckons it from fewer). The desk is the program, the traffic is the simulator's, made
beforehand.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.common import Report, Result, Row, UnavailableError, warn_if_busy
from bench.watch import GARDE, environment
from garde.lab.ward_traffic.hospital import Hospital
from garde.lab.ward_traffic.send import Sender

FULL, QUICK = 40_000, 3_000
REPLAYED = 1_000_000  # in a full run
SENDERS = 4
AHEAD = 32  # messages on the way per sender
BOUND_PER_S, BOUND_LAG_S, BOUND_REPLAY_S = 500, 1.0, 900.0
WAIT_S = 1_800.0  # for the import of a million


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure; a desk that cannot be set up is a row with its reason."""
    warn_if_busy(report)
    size = QUICK if quick else FULL
    base = Path(tempfile.mkdtemp(prefix="garde-feed-"))
    rows: list[Row] = []
    try:
        for name, senders, ahead in (
            ("one sender, waits", 1, 1),
            (f"{SENDERS} senders, {AHEAD} ahead", SENDERS, AHEAD),
        ):
            if only in name:
                report(name)
                rows.append({"what": name, **_feed(base / str(len(rows)), size, senders, ahead)})
        if only in "replay":
            report("replay")
            rows.append({"what": "replay", **_replay(base / "replay", QUICK if quick else REPLAYED)})
    except UnavailableError as error:
        rows.append({"what": "–", "outcome": str(error)})
    finally:
        shutil.rmtree(base, ignore_errors=True)
    fed = [row for row in rows if "lag_p95_s" in row]
    replay = [row["per_s"] for row in rows if row["what"] == "replay"]
    return {
        "name": "feed",
        "figures": {
            "acknowledged_per_s": min((row["per_s"] for row in fed), default=None),
            "bound_per_s": BOUND_PER_S,
            "lag_p95_s": max((row["lag_p95_s"] for row in fed if row["lag_p95_s"] is not None), default=None),
            "bound_lag_s": BOUND_LAG_S,
            "replay_million_s": 1e6 / replay[0] if replay else None,
            "bound_replay_s": BOUND_REPLAY_S,
        },
        "rows": rows,
    }


def _made(size: int, seed: int) -> list[bytes]:
    return list(_traffic(size, seed))


def _traffic(size: int, seed: int) -> Iterator[bytes]:
    hospital = Hospital(seed, time.time() - 14 * 86_400)
    return (sent.data for sent in itertools.islice(hospital.messages(), size))


def _feed(state: Path, size: int, senders: int, ahead: int) -> Row:
    # Each sender is a hospital of its own: the numbers must not be the same people's.
    loads = [_made(size // senders, seed) for seed in range(senders)]
    with _desk(state) as port:
        began = time.perf_counter()
        threads = [threading.Thread(target=_send, args=(port, load, ahead)) for load in loads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        status = json.loads(_output([*GARDE, "downtime", "status", "--state", str(state), "--json"]))
    if status["messages"] != sum(map(len, loads)):
        raise UnavailableError(f"{status['messages']} stored of {sum(map(len, loads))}")
    return {"messages": status["messages"], "per_s": status["messages"] / seconds, "lag_p95_s": status["lag_p95_s"]}


def _send(port: int, load: list[bytes], ahead: int) -> None:
    with Sender("127.0.0.1", port) as sender:
        waiting = 0
        for data in load:
            sender.put(data)
            waiting += 1
            if waiting >= ahead:
                sender.answer()
                waiting -= 1
        for _ in range(waiting):
            sender.answer()


def _replay(state: Path, size: int) -> Row:
    """Fill the store by an import, and measure from the desk's first line to the whole census."""
    state.parent.mkdir(parents=True, exist_ok=True)
    file = state.parent / "load.hl7"
    with file.open("wb") as load:
        for data in _traffic(size, 1):
            load.write(data + b"\n")
    _init(state)
    _output([*GARDE, "downtime", "import", str(file), "--state", str(state)])
    with _running(state) as program:
        _line(program, "listening")
        began = time.perf_counter()
        ready = _line(program, "ready")
        seconds = time.perf_counter() - began
        memory = _memory(program.pid)
    return {
        "messages": ready["messages"],
        "per_s": ready["messages"] / seconds,
        "seconds": seconds,
        "memory_mb": memory,
    }


# --- the desk as a program --------------------------------------------------------------------------------------------


def _init(state: Path) -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    _output([*GARDE, "downtime", "init", "--state", str(state), "--listen", f"127.0.0.1:{port}", "--own", "CLINIC"])
    return port


@contextlib.contextmanager
def _desk(state: Path) -> Iterator[int]:
    port = _init(state)
    with _running(state) as program:
        _line(program, "ready")
        yield port


@contextlib.contextmanager
def _running(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = [*GARDE, "downtime", "run", "--state", str(state), "--json"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=quiet, env=environment()) as program:
        try:
            yield program
        finally:
            program.terminate()
            try:
                program.wait(60)
            except subprocess.TimeoutExpired:
                program.kill()


def _line(program: subprocess.Popen[bytes], kind: str) -> dict[str, Any]:
    assert program.stdout is not None
    for line in program.stdout:
        said: dict[str, Any] = json.loads(line)
        if said["kind"] == kind:
            return said
    raise UnavailableError(f"the desk ended with {program.wait()}")


def _output(words: list[str]) -> bytes:
    done = subprocess.run(words, capture_output=True, check=False, timeout=WAIT_S, env=environment())
    if done.returncode:
        raise UnavailableError(done.stderr.decode(errors="replace").strip()[-200:])
    return done.stdout


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024
