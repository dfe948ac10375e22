"""Sweeps files with YARA-X rules and indicators, in a worker process with bounds.

Comes in: paths, rules (Garde's own few, those of a folder), indicators. Goes out: `Hits`: what was found, what could
not be looked at, whether time was enough. The worker may die: of a file that breaks it the sweep says so, and goes on
with the next one. It changes no file.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from garde.recovery.checks.indicators import Indicators
from garde.recovery.checks.names import spell

OWN: Final = Path(__file__).with_name("rules")
CHILD: Final = Path(__file__).with_name("hits_child.py")
MEMORY: Final = 1536 << 20  # bytes: the largest file, the compiled rules, and room; a server of a ward has 4 GiB
FILE_S: Final = 20  # one file
MOST: Final = 64 << 20  # bytes swept at a time; a larger file is swept in windows
_SMALL: Final = 1 << 20  # a configuration or a script: searched for addresses
_DEATHS: Final = 8  # of the worker in one sweep: then something else is wrong
_RULES: Final = 32 << 20  # bytes of one file of rules


@dataclass(slots=True)
class Hits:
    """What a sweep of files found."""

    looked: int = 0
    read: int = 0  # bytes
    rules: int = 0
    found: list[tuple[bytes, str]] = field(default_factory=list)  # path, what it matches
    skipped: list[str] = field(default_factory=list)  # one line each: a path and why it was not looked at (whole)
    broken: list[str] = field(default_factory=list)  # rules and indicators that can't be used
    left: int = 0  # paths that nobody looked at
    why: str = ""  # why they are left


def read_rules(folder: Path | None) -> list[tuple[str, str]]:
    """Return name and source of Garde's own rules and of every *.yar in the folder. Raises OSError."""
    files = sorted(OWN.glob("*.yar"))
    if folder is not None and folder.is_dir():
        files += sorted(file for file in folder.rglob("*") if file.suffix in (".yar", ".yara") and file.is_file())
    return [(_name(file, number), _source(file)) for number, file in enumerate(files)]


def _name(file: Path, number: int) -> str:
    return f"{number}:{spell(file.name.encode('utf-8', 'surrogateescape'))}"


def _source(file: Path) -> str:
    if file.stat().st_size > _RULES:
        raise OSError(f"{file.name} is larger than {_RULES >> 20} MiB")
    return file.read_text(encoding="utf-8", errors="replace")


def find_hits(
    paths: Sequence[bytes], rules: Sequence[tuple[str, str]], indicators: Indicators, *, seconds: float
) -> Hits:
    """Sweep each path, as it lies on this machine's disk, within `seconds`. Raises nothing for what files hold."""
    hits, ends = Hits(), time.monotonic() + seconds
    hits.found += [(path, f"indicator: {source}") for path in paths if (source := indicators.of_path(path))]
    hits.broken += indicators.broken
    left, deaths = list(paths), 0
    while left and not hits.why:
        done = _run(left, rules, indicators, hits, ends)
        if done >= len(left):
            return hits
        if time.monotonic() >= ends:
            hits.why = f"time was over after {seconds:.0f} s"
        elif not hits.rules or deaths >= _DEATHS:
            hits.why = hits.why or "the worker can't be kept running"
        else:
            hits.skipped.append(f"{spell(left[done])}: it broke the worker")
            deaths, done = deaths + 1, done + 1
        left = left[done:]
    hits.left = len(left)
    return hits


def asked_of(rules: Sequence[tuple[str, str]], indicators: Indicators, seconds: float) -> dict[str, Any]:
    """Return the first line that a worker gets: what to look for, and its bounds."""
    return {
        "rules": list(rules), "hashes": list(indicators.hashes), "words": indicators.words(), "memory": MEMORY,
        "seconds": max(1, seconds), "file_s": FILE_S, "most": MOST, "small": _SMALL,
    }  # fmt: skip


def _run(paths: list[bytes], rules: Any, indicators: Indicators, hits: Hits, ends: float) -> int:
    """Run one worker over the paths; returns how many it has answered for."""
    head = asked_of(rules, indicators, ends - time.monotonic())
    words = [sys.executable, "-I", str(CHILD)]
    done, first = 0, True
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        feeder = threading.Thread(target=_feed, args=(worker, head, paths), daemon=True)
        feeder.start()
        complaint = _Complaint(worker)
        for line in _lines(worker, ends):
            body = json.loads(line)
            if first:
                first, hits.rules = False, body["rules"]
                hits.broken = list(dict.fromkeys([*hits.broken, *body["broken"]]))
                continue
            _take(hits, paths[done], body, indicators)
            done += 1
        worker.kill()  # it has ended, or its time has
        feeder.join()
        if first and time.monotonic() < ends:
            hits.why = f"the worker did not start: {complaint.last()}"
    return done


def _feed(worker: subprocess.Popen[bytes], head: dict[str, Any], paths: list[bytes]) -> None:
    assert worker.stdin
    with contextlib.suppress(OSError), worker.stdin as pipe:
        pipe.write(json.dumps(head).encode() + b"\n")
        for path in paths:
            pipe.write(path.hex().encode() + b"\n")


class _Complaint:
    """The worker's last words; read all the time, or a full pipe would stop it."""

    def __init__(self, worker: subprocess.Popen[bytes]) -> None:
        self._tail = b""
        self._thread = threading.Thread(target=self._read, args=(worker,), daemon=True)
        self._thread.start()

    def _read(self, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stderr
        with contextlib.suppress(OSError, ValueError):
            for line in worker.stderr:
                self._tail = line

    def last(self) -> str:
        self._thread.join(1.0)
        return self._tail.decode("utf-8", "replace").strip()[:200] or "it said nothing"


def _lines(worker: subprocess.Popen[bytes], ends: float) -> Iterator[bytes]:
    """Yield whole lines until the worker closes its output or time is over."""
    assert worker.stdout
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while (left := ends - time.monotonic()) > 0:
            if not selector.select(left):
                return
            data = worker.stdout.read1(1 << 16)  # type: ignore[attr-defined]
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            yield from whole


def _take(hits: Hits, path: bytes, body: dict[str, Any], indicators: Indicators) -> None:
    if body.get("why") and not body.get("gone"):
        hits.skipped.append(f"{spell(path)}: {body['why']}")
    if "size" in body:
        hits.looked, hits.read = hits.looked + 1, hits.read + int(body["size"])
    hits.found += [(path, line) for line in matched(body, indicators)]


def matched(body: dict[str, Any], indicators: Indicators, named: str = "") -> list[str]:
    """Return what a file matches by a worker's answer, one line each; `named`: the indicator that its path matches."""
    found = [f"rule: {rule}" for rule in body.get("hits", ())]
    known = body.get("hash")
    found += [f"indicator: {source}" for source in (named, indicators.hashes[known] if known else "") if source]
    return [*found, *(f"names an indicator: {word}" for word in body.get("words", ()))]
