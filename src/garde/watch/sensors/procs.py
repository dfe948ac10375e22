"""The fork tree: who started whom, kept for a while after a process is gone.

Comes in: the proc connector's events, and /proc. Goes out: `Process` for living and recently dead pids, with
parents, children and descendants. It stops and judges nobody.

How to use it: `open` once, as early as possible (before anything enters a namespace). Then, whenever events of a
file sensor were read, `drain` before asking about their pids: every writer's fork is in the queue by then. `drain`
is cheap (2 µs an event).

* A fork inherits user, session, cgroup, command and executable from its parent; /proc is read only when somebody
  asks for the process, or it has become another program (exec) since.
* After an exec that nobody looked at in time, command and executable are "" (unknown), never the parent's.
* Parents are the ones that forked, as long as they are known: a process whose parent died stays its child here,
  whatever /proc says by then. When a dead process is forgotten, its children move to its parent.
* Where the connector is refused, `open` returns why, and every answer comes from /proc alone: the dead are unknown.
* Where the kernel dropped events (ENOBUFS), `lost` counts it and /proc is read anew.
"""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from garde.model.actor import Process
from garde.model.finding import Skipped
from garde.watch.sensors import connector, proc

KEEP_SECONDS = 120.0  # the dead are kept for this long …
RECHECK_SECONDS = 0.25  # without the connector: how old an answer from /proc may be
KEEP_MOST = 32_768  # … and no more of them than this (about 300 bytes each)


@dataclass(slots=True, eq=False)
class _Node:
    """One process. `parent` is a node, not a pid: pids come back."""

    pid: int
    born: int  # a number never used twice: tells two processes of one pid apart
    parent: _Node | None = None
    ppid: int = 0
    start: int = 0
    sid: int = 0
    uid: int = -1
    comm: str = ""
    exe: str = ""
    cgroup: str = ""
    kernel: bool = False
    threaded: bool = False  # had threads: its leader may be gone while it still runs
    filled: bool = False  # /proc was read since the last exec
    execed: bool = False  # it became another program, and nobody has looked since
    checked: float = 0.0  # monotonic seconds of the last look at /proc
    died: float = 0.0  # monotonic seconds, 0.0 alive
    kids: set[_Node] = field(default_factory=set)

    def shown(self) -> Process:
        return Process(self.pid, self.start, self.ppid, self.sid, self.uid, self.comm, self.exe, self.cgroup)


