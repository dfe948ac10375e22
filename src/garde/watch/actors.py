"""Who stands behind a pid.

Comes in: a pid from a sensor, and the fork tree. Goes out: `Actor`: a process with its chain, or the Samba client
behind an smbd child, or the kernel (ksmbd, knfsd), or nobody known. It holds nobody and guesses nothing.

* `of` may be called for every event: it is a look-up, and for a new pid some reads of /proc (50 µs, an smbd child
  200).
* A process that is gone is placed by the fork tree: it keeps the session, user and parents that it had.
* A process is a Samba client's only if it runs an `smbd` of root's and holds a connection on a server port of SMB,
  or is the child of an smbd that listens on one (its client may be gone by now: the address is "" then). Anything
  else that calls itself smbd is an ordinary process.
* Users and shares of a connection come from `smbstatus`: `enrich` runs it for one that is held, `name` ahead of
  everything for all that are new, both off the hot path. A verdict names the user where that was in time.
* Names of users come from /etc/passwd on the hot path: a directory service may be down, and must not be waited for.
"""

from __future__ import annotations

import pwd
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.finding import Skipped
from garde.watch.sensors import samba

_MOST = 8_192  # actors remembered; half are forgotten beyond
_NOBODY = Actor(ActorKind.UNKNOWN, None, "")


class Tree(Protocol):
    """What is asked of the fork tree (`sensors.procs.ForkTree`)."""

    def process(self, pid: int) -> Process | None: ...
    def born(self, pid: int) -> int: ...
    def ancestors(self, pid: int) -> list[int]: ...
    def is_kernel_thread(self, pid: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Samba:
    """How Samba is asked; tests hand in their own."""

    client_of: Callable[[int], SmbClient | None] = samba.client_of
    listens: Callable[[int], bool] = samba.listens
    sessions_of: Callable[[int], samba.Sessions | Skipped] = samba.sessions_of
    sessions_of_all: Callable[[Collection[int]], dict[int, samba.Sessions]] = samba.sessions_of_all


class Actors:
    """See the module's docstring."""

    def __init__(self, tree: Tree, samba_of: Samba | None = None, passwd: Path = Path("/etc/passwd")) -> None:
        self._tree = tree
        self._samba = samba_of or Samba()
        self._users = _Users(passwd)
        self._known: dict[int, tuple[int, Actor]] = {}
        self._clients: dict[int, SmbClient] = {}  # of smbd children, learnt as they are born

    def learn(self, pid: int) -> None:
        """Find the client behind a new smbd child before its first write: reading the kernel's sockets takes 10 ms.

        May be called from another thread.
        """
        client = self._samba.client_of(pid)
        if client is not None:
            self._clients[pid] = client
            while len(self._clients) > _MOST:
                self._clients.pop(next(iter(self._clients)), None)

    def serves(self, pid: int) -> bool:
        """Whether a client was found behind this process. May be called from another thread."""
        return pid in self._clients

    def name(self, pids: Collection[int]) -> frozenset[int]:
        """Find the users of these clients with one question to Samba; returns those of whom nothing is known yet.

        May be called from another thread.
        """
        found = self._samba.sessions_of_all(pids)
        for pid, sessions in found.items():
            client, known = self._clients.get(pid), self._known.get(pid)
            if client is not None:
                self._clients[pid] = replace(client, users=sessions.users, shares=sessions.shares)
            if known is not None and known[1].smb is not None:
                self._known[pid] = (known[0], _with_sessions(known[1], known[1].smb, sessions))
        return frozenset(pids) - found.keys()

    def forget(self, pid: int) -> None:
        """A pid is born again: what was learnt of it is another process's."""
        self._clients.pop(pid, None)

    def of(self, pid: int) -> Actor:
        """Return who `pid` is. Cached until the pid is another process or runs another program."""
        if pid <= 0:
            return _NOBODY
        born = self._tree.born(pid)
        known = self._known.get(pid)
        if known is not None and born and known[0] == born:
            return known[1]
        actor = self._look(pid)
        self._keep(pid, self._tree.born(pid), actor)
        return actor

    def enrich(self, actor: Actor) -> Actor | Skipped:
        """Return the actor with the names that take longer to find: users and shares, a directory's login names.

        One connection can carry several users (terminal servers): all are named, and `user` is then "".
        """
        if actor.kind is ActorKind.SMB and actor.smb is not None:
            sessions = self._samba.sessions_of(actor.pid)
            if isinstance(sessions, Skipped):
                return sessions
            fuller = _with_sessions(actor, actor.smb, sessions)
        elif actor.user.isdigit():
            fuller = replace(actor, user=_login(int(actor.user)))
        else:
            return actor
        known = self._known.get(actor.pid)
        if known is not None and known[1] == actor:
            self._known[actor.pid] = (known[0], fuller)
        return fuller

    def _look(self, pid: int) -> Actor:
        process = self._tree.process(pid)
        if process is None:
            return replace(_NOBODY, process=Process(pid, 0, 0, 0, -1, "", "", ""))
        chain = tuple(found for one in self._tree.ancestors(pid) if (found := self._tree.process(one)) is not None)
        if self._tree.is_kernel_thread(pid):
            return Actor(ActorKind.KERNEL, process, "", chain)
        client = self._client_behind(process, chain)
        if client is not None:
            return Actor(ActorKind.SMB, process, client.user, chain, client)
        return Actor(ActorKind.PROCESS, process, self._users.name(process.uid), chain)

    def _client_behind(self, process: Process, chain: tuple[Process, ...]) -> SmbClient | None:
        if not _is_smbd(process):
            return None
        client = self._clients.get(process.pid)
        if client is None and not process.gone:
            client = self._samba.client_of(process.pid)
            if client is not None:
                self._clients[process.pid] = client  # events of its last moments may be read after its end
        if client is not None:
            return client
        if chain and _is_smbd(chain[0]) and self._samba.listens(chain[0].pid):
            return SmbClient("", 0)
        return None

    def _keep(self, pid: int, born: int, actor: Actor) -> None:
        if len(self._known) >= _MOST:
            for old in list(self._known)[: _MOST // 2]:
                del self._known[old]
        self._known[pid] = (born, actor)


class _Users:
    """Login names of local users, read again when the file changes."""

    def __init__(self, passwd: Path) -> None:
        self._passwd = passwd
        self._names: dict[int, str] = {}
        self._read_at = -1

    def name(self, uid: int) -> str:
        if uid < 0:
            return ""
        if uid not in self._names:
            self._reload()
        return self._names.get(uid, str(uid))

    def _reload(self) -> None:
        try:
            changed = self._passwd.stat().st_mtime_ns
            if changed == self._read_at:
                return
            text = self._passwd.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return
        rows = [line.split(":") for line in text.splitlines()]
        self._names = {int(row[2]): row[0] for row in reversed(rows) if len(row) > 2 and row[2].isdigit()}
        self._read_at = changed


def _is_smbd(process: Process) -> bool:
    """An smbd of root's, whoever it acts for at the moment (`sensors.procs`). A user's program of that name is none."""
    return process.uid == 0 and process.exe.rpartition("/")[2] == "smbd"


def _with_sessions(actor: Actor, client: SmbClient, sessions: samba.Sessions) -> Actor:
    named = replace(client, users=sessions.users, shares=sessions.shares)
    return replace(actor, user=named.user, smb=named)


def _login(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)
