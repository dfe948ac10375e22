"""One attack over SMB, played from a client machine of its own and judged by the attacker's truth.

Comes in: a running lab smbd, a login, a mode. Goes out: an `Outcome`. The attacker's processes are started and ended
here. Held means: files were left undone and nothing moved for a second.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import loads, smb_truth
from bench.common import UnavailableError
from bench.smb_truth import Before, Logged
from garde.lab.samba import ClientNamespace, SambaServer, SambaUser

READY_S = 20.0
STILL_S = 1.0  # at 400 files/s a second without a move is 400 files not taken
LONGEST_S = 60.0
RESTORE_S = 15.0


@dataclass(frozen=True, slots=True)
class Attack:
    """What is played: `rate` files a second in total (0: unpaced), over so many connections."""

    mode: str
    rate: float
    connections: int
    files: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The truth about one run; the shape of the drill's own result."""

    touched: int
    lost: int
    held: bool
    seconds_to_hold: float | None
    restored_s: float | None
    began: float = 0.0  # CLOCK_MONOTONIC of the first file; 0 unknown


def play(
    server: SambaServer, user: SambaUser, attack: Attack, originals: Path, settle_s: float, spare: Path
) -> Outcome:
    """Copy fresh documents into the share, let them rest, attack them, and wait for them to be whole again."""
    folder = server.share / f"run-{time.monotonic_ns()}"
    shutil.copytree(originals, folder)
    server.give(folder)
    before = smb_truth.look(sorted(path for path in folder.rglob("*") if path.is_file())[: attack.files])
    time.sleep(settle_s)
    log = spare / f"{folder.name}.log"
    with server.client() as client, _attackers(client, server, user, attack, before, log) as start:
        logged, held_at = _watch(attack, before, log, start)
        whole_at = _wait_until_whole(before, logged, held_at or logged.last)
    logged = smb_truth.parse_log(_read(log))
    log.unlink(missing_ok=True)
    return _judge(before, logged, held_at, whole_at)


def _judge(before: Sequence[Before], logged: Logged, held_at: float | None, whole_at: float | None) -> Outcome:
    first = min(logged.started.values(), default=None)
    left = smb_truth.lost(before)
    return Outcome(
        began=first or 0.0,
        touched=len(smb_truth.touched(before, logged)),
        lost=len(left),
        held=held_at is not None,
        seconds_to_hold=held_at - first if held_at and first else None,
        restored_s=max(0.0, whole_at - (held_at or logged.last)) if whole_at and not left else None,
    )


@contextlib.contextmanager
def _attackers(
    client: ClientNamespace, server: SambaServer, user: SambaUser, attack: Attack, before: Sequence[Before], log: Path
) -> Iterator[float]:
    """Start the connections, give them the start together, yield its time; end them at the end whatever they do."""
    listing = "".join(f"{document.path.relative_to(server.share)}\n" for document in before) + "\n"
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(attack.connections):
            words = [attack.mode, str(attack.rate), str(number), str(attack.connections), str(log)]
            command = [sys.executable, "-m", "bench.smb_attack", server.address, server.share_name, user.login, *words]
            processes.append(
                client.popen(
                    command,
                    env=loads.office_environment(user.password),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            )
            _tell(processes[-1], listing)
        for process in processes:
            _wait_ready(process)
        start = time.monotonic() + 0.1
        for process in processes:
            _tell(process, f"go {start}\n")
        yield start
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.communicate()


def _tell(process: subprocess.Popen[bytes], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(os.fsencode(text))
    process.stdin.flush()


def _wait_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], READY_S)
    if not readable or process.stdout.readline() != b"ready\n":
        raise UnavailableError("an SMB connection of the attacker did not come up")


def _watch(attack: Attack, before: Sequence[Before], log: Path, start: float) -> tuple[Logged, float | None]:
    """Look until the attack is done with every file, or stands still; return its log and since when it is held."""
    while True:
        logged = smb_truth.parse_log(_read(log))
        now = time.monotonic()
        done = len(logged.finished) + len(logged.failed) >= len(before)
        if done or now - max(logged.last, start) > STILL_S:
            return logged, smb_truth.held_since(logged, len(before))
        if now - start > LONGEST_S:
            return logged, None
        time.sleep(0.02)


def _wait_until_whole(before: Sequence[Before], logged: Logged, since: float) -> float | None:
    """Wait until every file that the attack started on holds its bytes again; None when that takes too long."""
    asked = sorted(logged.started)
    while smb_truth.lost(before, asked):
        if time.monotonic() - since > RESTORE_S:
            return None
        time.sleep(0.1)
    return time.monotonic()


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
