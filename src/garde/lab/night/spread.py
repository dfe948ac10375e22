"""One burst, played: the attacker's connections from its machine to the servers, and the prober beside them.

Comes in: the hospital, the script, which burst. Goes out: `Played`: the attackers' logs and the prober's lines, for
the witness. It starts all connections, gives them the start together, looks on until the attack stands still and
every server refuses (or time is up), and ends its own processes.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

import msgspec

from garde.errors import Incomplete
from garde.lab.attackers.smb_attack import PASSWORD, Task
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.neighbour import Neighbour
from garde.lab.hospital.plan import SHARES
from garde.lab.night.beside import Beside
from garde.lab.night.draw import FILES, RATE, Burst, Script
from garde.lab.night.logs import Logged, parse
from garde.lab.night.prober import Line
from garde.lab.night.talk import first_line, tell

READY_S = 30.0
STILL_S = 1.0  # at 400 files/s a second without a move is 400 files not taken
LONGEST_S = 20.0  # a burst that nobody stops has gone through its files by then
REFUSED_S = 8.0  # how long after the standstill the servers are still asked
# The next server is attacked this much later: so that there is a first one, as on the night.
LAG_S = 0.05
ASK_S = 0.02  # between two questions of the prober
# Seconds between signing in and the first file: it lists the shares first, as the real ones do.
LOOKS_S = 1.0
# The folder of each share where colleagues are writing: left out, so that the truth about each file is plain.
DESK = "desk"
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Played:
    """One burst, as its own side tells it."""

    burst: Burst
    logged: dict[str, Logged]  # by server, in the order of attack
    lines: tuple[Line, ...]


Progress = Callable[[int, tuple[str, ...]], None]  # files started on, servers that refuse


def play(hospital: Hospital, script: Script, number: int, show: Progress = lambda files, refused: None) -> Played:
    """Play the burst to its end."""
    burst = script.bursts[number]
    logs = {server: hospital.plan.home / f"attack-{number}-{server}.log" for server in burst.servers}

    def read() -> dict[str, Logged]:
        return {server: parse(log.read_bytes() if log.exists() else b"") for server, log in logs.items()}

    with _Asking(hospital, burst.machine) as asking, _attackers(hospital, script, burst, number) as total:
        start = time.monotonic()
        still_since = None
        while True:
            time.sleep(_LOOK_S)
            logged, now = read(), time.monotonic()
            show(sum(len(each.started) for each in logged.values()), asking.refusing())
            done = sum(len(each.finished) + len(each.failed) for each in logged.values()) >= total
            moved = max(each.last for each in logged.values())
            if done or now - max(moved, start) > STILL_S:
                still_since = still_since or now
                if asking.all_refuse() or now - still_since > REFUSED_S:
                    break
            if now - start > LONGEST_S:
                break
        logged = read()
        lines = asking.lines()
    return Played(burst, logged, lines)


def _attackers(hospital: Hospital, script: Script, burst: Burst, number: int) -> AbstractContextManager[int]:
    tasks = [
        _task(hospital, script, number, server, own) for server in burst.servers for own in range(burst.connections)
    ]
    return attackers(hospital, burst.machine, hospital.secrets.logins[script.user], tasks)


@contextmanager
def attackers(hospital: Hospital | Neighbour, machine: str, password: str, tasks: Sequence[Task]) -> Iterator[int]:
    """Start a connection for each task, give them the start; yields how many files are dealt. Ends them in any case.

    A server's tasks stand together: the next server is attacked a little later.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for task in tasks:
            process = hospital.python(
                machine,
                "garde.lab.attackers.smb_attack",
                env={PASSWORD: password},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            processes.append(process)
            tell(process, msgspec.json.encode(task) + b"\n")
        counts = [_wait_ready(process) for process in processes]
        start = time.monotonic() + LOOKS_S
        for place, (task, process) in enumerate(zip(tasks, processes, strict=True)):
            tell(process, f"go {start + LAG_S * (place // task.connections)}\n".encode())
        yield sum(count for task, count in zip(tasks, counts, strict=True) if task.own == 0)
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            with suppress(OSError):
                process.communicate()


def _task(hospital: Hospital, script: Script, number: int, server: str, own: int) -> Task:
    burst = script.bursts[number]
    return Task(
        server=hospital.plan.address(server),
        share=SHARES[server],
        login=script.user,
        mode=script.mode,
        ending=script.family.ending,
        note_name=script.family.note_name,
        note=script.note,
        rate=RATE / len(burst.servers),
        own=own,
        connections=burst.connections,
        files=FILES,
        seed=script.seed + number,
        spared=(DESK,),
        log=str(hospital.plan.home / f"attack-{number}-{server}.log"),
    )


def _wait_ready(process: subprocess.Popen[bytes]) -> int:
    """Wait for `ready FILES`; raises Incomplete where the session does not come up."""
    word, _, count = first_line(process, READY_S).partition(b" ")
    if word != b"ready":
        raise Incomplete(
            "an SMB connection of the night's attacker did not come up", "look whether that machine is cut off already"
        )
    return int(count)


class _Asking(Beside):
    """The prober at the spreading machine, and what it has said so far."""

    def __init__(self, hospital: Hospital, machine: str) -> None:
        plan = hospital.plan
        targets = [
            f"{server}={address}" for server in SHARES for address in (plan.address(server), plan.address6(server))
        ]
        words = [str(ASK_S), plan.address(machine), plan.address6(machine), *targets]
        super().__init__(hospital, machine, "garde.lab.night.prober", *words)
        self._what = "the witness at the spreading machine"

    def refusing(self) -> tuple[str, ...]:
        """The servers that refuse on IPv4 and IPv6."""
        last = {target: word for word, _, target in (line.decode().partition(" ") for line in self.said)}
        refuse = {target for target, word in last.items() if word == "refused"}
        return tuple(server for server in SHARES if {f"{server} 4", f"{server} 6"} <= refuse)

    def all_refuse(self) -> bool:
        return len(self.refusing()) == len(SHARES)

    def lines(self) -> tuple[Line, ...]:
        """Ask no more, wait for its report."""
        return msgspec.json.decode(self.end()[-1], type=tuple[Line, ...])


def servers_in_order(logged: dict[str, Logged]) -> Sequence[str]:
    """The servers by when they were first written to; those never reached are left out."""
    reached = {server: first for server, each in logged.items() if (first := each.first) is not None}
    return sorted(reached, key=lambda server: reached[server])
