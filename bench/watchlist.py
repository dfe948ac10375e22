"""A neighbour's bundle: how long until every agent watches for it, with how much memory, and what the hot path pays.

Comes in: nothing. Goes out: a row for each bundle (20 and 100,000 indicators in STIX) with the seconds from `garde
share take` to the last agent's `watch_list_taken` and the highest memory of hub and reader meanwhile; a row for an
attacker who is stopped by it; rows of the core's cost for each event with no list and with the long one. The hub is
`garde hub`, the agents `garde agent`, as programs.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from bench import fs
from bench.common import Report, Result, Row, UnavailableError, need_root, warn_if_busy
from bench.processes import usage
from bench.watch import GARDE, environment
from garde.content import Comparison, NewFile
from garde.journal import sharing_kinds as s
from garde.journal.kinds import ActorHeld
from garde.journal.store import open_journal
from garde.model import watchlist
from garde.model.activity import Activity, What
from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.watchlist import Indicator, Sort
from garde.settings import WatchSettings
from garde.vault import Known
from garde.watch.watcher import Watcher
from garde.watch.weights import load

AGENTS = 2
LARGE = 100_000
SMALL_S, LARGE_S, LARGE_MB = 5.0, 30.0, 300.0  # what must be reached
WAIT_S = 300.0
FILES = 200
EVENTS, ROUNDS = 180_000, 5
ENDING = ".crypted77"
ATTACK = """
import os, sys, time
begin = time.monotonic()
with open(sys.argv[3], "ab", buffering=0) as reached:
    for number, name in enumerate(sorted(os.listdir(sys.argv[1]))):
        time.sleep(max(0.0, begin + number * 0.0025 - time.monotonic()))
        path = os.path.join(sys.argv[1], name)
        reached.write(os.fsencode(name) + b"\\n")
        with open(path + sys.argv[2], "wb") as file:
            file.write(os.urandom(os.path.getsize(path)))
        os.unlink(path)
"""


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure; a hub that cannot be set up is a row with its reason."""
    warn_if_busy(report)
    rows: list[Row] = []
    try:
        need_root("guarding folders")
        with ExitStack() as stack:
            rows += _programs(stack, 10_000 if quick else LARGE, report)
    except UnavailableError as error:
        rows.append({"what": "–", "outcome": str(error)})
    report("the core alone")
    rows += _core(1 if quick else ROUNDS)
    return {"name": "watchlist", "figures": _figures(rows), "rows": rows}


def _figures(rows: list[Row]) -> dict[str, Any]:
    by = {row["what"]: row for row in rows}
    large: Row = next((row for row in rows if row["what"].startswith("a bundle of") and "20 " not in row["what"]), {})
    return {
        "taken_s": by.get("a bundle of 20 indicators", {}).get("seconds"),
        "taken_large_s": large.get("seconds"),
        "taken_large_mb": large.get("hub_mb"),
        "touched_listed": by.get("an attacker, listed", {}).get("touched"),
        "event_us": by.get("an event, no list", {}).get("us"),
        "event_listed_us": by.get("an event, 100,000 on the list", {}).get("us"),
    }


# --- hub and agents ---------------------------------------------------------------------------------------------------


def _programs(stack: ExitStack, large: int, report: Report) -> list[Row]:
    base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="garde-watchlist-")))
    stack.callback(_loosen, base)
    hub = _hub_of(base)
    running = stack.enter_context(_program(["hub", "run", "--state", str(hub), "--json"]))
    shares = [stack.enter_context(fs.image("xfs", 512)) / "share" for _ in range(AGENTS)]
    agents = [stack.enter_context(_agent(hub, base, number, share)) for number, share in enumerate(shares, 1)]
    rows: list[Row] = []
    for count in (20, large):
        report(f"a bundle of {count:,} indicators")
        before = [usage(each.pid).pss_mb for each in agents]
        file = base / f"{count}.json"
        file.write_text(json.dumps(_bundle(count)))
        row: Row = {"what": f"a bundle of {count:,} indicators", **_take(hub, running.pid, file)}
        time.sleep(2.0)
        grown = max(usage(each.pid).pss_mb - was for each, was in zip(agents, before, strict=True))
        rows.append(row | {"agent_grew_mb": round(grown, 1), "bundle_mb": round(file.stat().st_size / 1e6, 1)})
    report("an attacker, listed")
    return [*rows, _attacked(hub, shares[0], base / "reached")]


def _loosen(base: Path) -> None:
    """Evidence is kept so that nobody changes it: not even who takes the folder away."""
    subprocess.run(["chattr", "-R", "-f", "-i", "-a", str(base)], check=False, capture_output=True)


