"""The smbd processes of this machine: their configuration, their sessions, and how a session is ended.

Comes in: nothing but the machine. Goes out: `running`, `Smbd`, `sessions`, `children_serving`, `end`, `same_user`,
`run_tool`. Only an smbd in our own network namespace is this machine's: one in a container (or on another machine of
a lab) has accounts and shares of its own, and its own agent. It changes no configuration and no account.

A session is ended by SIGKILL of its smbd child, as a hold's confirm does: a TERM lets it finish the write it is in.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from garde.contain.actions import proc
from garde.contain.actions.peers import Listener
from garde.contain.actions.proc import Identity
from garde.model.finding import Skipped
from garde.sockets import plain_address

_SMBD: Final = "smbd"
_TOOL_SECONDS: Final = 10.0  # they answer in 30 ms; with a directory behind them, in a second
# A killed smbd ends in some milliseconds; one in an uninterruptible write to a slow disk may take longer.
_END_SECONDS: Final = 1.0


class Told(NamedTuple):
    """What a program said."""

    code: int
    out: str
    err: str

    @property
    def why(self) -> str:
        """The first line of its complaint."""
        said = (self.err.strip() or self.out.strip()).splitlines()
        return said[0] if said else f"exit code {self.code}"


Tool = Callable[[Sequence[str]], Told]  # OSError where it can't be run


@dataclass(frozen=True, slots=True)
class Smbd:
    """One listener and the configuration file that it was started with."""

    pid: int
    config: str


class Tree(NamedTuple):
    """One share that one child has open for a client."""

    pid: int
    share: str
    since: float  # wall seconds


@dataclass(frozen=True, slots=True)
class Sessions:
    """What smbstatus tells."""

    users: tuple[tuple[int, str], ...]  # pid of the child, user
    trees: tuple[Tree, ...]
    writing: frozenset[int]  # children with a file open for writing


def run_tool(arguments: Sequence[str]) -> Told:
    """Run one of Samba's own programs. Words are a list; no shell, no secret among them."""
    try:
        done = subprocess.run(
            list(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TOOL_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{arguments[0]} does not answer within {_TOOL_SECONDS:.0f} s") from error
    return Told(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def running() -> tuple[Smbd, ...]:
    """Every listener of this machine, lowest pid first."""
    return tuple(Smbd(pid, configuration_of(pid)) for pid in sorted(_listeners()))


def _listeners() -> Iterator[int]:
    ours = _network_of("self")
    for name in os.listdir("/proc"):  # noqa: PTH208 - a Path for each process costs more than the look
        if not name.isdigit() or Path(proc.exe_of(int(name))).name != _SMBD:
            continue
        stat = proc.stat_of(int(name))
        if stat and Path(proc.exe_of(stat.ppid)).name != _SMBD and _network_of(name) == ours:
            yield int(name)


def _network_of(pid: str) -> int:
    try:
        return Path(f"/proc/{pid}/ns/net").stat().st_ino
    except OSError:
        return 0


def configuration_of(pid: int) -> str:
    """The file named on an smbd's command line; Debian's where it names none."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
    except OSError:
        words = []
    return named_configuration(words) or "/etc/samba/smb.conf"


def named_configuration(words: Sequence[str]) -> str:
    """The value of -s or --configfile in all the ways popt takes it; "" where there is none."""
    for at, word in enumerate(words):
        if word in ("-s", "--configfile"):
            return words[at + 1] if at + 1 < len(words) else ""
        if word.startswith("--configfile="):
            return word.partition("=")[2]
        if word.startswith("-s") and len(word) > 2:
            return word[2:].removeprefix("=")
    return ""


def sessions(smbd: Smbd, run: Tool) -> Sessions:
    """Ask smbstatus. OSError where it gives no answer that can be read."""
    told = run(["smbstatus", "-s", smbd.config, "--json"])
    try:
        found = json.loads(told.out)
    except (ValueError, RecursionError):
        raise OSError(f"smbstatus: {told.why} (Samba before 4.17 has no --json)") from None
    return parse_sessions(found)


def parse_sessions(told: Any) -> Sessions:
    """Pick what we need; rows of another shape than we know are left out."""
    users = [(_pid(row), str(row.get("username", ""))) for row in _rows(told, "sessions")]
    trees = [
        Tree(_pid(row), str(row.get("service", "")), _seconds(row.get("connected_at"))) for row in _rows(told, "tcons")
    ]
    opens = [one for row in _rows(told, "open_files") for one in _rows(row, "opens")]
    return Sessions(tuple(users), tuple(trees), frozenset(_pid(one) for one in opens if _writes(one)))


def _rows(told: Any, table: str) -> list[dict[str, Any]]:
    rows = told.get(table) if isinstance(told, dict) else None
    return [row for row in rows.values() if isinstance(row, dict)] if isinstance(rows, dict) else []


def _pid(row: dict[str, Any]) -> int:
    server = row.get("server_id")
    try:
        return int(server["pid"]) if isinstance(server, dict) else 0
    except (KeyError, TypeError, ValueError):
        return 0


def _seconds(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


def _writes(row: dict[str, Any]) -> bool:
    mask = row.get("access_mask")
    return isinstance(mask, dict) and any(mask.get(right) is True for right in ("WRITE_DATA", "APPEND_DATA", "DELETE"))


def same_user(asked: str, seen: str) -> bool:
    """Whether a session's user is the one asked for; without a domain in the order, that of any domain."""
    asked, seen = asked.casefold(), seen.casefold()
    return bool(asked) and (asked == seen or ("\\" not in asked and asked == seen.rpartition("\\")[2]))


def children_serving(smbd: Smbd, addresses: Iterable[str], users: Sequence[str], run: Tool) -> set[Identity]:
    """The children with a connection of one of the addresses or a session of one of the users."""
    plain = frozenset(map(plain_address, addresses))
    pids = set(Listener(smbd.pid).children_serving(plain)) if plain else set()
    if users:
        pids |= {pid for pid, user in sessions(smbd, run).users if any(same_user(it, user) for it in users)}
    # Asked once more of the process itself: a pid in smbstatus's databases may have come to mean another.
    found = (proc.identity_of(pid) for pid in pids if (stat := proc.stat_of(pid)) and stat.ppid == smbd.pid)
    return {who for who in found if who}


def serves(smbd: Smbd, pid: int) -> bool:
    """Whether a child has a client; smbd's own helpers have none."""
    return bool(Listener(smbd.pid).clients_of(pid))


def end(whom: Iterable[Identity]) -> tuple[Skipped, ...]:
    """Kill these children and wait for their end, one second at most."""
    whom = list(whom)
    for who in whom:
        proc.send(who, signal.SIGKILL)
    late = proc.wait_gone(whom, _END_SECONDS)
    return tuple(Skipped(f"smbd {who.pid}", "killed, but still in an uninterruptible call") for who in late)


def control(smbd_config: str, run: Tool, *words: str) -> None:
    """Send a message to a running smbd; none running is no error. OSError where it could not be sent."""
    told = run(["smbcontrol", "-s", smbd_config, "smbd", *words])
    if told.code and "Can't find pid" not in told.err + told.out:
        raise OSError(f"smbcontrol {words[0]}: {told.why}")
