"""How long a hub with a long journal takes to serve again: from a snapshot, after kill -9, with every entry folded.

Comes in: nothing. Goes out: per way of starting the seconds from `exec` to the first answer over TLS, with the memory
taken; and how long it takes to check the whole journal. The journal is filled through the store itself, with what years
of a hospital leave: agents that come and go, past incidents with their files, sign-ins, cuts that were proven and
undone. Snapshots are those that the hub kept itself. The hub is `garde hub`, as a program.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.common import Figures, Report, Result, Row, UnavailableError, warn_if_busy
from bench.watch import GARDE, environment
from garde.journal import Entry, Payload, SqliteStore, Text, journal_file
from garde.journal import hub_kinds as h
from garde.journal import kinds as k

FULL, QUICK = 1_000_000, 50_000
BOUND_S = 20.0  # to serving
WAIT_S = 300.0  # for a hub that does not come
FOLDED = "no snapshot: every entry is folded"
BATCH = 2000  # entries in one transaction of the filling
EACH_INCIDENT, EACH_VERDICT = 2000, 200  # entries: 500 incidents of ten verdicts each in a million
SECONDS_EACH = 60.0  # between two entries: a million are two years
WARDS = 40


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure; a hub that cannot be set up is a row with its reason."""
    warn_if_busy(report)
    size = QUICK if quick else FULL
    base = Path(tempfile.mkdtemp(prefix="garde-hub-restart-"))
    try:
        rows, figures = _measure(base / "hub", size, report, only)
    except UnavailableError as error:
        rows, figures = [{"start": "–", "outcome": str(error)}], _figures(size, {}, None)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return {"name": "hub restart", "figures": figures, "rows": rows}


def _measure(state: Path, size: int, report: Report, only: str) -> tuple[list[Row], Figures]:
    machines = _set_up(state)
    report(f"{size:,} entries are written")
    _fill(state, size, machines)
    starts: dict[str, Row] = {}
    for name, snapshot, ending in (
        (FOLDED, False, signal.SIGTERM),
        ("after a clean stop", True, signal.SIGKILL),
        ("after kill -9", True, signal.SIGTERM),
    ):
        if only not in name:
            continue
        report(name)
        if not snapshot:
            _forget_snapshots(state)
        starts[name] = {"start": name, **_start(state, ending)}
    report("the whole journal is checked")
    verified = _timed([*GARDE, "journal", "verify", "--state", str(state), "--json"])
    rows = [*starts.values(), {"start": "garde journal verify", "seconds": verified}]
    return rows, _figures(size, starts, verified)


def _figures(size: int, starts: dict[str, Row], verified: float | None) -> Figures:
    seconds = {name: row["seconds"] for name, row in starts.items()}
    return {
        "entries": size,
        "restart_s": max((each for name, each in seconds.items() if name != FOLDED), default=None),
        "restart_without_snapshot_s": seconds.get(FOLDED),
        "verify_s": verified,
        "bound_s": BOUND_S,
    }


# --- the hub as a program ---------------------------------------------------------------------------------------------


def _set_up(state: Path) -> list[str]:
    """Make a hub for the sample hospital; returns the ids of its machines."""
    state.parent.mkdir(parents=True, exist_ok=True)
    file = state.parent / "hospital.yaml"
    file.write_bytes(_output([*GARDE, "estate", "sample"]))
    _output(
        [*GARDE, "hub", "init", "--state", str(state), "--estate", str(file), "--listen", f"127.0.0.1:{_free_port()}"]
    )
    shown = json.loads(_output([*GARDE, "estate", "show", str(file), "--json"]).splitlines()[0])
    return [machine["id"] for machine in shown["machines"]]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _output(words: list[str]) -> bytes:
    done = subprocess.run(words, capture_output=True, check=False, timeout=WAIT_S, env=environment())
    if done.returncode:
        raise UnavailableError(
            f"garde {' '.join(words[len(GARDE) :][:2])}: {done.stderr.decode(errors='replace').strip()[-200:]}"
        )
    return done.stdout


def _timed(words: list[str]) -> float:
    began = time.perf_counter()
    _output(words)
    return time.perf_counter() - began


@dataclass(slots=True)
class _Running:
    program: subprocess.Popen[bytes]
    port: int


@contextlib.contextmanager
def _hub(state: Path, ending: signal.Signals) -> Iterator[_Running]:
    words = [*GARDE, "hub", "run", "--state", str(state), "--json"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=quiet, env=environment()) as program:
        try:
            yield _Running(program, _ready(program))
        finally:
            program.send_signal(ending)
            try:
                program.wait(60)
            except subprocess.TimeoutExpired:
                program.kill()