def _hub_of(base: Path) -> Path:
    machines = [
        f"  - {{id: files-{n}, name: Files {n}, role: server, addresses: [10.9.0.{10 + n}], segment: all, agent: true}}"
        for n in range(1, AGENTS + 1)
    ]
    estate = "name: Bench\nsegments:\n  - {id: all, name: All, networks: [10.9.0.0/16]}\nmachines:\n"
    file = base / "hospital.yaml"
    file.write_text(estate + "  - {id: hub-1, name: Hub, role: hub, addresses: [10.9.0.5], segment: all}\n"
                    + "\n".join(machines) + "\n")  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    where = ("--listen", f"127.0.0.1:{port}", "--address", "127.0.0.1")
    _garde("hub", "init", "--state", str(base / "hub"), "--estate", str(file), *where)
    return base / "hub"


def _garde(*words: str) -> list[Any]:
    done = subprocess.run(
        [*GARDE, *words, "--json"], capture_output=True, check=False, timeout=WAIT_S, env=environment()
    )
    if done.returncode:
        raise UnavailableError(f"garde {' '.join(words[:2])}: {done.stderr.decode(errors='replace').strip()[-200:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def _program(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a garde program, wait until it is ready, end it."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*GARDE, *words], stdout=subprocess.PIPE, stderr=quiet, env=environment()) as program:
        assert program.stdout is not None
        try:
            if not any(json.loads(line).get("kind") == "ready" for line in program.stdout):
                raise UnavailableError(f"garde {words[0]} ended with {program.wait()}")
            threading.Thread(target=_read_on, args=(program.stdout,), daemon=True).start()
            yield program
        finally:
            program.send_signal(signal.SIGTERM)
            try:
                program.wait(20)
            except subprocess.TimeoutExpired:
                program.kill()


def _read_on(out: IO[bytes]) -> None:
    """What it says later is not listened to, and must not stop it."""
    for _ in out:
        pass


@contextmanager
def _agent(hub: Path, base: Path, number: int, share: Path) -> Iterator[subprocess.Popen[bytes]]:
    share.mkdir()
    for each in range(FILES):
        text = "".join(f"Bed {each} line {line}: temperature 37.{line % 10}, pulse 72\n" for line in range(200))
        (share / f"ward-{each:03}.txt").write_text(text)
    (token,) = [each["token"] for each in _garde("hub", "token", f"files-{number}", "--state", str(hub))]
    state = str(base / f"agent-{number}")
    _garde("enroll", token, "--state", state)
    with _program(["agent", str(share), "--enforce", "--state", state, "--json"]) as running:
        yield running


def _take(hub: Path, pid: int, file: Path) -> Row:
    """Take it, and wait until every agent says that it watches."""
    before, began, over = _count(hub), time.perf_counter(), threading.Event()
    peak = [0.0]

    def sample() -> None:
        while not over.wait(0.05):
            peak[0] = max(peak[0], usage(pid).pss_mb)

    sampling = threading.Thread(target=sample)
    sampling.start()
    try:
        _garde("share", "take", str(file), "--from", "clinic-b", "--state", str(hub))
        read = time.perf_counter() - began
        while _count(hub) < before + AGENTS:
            if time.perf_counter() - began > WAIT_S:
                raise UnavailableError("not every agent took the list")
            time.sleep(0.02)
        seconds = time.perf_counter() - began
    finally:
        over.set()
        sampling.join()
    return {"seconds": round(seconds, 2), "read_s": round(read, 2), "hub_mb": round(peak[0])}


def _count(hub: Path) -> int:
    with open_journal(hub, read_only=True) as journal:
        return sum(isinstance(each.payload, s.WatchListTaken) for each in journal.entries())


def _attacked(hub: Path, share: Path, log: Path) -> Row:
    """Four hundred files a second, under a listed ending; the attacker writes down each before it begins with it."""
    time.sleep(0.5)
    attacker = subprocess.Popen([sys.executable, "-c", ATTACK, str(share), ENDING, str(log)], start_new_session=True)
    try:
        return _held(hub, share, log)
    finally:
        attacker.kill()  # it is held, and does not end by itself
        attacker.wait()


def _held(hub: Path, share: Path, log: Path) -> Row:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with open_journal(hub, read_only=True) as journal:
            held = [each.payload for each in journal.entries() if isinstance(each.payload, ActorHeld)]
        if held:
            time.sleep(3.0)
            return {"what": "an attacker, listed", "touched": log.read_bytes().count(b"\n"),
                    "lost": FILES - len(list(share.glob("ward-???.txt")))}  # fmt: skip
        time.sleep(0.1)
    return {"what": "an attacker, listed", "outcome": "nobody was held"}


