"""What the agent's own output says of an errand's reports.

Comes in: payloads. Goes out: the fields of `wire.Said`; nothing where people are told in another way. All text is
escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal.forensic_kinds import EgressLooked, EvidenceGathered
from garde.journal.hub_kinds import OrderRefused
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import (
    BaselineTaken,
    MachineLooked,
    MachineSwept,
    PointRestored,
    PointsJudged,
    RetentionFrozen,
    RetentionThawed,
    WatchRaised,
)
from garde.journal.sharing_kinds import WatchListTaken
from garde.journal.text import plain
from garde.model.restart import Answer


def words_of(payload: Payload) -> dict[str, Any]:
    """Return how the errand stands now that this was told of it."""
    found = _WORDS.get(type(payload))
    if found is None:
        return {}
    verb, detail = found(payload)
    state = "refused" if isinstance(payload, OrderRefused) else "done"
    return {"command": getattr(payload, "command", ""), "verb": verb, "state": state, "detail": detail.rstrip()}


def _frozen(said: RetentionFrozen) -> str:
    return f"{said.store} {'frozen and proven' if said.proven else 'NOT PROVEN'} {plain(said.detail)}"


def _restored(said: PointRestored) -> str:
    return f"{said.store} {plain(said.point)}: {said.files} files to {said.where}, {said.failed} failed"


def _swept(said: MachineSwept) -> str:
    bad = [answer.item for answer in said.answers if answer.answer != Answer.YES]
    return f"not clean: {', '.join(bad)}" if bad else "clean"


def _looked_back(said: EgressLooked) -> str:
    blind = f", blind {len(said.blind)} times" if said.blind else ""
    return f"{said.source}: {said.records} sessions, {said.seen} more than usual{blind}"


_WORDS: dict[type[Payload], Callable[[Any], tuple[str, str]]] = {
    OrderRefused: lambda said: ("", f"{said.code}: {plain(said.reason)}"),
    RetentionFrozen: lambda said: ("freeze", _frozen(said)),
    RetentionThawed: lambda said: ("thaw", said.store),
    PointsJudged: lambda said: ("judge", f"{said.store}: {said.points} points {plain(said.detail)}"),
    PointRestored: lambda said: ("restore", _restored(said)),
    BaselineTaken: lambda said: ("baseline", f"{said.items} items, {said.sha256[:16]}…"),
    MachineSwept: lambda said: ("sweep", _swept(said)),
    MachineLooked: lambda said: ("look", f"{plain(said.machine)}: {len(said.answering)} of {said.tried} answer"),
    EgressLooked: lambda said: ("flows", _looked_back(said)),
    EvidenceGathered: lambda said: ("gather", f"{said.items} items kept, {said.left_out} left out"),
    WatchListTaken: lambda said: ("watch_for", f"{said.indicators} indicators, {said.sha256[:16]}… {said.detail}"),
    WatchRaised: lambda said: ("raise", "raised" if said.until else "as usual"),
}