def _ready(program: subprocess.Popen[bytes]) -> int:
    assert program.stdout is not None
    for line in program.stdout:
        said = json.loads(line)
        if said.get("kind") == "ready":
            return int(said["port"])
    raise UnavailableError(f"the hub ended with {program.wait()}")


def _start(state: Path, ending: signal.Signals) -> Row:
    """Start it, wait for an answer over TLS, end it so."""
    began = time.perf_counter()
    with _hub(state, ending) as hub:
        ready = time.perf_counter() - began
        _ask(hub.port)
        return {"seconds": time.perf_counter() - began, "ready_s": ready, "memory_mb": _memory(hub.program.pid)}


def _ask(port: int) -> None:
    """Any answer will do: the hub is this machine's own, so its certificate is not looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    asking = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    try:
        asking.request("GET", "/")
        asking.getresponse().read()
    finally:
        asking.close()


def _memory(pid: int) -> float:
    """Return the most memory that it ever held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


# --- what two years leave ---------------------------------------------------------------------------------------------


def _fill(state: Path, size: int, machines: list[str]) -> None:
    draw = random.Random(1)
    began = time.time() - size * SECONDS_EACH
    with SqliteStore(journal_file(state), who="hub") as journal:
        start = 0
        while journal.head().seq < size:
            numbers = range(start, start + min(BATCH, size - journal.head().seq))
            batch = [(_entry(n, draw.choice(machines)), began + n * SECONDS_EACH) for n in numbers]
            journal.append_all(batch, who=f"agent/{draw.choice(machines)}", follow=_answer)
            start = numbers.stop


def _entry(number: int, machine: str) -> Payload:
    """Return the entry that stands there: of twenty, eight of an incident, the rest of quiet days."""
    incident = _incident(number)
    if number % EACH_VERDICT == 7:
        verdict = f"v{number // EACH_VERDICT}"
        return k.VerdictReached(verdict, "session", Text("docs"), 22.0, 18.4, (_damage(number),), (_actor(number),))
    if number % EACH_INCIDENT == EACH_INCIDENT - 1:
        return h.IncidentClosed(incident, "anna", Text("the machine was rebuilt"))
    match number % 20:
        case 0 | 1 | 2 | 3 | 4 | 5:
            return k.FindingMade(_damage(number), _actor(number), f"v{number // EACH_VERDICT}")
        case 6 | 7:
            return k.FileRestored(incident, Text(_path(number - 5)), time.time(), f"{number:064x}", True)
        case 8:
            return h.CutTried(f"{number:032x}", f"c-{incident}", True, (h.Check("it is refused", True, True),))
        case 9 | 10 | 11 | 12:
            return h.AgentAlive(machine, "enforce", "enforce", 20.0)
        case 13 | 14 | 15:
            return h.AgentSilent(machine, time.time())
        case 16:
            return h.SignedIn(f"user{number % 9}", "password", "10.0.0.9")
        case 17:
            return h.EnvelopeRefused(machine, "EXPIRED", "it is too old", "10.0.0.8", 2)
        case 18:
            return k.CoverageChanged(120_000, 118_000, 117_000, "first pass")
    return k.Lagging(0.0, 0)


def _answer(entry: Entry) -> list[Payload]:
    """What the hub wrote about it then."""
    if not isinstance(entry.payload, k.VerdictReached):
        return []
    number = int(entry.payload.verdict.removeprefix("v")) * EACH_VERDICT
    incident, server = _incident(number), entry.who.partition("/")[2]
    users = entry.payload.actors[0].users
    joined = h.HarmJoined(incident, server, entry.payload.verdict, entry.payload.actors[0].address, users, "same hour")
    first = number % EACH_INCIDENT == 0
    return [*([h.IncidentOpened(incident, entry.at, server, 1)] if first else []), joined]


def _incident(number: int) -> str:
    return f"i-{number // EACH_INCIDENT}"


def _path(number: int) -> str:
    return f"/srv/share/ward {number % WARDS}/patient {number}/letter {number}.docx"


def _damage(number: int) -> k.FileDamage:
    proofs = ("type_lost", "random_change")
    path = Text(_path(number))
    return k.FileDamage(path, Text(_path(number) + ".locked"), time.time(), proofs, "zip.docx", "unknown", 38_912)


def _actor(number: int) -> k.ActorNote:
    user, address = Text(f"user{number % 80}"), f"10.20.3.{number % 250}"
    return k.ActorNote("smb", 812, Text("smbd"), Text("/usr/sbin/smbd"), user, address, (user,), (Text("docs"),))


def _forget_snapshots(state: Path) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(journal_file(state))) as db:
        db.execute("delete from snapshots")
        db.commit()