def _bundle(count: int) -> dict[str, Any]:
    chosen = random.Random(count)
    return {"type": "bundle", "id": f"bundle--{uuid.UUID(int=count, version=4)}",
            "objects": [_indicator(number, chosen) for number in range(count)]}  # fmt: skip


def _indicator(number: int, chosen: random.Random) -> dict[str, Any]:
    digest = hashlib.sha256(f"{number} {chosen.random()}".encode()).hexdigest()
    pattern = (
        f"[file:name MATCHES '\\\\{ENDING}$']" if number == 0
        else f"[ipv4-addr:value = '198.{18 + number % 2}.{number >> 8 & 255}.{number & 255}']" if number % 4 == 1
        else f"[file:name = 'drop-{digest[:12]}.bin']" if number % 4 == 2
        else f"[file:hashes.'SHA-256' = '{digest}']"
    )  # fmt: skip
    moment = "2026-11-24T03:00:00.000Z"
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.UUID(int=number, version=4)}",
        "created": moment, "modified": moment, "name": f"indicator {number}", "pattern": pattern,
        "indicator_types": ["malicious-activity"], "pattern_type": "stix", "pattern_version": "2.1",
        "valid_from": moment,
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    }  # fmt: skip


# --- the core alone ---------------------------------------------------------------------------------------------------


class _Nothing:
    """No file is known: what is measured is what every event costs."""

    def find(self, path: bytes, fid: bytes) -> Known | None:
        return None

    def compare(self, known: Known, path: bytes, *, still_open: bool) -> Comparison | None:
        return None

    def is_at(self, path: bytes, fid: bytes) -> bool:
        return True

    def look(self, path: bytes) -> NewFile | None:
        return None


def _core(rounds: int) -> list[Row]:
    indicators = [Indicator(Sort.SHA256, b"%064x" % number) for number in range(LARGE // 2)]
    indicators += [Indicator(Sort.FILE_NAME, b"drop-%d.bin" % number) for number in range(LARGE // 4)]
    indicators += [Indicator(Sort.ENDING, b".lock%d" % number) for number in range(LARGE // 4)]
    whole = watchlist.read(watchlist.write(["clinic-b"], indicators).splitlines(keepends=True))
    events = list(_saves())
    best: dict[str, float] = {}
    for _ in range(rounds):  # in turns, so that both meet the same machine
        for what, listed in (("an event, no list", None), ("an event, 100,000 on the list", whole)):
            watcher = Watcher(_Nothing(), WatchSettings(), load(), [b"/srv"], wall=lambda: 1.0, alive=lambda pid: True)
            if listed is not None:
                watcher.watch_for(listed, 0.0)
            best[what] = min(best.get(what, 1e9), _spent(watcher, events))
    return [{"what": what, "us": round(us, 3)} for what, us in best.items()]


def _spent(watcher: Watcher, events: list[tuple[Activity, bytes, bytes | None, Actor]]) -> float:
    began = time.process_time()
    for number, event in enumerate(events):
        watcher.see(*event)
        if number % 64 == 0:
            watcher.work(event[0].at, 4)
            watcher.take()
    return (time.process_time() - began) / len(events) * 1e6


def _saves() -> Iterator[tuple[Activity, bytes, bytes | None, Actor]]:
    """An office's saves over SMB: a temporary file, written, renamed, written again."""
    actors = [
        Actor(ActorKind.SMB, Process(100 + n, 5, 1, 50, 0, "smbd", "/usr/sbin/smbd", "/"), f"u{n}", (),
              SmbClient(f"10.0.0.{n}", 40_000 + n, (f"u{n}",)))
        for n in range(20)
    ]  # fmt: skip
    at = 100.0
    for number in range(EVENTS // 6):
        who, folder = actors[number % 20], b"/srv/d%d" % (number % 200)
        name, scratch = b"report-%d.docx" % number, b"~tmp%d.tmp" % number
        for what, first, new in (
            (What.CREATE, scratch, b""), (What.MODIFY, scratch, b""), (What.MODIFY | What.CLOSE_WRITE, scratch, b""),
            (What.RENAME, scratch, name), (What.MODIFY, name, b""), (What.MODIFY | What.CLOSE_WRITE, name, b""),
        ):  # fmt: skip
            at += 0.0005
            activity = Activity(at, what, who.pid, folder, first, b"", folder if new else b"", new)
            yield activity, folder + b"/" + first, folder + b"/" + new if new else None, who
