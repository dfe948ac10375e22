"""The agent's machine output: one dictionary an event, with `kind` and `at`.

Comes in: findings, verdicts, actors. Goes out: plain dictionaries for JSON. Names and paths are text with everything
that is not UTF-8 shown as `\\xNN`: whoever shows them to a person escapes control characters.
"""

from __future__ import annotations

from typing import Any

from garde.model.actor import Actor, Process
from garde.model.finding import Finding, Skipped, Verdict
from garde.vault import Coverage
from garde.watch.commands import Sighted


def text(raw: bytes) -> str:
    """Return raw bytes as text that every JSON encoder takes."""
    return raw.decode("utf-8", "backslashreplace")


def clean(value: str) -> str:
    """Return text decoded with surrogateescape as text that every JSON encoder takes."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def actor(who: Actor) -> dict[str, Any]:
    """Return the actor: kind, pid, user, program, parents, and the SMB client where there is one."""
    process = who.process
    out: dict[str, Any] = {"kind": who.kind.value, "pid": who.pid, "user": clean(who.user)}
    if process is not None:
        out |= {"comm": clean(process.comm), "exe": clean(process.exe), "sid": process.sid, "start": process.start}
        out["cgroup"] = clean(process.cgroup)
    out["chain"] = [_link(parent) for parent in who.chain]
    if who.smb is not None:
        out["smb"] = {
            "address": who.smb.address,
            "port": who.smb.port,
            "users": [clean(user) for user in who.smb.users],
            "shares": [clean(share) for share in who.smb.shares],
        }
    return out


def _link(process: Process) -> dict[str, Any]:
    return {"pid": process.pid, "comm": clean(process.comm)}


def finding(found: Finding) -> dict[str, Any]:
    """Return one file's damage."""
    return {
        "path": text(found.path),
        "path_after": text(found.path_after),
        "proofs": sorted(proof.value for proof in found.proofs),
        "kind_before": found.kind_before,
        "kind_after": found.kind_after,
        "changed": found.changed,
        "provisional": found.provisional,
        "detail": found.detail,
        "actor": actor(found.actor),
    }


def sighted(seen: Sighted) -> dict[str, Any]:
    """Return something on the watch list that was seen."""
    hit = seen.hit
    return {"sort": hit.sort.value, "value": text(hit.value), "source": hit.source, "path": text(seen.path)}


def verdict(judged: Verdict) -> dict[str, Any]:
    """Return an actor judged, with what judged it."""
    return {
        "id": judged.id,
        "level": judged.level,
        "key": clean(judged.key),
        "score": judged.score,
        "bound": judged.bound,
        "files": [text(found.path) for found in judged.findings],
        "actors": [actor(who) for who in judged.actors],
    }


def coverage(what: Coverage, waiting: int = 0) -> dict[str, Any]:
    """Return the two figures, and what they are made of. Files that still wait to be kept count against both."""
    late = 1 - min(waiting, what.files) / what.files if what.files else 1.0
    return {
        "files": what.files,
        "judge_percent": _less(what.judgeable_percent, late),
        "restore_percent": _less(what.restorable_with_backup_percent, late),
        "restore_own_percent": _less(what.restorable_percent, late),
        "waiting": waiting,
        "hashed": what.hashed,
        "backup": what.backup,
        "notes": [*what.notes, *(store.why for store in what.stores if store.why)],
    }


def _less(percent: float, factor: float) -> float:
    return int(10 * percent * factor) / 10  # rounded down: 99.96 % is not 100.0 %


def unseen(skipped: Skipped) -> dict[str, str]:
    """Return a tree that is not watched, and why."""
    return {"what": clean(skipped.what), "reason": skipped.reason}
