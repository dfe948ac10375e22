"""A thousand agents on one hub: what a report takes, when an open page shows it, what is lost, what it costs.

Comes in: nothing but the machine. Goes out: figures of one run. The hub is `garde hub run` with SQLite in its default
form (every append waits for the disk); the agents are simulated (`bench.hub_load`): real envelopes, real TLS,
heartbeats every five seconds, a long poll each, and a hundred reports a second together. The load comes from the same
machine and takes its share of the processors.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from bench.common import Report, Result, UnavailableError, warn_if_busy
from bench.hub_load import Agent, Connection, Place
from bench.hub_screen import Screen, sign_in
from bench.processes import cpu_seconds, usage
from bench.stats import percentile
from bench.watch import GARDE, environment, parse_line
from garde.trust.ca import client_context
from garde.trust.enrolment import Token
from garde.trust.keys import PublicKey, SigningKey

AGENTS = 1000
RATE = 100.0  # reports a second, of all agents together
READY_S = 30.0
DISK_S = 1.0  # for what was acknowledged to be counted


@dataclass
class Seen:
    """What was measured."""

    report_s: list[float] = field(default_factory=list)
    heard_s: list[float] = field(default_factory=list)  # from sent to its event on an open page
    shown_s: list[float] = field(default_factory=list)  # from sent to the page that shows it
    sent: dict[str, float] = field(default_factory=dict)  # mark -> perf_counter when it was sent
    acknowledged: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    rss_mb: float = 0.0
    cpu: float = 0.0  # of one core


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Run the bench: one row, so there is nothing to choose by `only`."""
    warn_if_busy(report)
    agents, seconds = (200, 15.0) if quick else (AGENTS, 120.0)
    rate = RATE * agents / AGENTS if quick else RATE
    with tempfile.TemporaryDirectory(prefix="garde-bench-hub-") as folder:
        state = Path(folder) / "state"
        port = _free_port()
        _set_up(Path(folder), state, port, agents)
        with _hub(state) as (process, ready_s):
            report(f"the hub serves after {ready_s:.1f} s; {agents} agents enrol")
            seen = asyncio.run(_play(state, port, agents, rate, seconds, process.pid, report))
        lost, doubled, entries = _count(state / "journal.db", seen)
    figures = {
        "append_p99_ms": _ms(seen.report_s, 99),
        "page_p95_ms": _ms(seen.shown_s, 95),
        "rss_mb": round(seen.rss_mb, 1),
        "lost": lost,
        "doubled": doubled,
    }
    row = {
        "agents": agents, "reports": len(seen.report_s), "reports/s": round(len(seen.report_s) / seconds, 1),
        "append p50 ms": _ms(seen.report_s, 50), "append p99 ms": _ms(seen.report_s, 99),
        "event p50 ms": _ms(seen.heard_s, 50), "event p95 ms": _ms(seen.heard_s, 95),
        "page p50 ms": _ms(seen.shown_s, 50), "page p95 ms": _ms(seen.shown_s, 95), "RSS MB": round(seen.rss_mb, 1),
        "cores": round(seen.cpu, 2), "entries": entries, "failed": len(seen.failed), "why": next(iter(seen.failed), ""),
    }  # fmt: skip
    return {"name": "hub", "figures": figures, "rows": [row]}


# --- the load ---------------------------------------------------------------------------------------------------------


async def _play(state: Path, port: int, count: int, rate: float, seconds: float, pid: int, report: Report) -> Seen:
    place = Place("127.0.0.1", port, client_context((state / "ca.pem").read_text()))
    bearer = (
        f"Authorization: Bearer {(state / 'operator.token').read_text().strip()}\r\nContent-Type: application/json\r\n"
    )
    agents = await _enrol(place, bearer, count)
    seen = Seen()
    live = [asyncio.create_task(agent.beat()) for agent in agents]
    live += [asyncio.create_task(agent.poll()) for agent in agents]
    screen = Screen(place, sign_in(state))
    live += [asyncio.create_task(screen.listen()), asyncio.create_task(screen.draw())]
    report(f"{count} agents speak; {rate:.0f} reports a second for {seconds:.0f} s")
    await asyncio.sleep(6.0)  # until every agent has its three connections
    for agent in agents:
        await agent.say("report", {"entries": []})
    before = cpu_seconds(pid)
    await _report(agents, rate, seconds, seen)
    seen.cpu, seen.rss_mb = (cpu_seconds(pid) - before) / seconds, usage(pid).rss_mb
    await asyncio.sleep(DISK_S)
    seen.heard_s = [at - seen.sent[mark] for mark, at in screen.heard.items() if mark in seen.sent]
    seen.shown_s = [at - seen.sent[mark] for mark, at in screen.shown.items() if mark in seen.sent]
    for task in live:
        if task.done() and not task.cancelled() and (error := task.exception()):
            seen.failed.append(f"{type(error).__name__}: {error}")
        task.cancel()
    await asyncio.gather(*live, return_exceptions=True)
    for agent in agents:
        agent.close()
    return seen


