"""The agent's voice: every event once to the machine output and once to its own journal.

Comes in: events with the nouns they are about. Goes out: one dictionary to `out`, one or more payloads to the journal's
queue. It decides nothing; a full disk stops neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.agent import messages as say
from garde.agent import words
from garde.clock import Clock, iso
from garde.journal import kinds
from garde.journal.notes import actor_note, finding_made, verdict_reached
from garde.journal.payload import Payload
from garde.journal.sharing_kinds import IndicatorSeen
from garde.journal.text import Text
from garde.model.actor import Actor
from garde.model.finding import Finding, Skipped, Verdict
from garde.watch.commands import MassLoss, Sighted

Out = Callable[[dict[str, Any]], None]


class Voice:
    """Call it with a kind, facts for the machine output, and `about`: what the journal keeps.

    It stamps at once and speaks later (`flush`): finding the words, writing to a pipe and waking the journal's thread
    cost some milliseconds on a loaded machine, and between two findings of an attack every 2.5 ms is one more file.
    """

    def __init__(self, out: Out, put: Callable[[Payload, float], None], clock: Clock) -> None:
        self._out = out
        self._put = put
        self._clock = clock
        self._waiting: list[tuple[str, Any, dict[str, Any], float]] = []
        self.since: float | None = None  # monotonic seconds of the oldest event not spoken yet

    def __call__(self, kind: str, about: Any = None, **facts: Any) -> None:
        if self.since is None:
            self.since = self._clock.monotonic()
        self._waiting.append((kind, about, facts, self._clock.now()))

    def tell(self, facts: dict[str, Any]) -> None:
        """Say at once what the link has said: it stands in the journal already, or belongs in none."""
        self._out({"kind": facts["kind"], "at": iso(self._clock.now()), **facts})

    def flush(self) -> None:
        """Speak, and write to the journal."""
        waiting, self._waiting, self.since = self._waiting, [], None
        for kind, about, facts, at in waiting:
            worded = _WORDS.get(type(about))
            self._out({"kind": kind, "at": iso(at), **(worded(about) if worded else {}), **facts})
            for payload in payloads(kind, about, facts):
                self._put(payload, at)


def payloads(kind: str, about: Any, facts: dict[str, Any]) -> list[Payload]:
    """Return what the journal keeps of one event."""
    writer = _NOUNS.get(type(about))
    if writer is not None:
        return writer(about)
    if isinstance(about, tuple) and isinstance(about[0], MassLoss):
        return _mass_loss(about[0], about[1], facts)
    if about is not None and kind in _HOLD:
        return [_HOLD[kind](about, facts)]
    return _plain(kind, facts)


def skipped_notes(items: tuple[Skipped, ...]) -> tuple[kinds.SkippedNote, ...]:
    """Return what could not be done, as the journal keeps it."""
    return tuple(kinds.SkippedNote(Text(item.what), item.reason) for item in items)


def _held(hold: Any, facts: dict[str, Any]) -> Payload:
    return kinds.ActorHeld(
        hold=hold.id,
        verdict=hold.verdict.id,
        action=hold.actor.kind.value,
        actor=actor_note(hold.actor),
        pids=tuple(hold.pids),
        touched=facts["touched"],
        skipped=skipped_notes(hold.skipped),
    )


def _confirmed(hold: Any, facts: dict[str, Any]) -> Payload:
    return kinds.HoldConfirmed(hold.id, hold.verdict.id, facts["damaged"], facts["done"])


def _released(hold: Any, facts: dict[str, Any]) -> Payload:
    cleared = facts["by"] == "agent"
    return kinds.HoldReleased(hold.id, hold.verdict.id, facts["by"], facts["reason"], cleared)


def _refused(hold: Any, facts: dict[str, Any]) -> Payload:
    return kinds.HoldRefused(hold.verdict.id, actor_note(hold.actor), facts["message"])


_HOLD: dict[str, Callable[[Any, dict[str, Any]], Payload]] = {
    "held": _held,
    "confirmed": _confirmed,
    "released": _released,
    "error": _refused,
}


def _restored(done: say.RestoreDone) -> list[Payload]:
    out: list[Payload] = [
        kinds.FileRestored(done.id, Text(file.path), file.version_at, "", file.verified, Text(file.evidence))
        for file in done.restored
    ]
    out += [kinds.RestoreFailed(done.id, Text(path), Text(reason)) for path, reason in done.failed]
    counts = (len(done.restored), done.unchanged, len(done.failed))
    return [*out, kinds.RestoreFinished(done.id, *counts, round(done.seconds, 3))]


def _sighted(seen: Sighted) -> list[Payload]:
    hit = seen.hit
    return [IndicatorSeen("", hit.sort, Text(hit.value), hit.source, Text(seen.path), seen.at, True)]


# Nouns that are put into words when they are spoken of; they do not change until then.
_WORDS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    Finding: words.finding,
    Verdict: words.verdict,
    Sighted: words.sighted,
}
_NOUNS: dict[type[Any], Callable[[Any], list[Payload]]] = {
    Finding: lambda found: [finding_made(found)],
    Verdict: lambda judged: [verdict_reached(judged)],
    Sighted: _sighted,
    say.RestoreDone: lambda done: [] if done.dry_run else _restored(done),
}


def _mass_loss(loss: MassLoss, who: Actor, facts: dict[str, Any]) -> list[Payload]:
    return [kinds.MassDeleteSeen(facts["id"], "deleted", len(loss.paths), actor_note(who), facts["undo"])]


def _plain(kind: str, facts: dict[str, Any]) -> list[Payload]:
    if kind == "lag":
        return [kinds.Lagging(facts["seconds"], facts["waiting"])]
    if kind == "overflow":
        return [kinds.SensorOverflow(facts.get("sensor", ""), bool(facts.get("rescan")))]
    if kind == "error" and facts.get("code") == "VAULT-FULL":
        return [kinds.VaultFull(Text(""), facts["message"])]
    if kind == "error":
        return [kinds.ErrorSeen(facts.get("code", ""), Text(facts["message"]), facts.get("todo", ""))]
    return []
