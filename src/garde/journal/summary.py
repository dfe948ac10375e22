"""How things stand: the fold behind `garde status`, the status page and the agent's own answer.

Comes in: entries. Goes out: `Summary` and its form as plain data. Bounded: the newest `KEPT` holds and errors. It does
not know whether the agent is alive: whoever asks adds that, and figures that change by the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from garde.clock import iso
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.speech import say_in
from garde.journal.text import plain
from garde.journal.words import who

KEPT = 50  # holds and errors remembered: a night has a handful
FILES_SHOWN = 20  # of one hold


@dataclass(slots=True)
class Hold:
    """One actor judged, and what became of it."""

    id: str  # "" where it was not stopped
    verdict: str
    at: float
    actor: k.ActorNote
    state: str = "judged"  # judged | held | confirmed | released | cleared | refused; a mass delete: undone | reported
    pids: tuple[int, ...] = ()
    touched: int = 0
    reason: str = ""
    files: list[k.FileDamage] = field(default_factory=list)
    restored: int = 0
    failed: int = 0


@dataclass(slots=True)
class Summary:
    """The state of the guard, by its own journal."""

    running: bool = False
    version: str = ""
    asked: str = ""
    mode: str = ""
    mode_reason: str = ""
    sensor: str = ""
    started_at: float = 0.0
    trees: tuple[str, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()
    files: int = 0
    judgeable: int = 0
    restorable: int = 0
    by_backup: int = 0
    backup: str = ""
    lag_s: float = 0.0
    waiting: int = 0
    vault_full: str = ""
    overflows: int = 0
    restored: int = 0
    failed: int = 0
    seq: int = 0
    holds: dict[str, Hold] = field(default_factory=dict)  # by hold id; by verdict where nobody is held
    errors: list[tuple[float, str]] = field(default_factory=list)

    @property
    def weaker(self) -> bool:
        """True where the mode in force is not the one asked for."""
        return bool(self.mode) and self.mode != self.asked

    def percent(self, count: int) -> float:
        """Return a count as per cent of the known files, rounded down: 99.96 % is not 100 %."""
        return int(1000 * count / self.files) / 10 if self.files else 100.0

    def as_data(self) -> dict[str, Any]:
        """Return plain data for JSON; every text in it is escaped."""
        return {
            "mode": {
                "asked": self.asked,
                "in_force": self.mode,
                "weaker": self.weaker,
                "reason": plain(self.mode_reason),
            },
            "sensor": self.sensor,
            "version": self.version,
            "since": iso(self.started_at) if self.started_at else None,
            "trees": list(self.trees),
            "unseen": [{"tree": tree, "reason": reason} for tree, reason in self.unseen],
            "coverage": {
                "files": self.files,
                "judgeable": self.judgeable,
                "restorable": self.restorable,
                "judgeable_percent": self.percent(self.judgeable),
                "restorable_percent": self.percent(self.restorable + self.by_backup),
                "by_backup": self.by_backup,
                "backup": self.backup,
            },
            "lag": {"seconds": self.lag_s, "waiting": self.waiting},
            "vault_full": self.vault_full or None,
            "overflows": self.overflows,
            "holds": [_hold_data(hold) for hold in reversed(self.holds.values())],
            "restored": self.restored,
            "failed": self.failed,
            "errors": [{"at": iso(at), "message": message} for at, message in reversed(self.errors)],
            "seq": self.seq,
        }


def _hold_data(hold: Hold) -> dict[str, Any]:
    return {
        "hold": plain(hold.id),
        "verdict": plain(hold.verdict),
        "at": iso(hold.at),
        "state": hold.state,
        "actor": str(who(hold.actor, say_in("en"))),
        "pids": list(hold.pids),
        "touched": hold.touched,
        "reason": plain(hold.reason),
        "files": [{"path": file.path.shown(), "proofs": list(file.proofs)} for file in hold.files[:FILES_SHOWN]],
        "damaged": len(hold.files),
        "restored": hold.restored,
        "failed": hold.failed,
    }


def summarise(entries: Iterable[Entry]) -> Summary:
    """Fold a whole journal."""
    state = Summary()
    for entry in entries:
        project(state, entry)
    return state


def project(state: Summary, entry: Entry) -> Summary:
    """Fold one entry in."""
    state.seq = entry.seq
    _guard(state, entry)
    _harm(state, entry)
    return state


def _guard(state: Summary, entry: Entry) -> None:
    match entry.payload:
        case k.AgentStarted() as p:
            _begin(state, p, entry.at)
        case k.AgentStopped():
            state.running = False
        case k.ModeChanged(asked=asked, mode=mode, reason=reason):
            state.asked, state.mode, state.mode_reason = asked, mode, reason
        case k.CoverageChanged() as p:
            state.files, state.judgeable, state.restorable = p.files, p.judgeable, p.restorable
            state.by_backup, state.backup = p.by_backup, p.backup
        case k.TreesUnseen(trees=trees):
            state.unseen = tuple((each.what.shown(), plain(each.reason)) for each in trees)
        case k.SensorOverflow():
            state.overflows += 1
        case k.Lagging(seconds=seconds, waiting=waiting):
            state.lag_s, state.waiting = seconds, waiting
        case k.VaultFull(store=store, reason=reason):
            state.vault_full = f"{store.shown()}: {plain(reason)}" if store else plain(reason)
        case k.ErrorSeen(where=where, message=message):
            state.errors = [*state.errors, (entry.at, f"{plain(where)}: {message.shown()}")][-KEPT:]


def _begin(state: Summary, started: k.AgentStarted, at: float) -> None:
    """A new run: what the last one could not see or keep is no longer so until it is said again."""
    state.running, state.version, state.sensor, state.started_at = True, started.version, started.sensor, at
    state.asked, state.mode, state.mode_reason = started.asked, started.mode, ""
    state.trees = tuple(tree.shown() for tree in started.trees)
    state.unseen, state.vault_full, state.lag_s, state.waiting, state.overflows = (), "", 0.0, 0, 0


def _harm(state: Summary, entry: Entry) -> None:
    match entry.payload:
        case k.VerdictReached(verdict=verdict, actors=actors, files=files):
            hold = _new(state, verdict, Hold("", verdict, entry.at, actors[0] if actors else k.ActorNote("unknown")))
            hold.files += files
        case k.MassDeleteSeen(id=verdict, actor=actor, files=count, undo=undo):
            hold = _new(state, verdict, Hold("", verdict, entry.at, actor))
            hold.touched, hold.state = count, "undone" if undo else "reported"
        case k.FindingMade(verdict=verdict, file=file) if verdict:
            for hold in _of(state, verdict):
                _once(hold.files, file)
        case k.ActorHeld() as p:
            _held(state, p, entry.at)
        case k.HoldRefused(verdict=verdict, actor=actor, reason=reason):
            hold = _taken(state, verdict, f"{verdict}/{entry.seq}", entry.at, actor)
            hold.state, hold.reason = "refused", reason
        case k.HoldConfirmed(hold=held) if held in state.holds:
            state.holds[held].state = "confirmed"
        case k.HoldReleased(hold=held, reason=reason, cleared=cleared) if held in state.holds:
            state.holds[held].state = "cleared" if cleared else "released"
            state.holds[held].reason = reason
        case k.FileRestored(verdict=verdict):
            state.restored += 1
            for hold in _of(state, verdict)[:1]:
                hold.restored += 1
        case k.RestoreFailed(verdict=verdict):
            state.failed += 1
            for hold in _of(state, verdict)[:1]:
                hold.failed += 1


def _held(state: Summary, held: k.ActorHeld, at: float) -> None:
    hold = _taken(state, held.verdict, held.hold, at, held.actor)
    hold.id, hold.state, hold.pids, hold.touched = held.hold, "held", held.pids, held.touched


def _taken(state: Summary, verdict: str, key: str, at: float, actor: k.ActorNote) -> Hold:
    """Return the record of one actor: the verdict's own for the first, a new one for each further actor."""
    if key in state.holds:
        return state.holds[key]
    judged = state.holds.pop(verdict, None)
    files = judged.files if judged else [file for hold in _of(state, verdict)[:1] for file in hold.files]
    return _new(state, key, Hold("", verdict, judged.at if judged else at, actor, files=list(files)))


def _new(state: Summary, key: str, hold: Hold) -> Hold:
    state.holds[key] = hold
    if len(state.holds) > KEPT:
        del state.holds[next(iter(state.holds))]
    return hold


def _of(state: Summary, key: str) -> list[Hold]:
    """Return what an id means: a hold, or every hold of a verdict."""
    if key in state.holds:
        return [state.holds[key]]
    return [hold for hold in state.holds.values() if hold.verdict == key]


def _once(files: list[k.FileDamage], file: k.FileDamage) -> None:
    """A file judged twice (while open, then closed) is one damaged file."""
    if not any(each.path == file.path for each in files[-FILES_SHOWN:]):
        files.append(file)