async def _enrol(place: Place, bearer: str, count: int) -> list[Agent]:
    desk, door = Connection(place), Connection(place)
    found = []
    for number in range(count):
        machine = f"server-{number}"
        status, raw = await desk.post("/api/v1/agents/tokens", msgspec.json.encode({"machine": machine}), bearer)
        if status != 201:
            raise UnavailableError(f"no token: {raw[:200]!r}")
        key = SigningKey.generate()
        secret = Token.parse(json.loads(raw)["token"]).secret
        body = {"token": secret, "machine": machine, "key": key.public.hex}
        status, raw = await door.post("/agent/enrol", msgspec.json.encode(body))
        if status != 200:
            raise UnavailableError(f"not enrolled: {raw[:200]!r}")
        found.append(Agent(replace(place, key=PublicKey.from_hex(json.loads(raw)["hub_key"])), machine, key))
    desk.close()
    door.close()
    return found


async def _report(agents: list[Agent], rate: float, seconds: float, seen: Seen) -> None:
    """Open loop: a report begins when its time has come, whatever became of those before it."""
    draw = random.Random(1)
    began, tasks = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(draw.choice(agents), f"report {number}", seen)))
    await asyncio.gather(*tasks)


async def _one(agent: Agent, mark: str, seen: Seen) -> None:
    seen.sent[mark] = time.perf_counter()
    try:
        seen.report_s.append(await agent.report(mark))
        seen.acknowledged.add(mark)
    except Exception as error:
        seen.failed.append(f"{type(error).__name__}: {error}")


# --- the hub ----------------------------------------------------------------------------------------------------------


def _set_up(folder: Path, state: Path, port: int, agents: int) -> None:
    lines = ["name: Bench", "machines:", "  - {id: hub, name: Hub, role: hub, addresses: [10.255.0.5]}"]
    lines += [
        f"  - {{id: server-{n}, name: Server {n}, role: server, addresses: [10.{n // 250}.{n % 250}.5], agent: true}}"
        for n in range(agents)
    ]
    estate = folder / "hospital.yaml"
    estate.write_text("\n".join(lines) + "\n")
    listen = ("--listen", f"127.0.0.1:{port}", "--address", "127.0.0.1")
    words = ["hub", "init", "--state", str(state), "--estate", str(estate), *listen, "--json"]
    done = subprocess.run([*GARDE, *words], env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"garde hub init: {done.stderr.strip()[-300:]}")


@contextlib.contextmanager
def _hub(state: Path) -> Any:
    began = time.monotonic()
    process = subprocess.Popen(
        [*GARDE, "hub", "run", "--state", str(state), "--json"],
        env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), True)
        for line in process.stdout:
            if (event := parse_line(line)) and event["kind"] == "ready":
                break
        else:
            raise UnavailableError("garde hub run ended before it served")
        yield process, time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _count(journal: Path, seen: Seen) -> tuple[int, int, int]:
    """Return how many acknowledged reports are not in the journal, how many are there twice, and all entries."""
    with contextlib.closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "select texts.value from entries join texts on "
            "texts.ref = substr(json_extract(entries.payload, '$.file.path'), 6) where kind = 'finding_made'"
        ).fetchall()
        entries = int(db.execute("select count(*) from entries").fetchone()[0])
    marks = [bytes(path).rpartition(b"/")[2].removesuffix(b".docx").decode() for (path,) in rows]
    return len(seen.acknowledged - set(marks)), len(marks) - len(set(marks)), entries


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _ms(values: list[float], share: int) -> float | None:
    return round(percentile(values, share) * 1000, 1) if values else None
