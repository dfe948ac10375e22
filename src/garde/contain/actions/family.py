"""Which tree did it: the smallest common ancestor of the damaging processes, inside one session.

Comes in: the damaging pids, who forked whom, and who is never held. Goes out: `find_roots`. Pure: it asks only the
tree and the protection it is given, and stops nothing.

* A chain goes from a damaging process up to its session's first process, and ends below anyone who is never held.
* Chains that share a process share a root: the lowest process that is in all of them. Chains that share none (two
  sessions, or children handed to pid 1) keep roots of their own, so that a user's other session goes on.
* A damaging process that is gone counts as any other: a shell loop's dead children point at the shell. When a lone one
  is gone, it is its own root, and only what it left behind is held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from garde.contain.actions.base import ProcessTree
from garde.model.actor import Process
from garde.model.finding import Skipped


@dataclass(frozen=True, slots=True)
class Roots:
    """The trees to hold, and the damaging processes that can't be."""

    pids: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def find_roots(damaging: Sequence[int], tree: ProcessTree, why: Callable[[Process], str]) -> Roots:
    """Return the roots; `why` gives the reason a process is never held, or an empty string."""
    skipped: list[Skipped] = []
    families: dict[int, list[list[int]]] = {}
    for pid in dict.fromkeys(damaging):
        process = tree.process(pid)
        reason = why(process) if process else "it is gone and nobody saw it start"
        if process is None or reason:
            skipped.append(Skipped(_name(pid, process), reason))
            continue
        chain = _chain(process, tree, why)
        families.setdefault(chain[-1], []).append(chain)
    roots = tuple(_lowest_common(chains) for chains in families.values())
    return Roots(roots, tuple(skipped))


def _chain(process: Process, tree: ProcessTree, why: Callable[[Process], str]) -> list[int]:
    """From the process up to the last ancestor in its session that may be held."""
    chain, unsure, session = [process.pid], list[int](), None if _unknown_session(process) else process.sid
    for pid in tree.ancestors(process.pid):
        parent = tree.process(pid)
        if parent is None or why(parent):
            break
        if _unknown_session(parent):
            unsure.append(pid)  # belongs only if someone above it is of the same session
            continue
        session = parent.sid if session is None else session
        if parent.sid != session:
            break
        chain += [*unsure, pid]
        unsure.clear()
    return chain


def _unknown_session(process: Process) -> bool:
    """Session 0 is a real one (what pid 1 starts without setsid), but of a gone process it means "unknown"."""
    return process.gone and process.sid == 0


def _lowest_common(chains: Sequence[Sequence[int]]) -> int:
    """The first of one chain that all the others have; they share their last, so there is one."""
    shared = set[int](chains[0]).intersection(*chains[1:])
    return next(pid for pid in chains[0] if pid in shared)


def _name(pid: int, process: Process | None) -> str:
    return f"{process.comm} ({pid})" if process else f"pid {pid}"