class ForkTree:
    """See the module's docstring."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.live = False  # True: the connector is open
        self.lost = 0  # times the kernel dropped events
        self.new_smbd: list[int] = []  # children of an smbd that the reader has not taken yet: SMB clients to come
        self._clock = clock
        self._connector = connector.Connector()
        self._nodes: dict[int, _Node] = {}
        self._dead: deque[_Node] = deque()
        self._serial = 0
        self._served: set[int] = set()  # smbds that act for clients: the kernel keeps their changes of user to itself
        self._others_serve = False  # since it was told which

    def open(self) -> Skipped | None:
        """Listen, then read /proc once; returns why the dead will be unknown, None when all is well."""
        refused = self._connector.open()
        self.live = refused is None
        self._rescan()
        self.new_smbd += [node.pid for node in self._nodes.values() if _is_smbd_child(node)]
        return refused

    def fileno(self) -> int:
        """The connector's descriptor, -1 when it is refused."""
        return self._connector.fileno()

    def drain(self) -> None:
        """Take in what happened since; never blocks."""
        try:
            for event in self._connector.events():
                self.apply(event)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.lost += 1
            self._rescan()
        if self._others_serve:
            self._others_serve = False
            self._connector.leave_out(self._served)
        self._forget()

    def close(self) -> None:
        """Stop listening. What is known stays known."""
        self._connector.close()
        self.live = False

    # -- questions -----------------------------------------------------------------------------------------------

    def process(self, pid: int) -> Process | None:
        """Return a process, alive or recently gone; None when nobody knows it."""
        node = self._find(pid)
        return node.shown() if node else None

    def born(self, pid: int) -> int:
        """Return a number that changes when `pid` becomes another process, program, user or session; 0 unknown."""
        node = self._nodes.get(pid) if self.live else self._find(pid)
        return node.born if node else 0

    def is_kernel_thread(self, pid: int) -> bool:
        """True for the kernel's own threads (kworker, nfsd, ksmbd)."""
        node = self._find(pid)
        return node is not None and node.kernel

    def ancestors(self, pid: int) -> list[int]:
        """Return the pids above, parent first; the dead ones among them as well."""
        node = self._find(pid)
        return [one.pid for one in _above(node)] if node else []

    def children(self, pid: int) -> list[int]:
        """Return the living processes that `pid` started."""
        node = self._fresh(pid)
        return [kid.pid for kid in node.kids if self._is_alive(kid)] if node else []

    def descendants(self, pid: int) -> list[int]:
        """Return every living process below `pid`, also those whose own parents are gone."""
        node = self._fresh(pid)
        return [one.pid for one in _below(node) if self._is_alive(one)] if node else []

    def alive(self, pid: int) -> bool:
        """True while the process runs (a zombie does not)."""
        self.drain()
        node = self._nodes.get(pid) if self.live else self._find(pid)
        return node is not None and self._is_alive(node)

    # -- the tree ------------------------------------------------------------------------------------------------

    def apply(self, event: connector.Event) -> None:
        """Take in one event of the connector."""
        what, pid, tgid = event.what, event.pid, event.tgid
        if what == connector.FORK:
            self._forked(tgid, event)
            return
        node = self._nodes.get(tgid)
        if node is None:
            return
        if what == connector.EXIT:
            if pid == tgid:
                self._bury(node)
        elif what == connector.EXEC:
            self._execed(node)
        elif what == connector.UID:
            if _serves(node):
                self._note_serving(node, True)
            elif pid == tgid:
                self._change(node, uid=event.third & 0xFFFF_FFFF)
        elif what == connector.SID:
            self._change(node, sid=tgid)
        elif what == connector.COMM and pid == tgid:
            node.comm = os.fsdecode(event.comm)

    def _forked(self, parent_pid: int, event: connector.Event) -> None:
        if event.third != event.fourth:  # a thread; the kernel names the process's parent as its parent
            if (process := self._nodes.get(event.fourth)) is not None:
                process.threaded = True
            return
        parent = self._nodes.get(parent_pid)
        node = self._add(event.fourth, parent)
        node.ppid = parent_pid
        if parent is not None:
            if not parent.comm and not parent.uid and not parent.died:
                # What it executed no event tells, and the children of an smbd are clients to come.
                parent.comm = proc.comm_of(parent_pid)
            node.sid, node.uid, node.comm, node.exe = parent.sid, parent.uid, parent.comm, parent.exe
            node.cgroup, node.kernel = parent.cgroup, parent.kernel
            if _is_smbd_child(node):
                self.new_smbd.append(node.pid)

    def _change(self, node: _Node, *, uid: int | None = None, sid: int | None = None) -> None:
        """Another user or session."""
        uid, sid = node.uid if uid is None else uid, node.sid if sid is None else sid
        if (uid, sid) != (node.uid, node.sid):
            self._serial += 1
            node.born, node.uid, node.sid = self._serial, uid, sid

    def _execed(self, node: _Node) -> None:
        self._serial += 1
        self._note_serving(node, False)
        node.born, node.execed, node.filled = self._serial, True, False
        node.kernel, node.comm, node.exe = False, "", ""  # no kernel thread execs and stays one

    def _add(self, pid: int, parent: _Node | None) -> _Node:
        old = self._nodes.get(pid)
        if old is not None and not old.died:
            self._bury(old)  # its end was lost
        self._serial += 1
        node = self._nodes[pid] = _Node(pid, self._serial, parent)
        if parent is not None:
            parent.kids.add(node)
        return node

    def _bury(self, node: _Node) -> None:
        if not node.died:
            node.died = self._clock()
            self._dead.append(node)
            self._note_serving(node, False)

    def _note_serving(self, node: _Node, does: bool) -> None:
        if does is not (node.pid in self._served):
            self._served ^= {node.pid}
            self._others_serve = True

    def _forget(self) -> None:
        """Drop those dead for long; their children move up, so that no chain breaks."""
        oldest = self._clock() - KEEP_SECONDS
        while self._dead and (self._dead[0].died < oldest or len(self._dead) > KEEP_MOST):
            node = self._dead.popleft()
            if node.parent is not None:
                node.parent.kids.discard(node)
                node.parent.kids |= node.kids
            for kid in node.kids:
                kid.parent = node.parent
            if self._nodes.get(node.pid) is node:
                del self._nodes[node.pid]

    def _find(self, pid: int) -> _Node | None:
        """Return the node of `pid`, read from /proc as far as that is needed."""
        node = self._nodes.get(pid)
        if node is None and self.live:
            self.drain()
            node = self._nodes.get(pid)
        if node is None or self._is_stale(node):
            node = self._fill(pid, node)
        if node is not None and node.died:
            self._inherit(node)
        return node

    def _is_stale(self, node: _Node) -> bool:
        if node.died:
            return False
        return not node.filled or (not self.live and self._clock() - node.checked > RECHECK_SECONDS)

    def _inherit(self, node: _Node) -> None:
        """A process that went before anybody looked, and never became another program, is what its parent is."""
        parent = node.parent
        if node.comm or node.execed or parent is None:
            return
        if self._is_stale(parent):
            self._fill(parent.pid, parent)
        node.comm, node.exe, node.cgroup = parent.comm, parent.exe, node.cgroup or parent.cgroup

    def _fresh(self, pid: int) -> _Node | None:
        if self.live:
            self.drain()
        else:
            self._rescan()
        return self._nodes.get(pid)

    def _fill(self, pid: int, node: _Node | None) -> _Node | None:
        """Read /proc. A process that is gone there keeps what its node had, or stays unknown without one."""
        shown = proc.read(pid)
        if shown is None:
            if node is not None and not self.live:
                self._bury(node)
            return node
        node = self._take(shown, node)
        if not node.filled or not self.live:
            node.exe = proc.exe_of(pid) or node.exe
            node.cgroup = proc.cgroup_of(pid)
            node.filled, node.execed = True, False
        return node

    def _take(self, shown: proc.Shown, node: _Node | None) -> _Node:
        """Write what /proc shows into a node; makes one where there is none or the pid is another process by now."""
        if node is None or node.died or (node.start and node.start != shown.start):
            node = self._add(shown.pid, self._nodes.get(shown.ppid))
            node.ppid = shown.ppid
        node.checked = self._clock()
        node.start, node.sid, node.uid, node.comm = shown.start, shown.sid, shown.uid, shown.comm
        node.kernel, node.threaded = shown.kernel, node.threaded or shown.threads > 1
        if shown.state in "ZX" and shown.threads <= 1:
            self._bury(node)
        return node

    def _rescan(self) -> None:
        """Read every process anew: at the start, after lost events, and each time without the connector."""
        there = set()
        for pid in sorted(proc.pids()):  # parents mostly have the lower pid
            if (shown := proc.read(pid)) is not None:
                there.add(pid)
                self._take(shown, self._nodes.get(pid))
        for pid in there:
            self._adopt(self._nodes[pid])
        for pid, node in list(self._nodes.items()):
            if pid not in there:
                self._bury(node)

    def _adopt(self, node: _Node) -> None:
        """Link a node that was read before its parent was."""
        if node.parent is None and (parent := self._nodes.get(node.ppid)) is not None and parent is not node:
            node.parent = parent
            parent.kids.add(node)

    def _is_alive(self, node: _Node) -> bool:
        """A process whose leader thread has ended may go on; only those with threads cost a look."""
        if not node.died:
            return True
        if not node.threaded or self._nodes.get(node.pid) is not node:
            return False
        found = proc.stat_of(node.pid)
        return found is not None and found[2] > 1 and node.start in (0, found[0])


def _is_smbd_child(node: _Node) -> bool:
    return node.parent is not None and proc.is_smbd(node.comm) and proc.is_smbd(node.parent.comm)


def _serves(node: _Node) -> bool:
    """True for an smbd of root's: it becomes its clients' users and root again several times in each request.

    It stays root's: whatever it becomes, the saved user is root (`samba_setresuid(uid, uid, -1)`). A user's own program
    of that name has another uid from its start, and what an smbd executes is no smbd any more.
    """
    return node.uid == 0 and proc.is_smbd(node.comm)


def _above(node: _Node) -> Iterator[_Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _below(node: _Node) -> Iterator[_Node]:
    waiting = list(node.kids)
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(one.kids)
