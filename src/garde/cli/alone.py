"""Restoring and releasing where no agent runs: the same parts, used on the state directory itself.

Comes in: a state directory whose agent is gone. Goes out: files put back, held actors let go, and entries in the
journal saying that a person did it. It takes the agent's lock, so an agent cannot start in the middle.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from garde.clock import Clock, SystemClock
from garde.errors import NotFound
from garde.settings import Settings

if TYPE_CHECKING:
    from garde.journal import SqliteStore
    from garde.vault import Failed, Restored

OPERATOR = "operator"
Result = dict[str, Any]
Progress = Callable[[int, int], None]


def restore_alone(state: Path, settings: Settings, *, dry_run: bool, missing: bool, progress: Progress) -> Result:
    """Look at every known file and put back what is damaged (or `missing`); returns the agent's own form."""
    from garde.vault import Vault

    clock = SystemClock()
    with _locked(state), _journal(state) as journal:
        trees = _trees(journal, state)
        with Vault(state, trees, settings.vault, clock=clock) as vault:
            if not dry_run:
                vault.repair()
            items = list(vault.harmed(trees, missing=missing))
            work = _Work(journal, clock, dry_run, len(items), progress)
            return work.through(vault.restore(iter(items), dry_run=dry_run))


def release_alone(state: Path, hold_id: str, settings: Settings) -> Result:
    """Let a held actor go; raises NotFound where no record of the hold is left."""
    from garde.contain.actions import ACTIONS
    from garde.contain.actions.base import Released

    _check_id(hold_id)
    with _locked(state):
        refusals = []
        for name in ACTIONS:
            outcome = _action(name, state, settings).release(hold_id)
            if isinstance(outcome, Released):
                _note_release(state, hold_id)
                skipped = [{"what": each.what, "reason": each.reason} for each in outcome.skipped]
                return {"released": [hold_id], "pids": list(outcome.pids), "skipped": skipped}
            refusals.append(outcome.reason)
    raise NotFound(f"hold {hold_id} was not released: {'; '.join(dict.fromkeys(refusals))}", "see `garde status`")


def _check_id(hold_id: str) -> None:
    """An id names a file, and that name must not lead elsewhere."""
    import re

    from garde.errors import UsageError

    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", hold_id):
        raise UsageError(f"{hold_id!r} is no hold id", "`garde status` lists them")


def _action(name: str, state: Path, settings: Settings) -> Any:
    """Make the act without what only holding needs: releasing looks at its own record alone."""
    from garde.contain.actions.nft import Blocks, NeverCut
    from garde.contain.actions.process import ProcessHold
    from garde.contain.actions.samba import SmbHold
    from garde.watch.sensors.procs import ForkTree

    if name == ProcessHold.name:
        return ProcessHold(ForkTree(), state)
    return SmbHold(state, Blocks(NeverCut(settings.contain)))


def _note_release(state: Path, hold_id: str) -> None:
    from garde.journal.kinds import HoldReleased
    from garde.journal.summary import summarise

    with _journal(state) as journal:
        holds = summarise(journal.entries()).holds.values()
        verdict = next((hold.verdict for hold in holds if hold.id == hold_id), "")
        journal.append(HoldReleased(hold_id, verdict, OPERATOR, "released while no agent was running"))


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    from garde.agent import lock

    if not state.is_dir():
        raise NotFound(f"no state directory at {state}", "name it with --state DIR")
    held = lock.take(state)
    try:
        yield
    finally:
        os.close(held)


@contextmanager
def _journal(state: Path) -> Iterator[SqliteStore]:
    from garde.journal import journal_file, open_journal

    if not journal_file(state).exists():
        raise NotFound(f"{state} is no state directory of Garde: it holds no journal", "name it with --state DIR")
    with open_journal(state, who=OPERATOR) as journal:
        yield journal


def _trees(journal: SqliteStore, state: Path) -> tuple[bytes, ...]:
    """Return what the last agent on this state watched."""
    from garde.journal.kinds import AgentStarted

    trees: tuple[bytes, ...] = ()
    for entry in journal.entries(kinds=("agent_started",)):
        if isinstance(entry.payload, AgentStarted):
            trees = tuple(tree.value for tree in entry.payload.trees if tree.value)
    if not trees:
        raise NotFound(f"the journal in {state} names no watched folder", "nothing was guarded from here yet")
    return trees


class _Work:
    """One restore: counts, journal, progress."""

    def __init__(self, journal: SqliteStore, clock: Clock, dry_run: bool, total: int, progress: Progress) -> None:
        self._journal, self._clock, self._dry_run, self._total, self._progress = (
            journal,
            clock,
            dry_run,
            total,
            progress,
        )
        self._id = f"by-hand-{secrets.token_hex(3)}"
        self._files: list[str] = []
        self._failed: list[dict[str, str]] = []
        self._unchanged = self._unverified = 0

    def through(self, outcomes: Iterator[Restored | Failed]) -> Result:
        """Take every outcome in and return the result."""
        from garde.journal.kinds import RestoreFinished, RestoreStarted

        began = self._clock.monotonic()
        self._write(RestoreStarted(self._id, self._total))
        for seen, outcome in enumerate(outcomes, 1):
            self._take(outcome)
            self._progress(seen, self._total)
        seconds = round(self._clock.monotonic() - began, 3)
        self._write(RestoreFinished(self._id, len(self._files), self._unchanged, len(self._failed), seconds))
        counts = {"unchanged": self._unchanged, "unverified": self._unverified, "seconds": seconds}
        return {"id": self._id, "files": self._files, "failed": self._failed, "dry_run": self._dry_run, **counts}

    def _take(self, outcome: Restored | Failed) -> None:
        from garde.journal.kinds import FileRestored, RestoreFailed
        from garde.journal.text import Text
        from garde.vault import Failed, Outcome

        path = outcome.path.decode("utf-8", "backslashreplace")
        if isinstance(outcome, Failed):
            self._failed.append({"path": path, "reason": outcome.reason})
            self._write(RestoreFailed(self._id, Text(outcome.path), Text(outcome.reason)))
        elif outcome.outcome is Outcome.UNCHANGED:
            self._unchanged += 1
        else:
            self._files.append(path)
            self._unverified += not outcome.verified
            evidence = Text(outcome.evidence[0] if outcome.evidence else b"")
            self._write(FileRestored(self._id, Text(outcome.path), outcome.captured_at, "", outcome.verified, evidence))

    def _write(self, payload: Any) -> None:
        if not self._dry_run:
            self._journal.append(payload)
