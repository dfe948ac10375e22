"""The sequential test: findings are summed at every level they belong to; one that crosses its bound is a verdict.

Comes in: findings with the levels they belong to, and the time. Goes out: at most one `Verdict` a finding. It holds
nobody, reads no file and no clock. After Wald's sequential probability ratio test as Jung et al. (2004, Threshold
Random Walk) use it for scan detection.

Rules, one test each:

1. A file counts once at a level; seen again with more proof, it counts for more, never twice.
2. Evidence halves every `half_life` seconds; hard proofs (bait, broken structure, vault) never do.
3. A score never falls below zero; healthy changes take a little off the wide levels only, so that padding an attack
   with honest writes frees no single hand.
4. A level crosses at ln((1-β)/α); the wide ones (share, host) ask for more.
5. A verdict names the actors whose findings are in the level, and nobody else.
6. What a verdict explains is taken off the levels that add up several hands (family, share, host): an innocent
   colleague of an attacker starts from nothing.
7. The verdict's own level stays above its bound: the next process of the same user is judged at its first strong
   finding.
8. A level that adds up several hands judges only those with a strong finding of their own: weak evidence against one
   hand is never completed by another's deeds.
9. `forget` a hand that was let go: its findings leave every level.
10. While `raised`, every level asks for less, and a file with a weak proof counts for more: four of any sort are a
    verdict, two are none.
11. A hand that was judged on another machine is judged at its first strong finding here.
12. A file that is damaged and speaks for something on the watch list (`Proof.LISTED`) is a verdict by itself; without
    damage there is no finding to add it to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from garde.model.actor import Actor
from garde.model.finding import Finding, Verdict
from garde.watch.weights import Weights

SHARED_LEVELS = frozenset({"family", "share", "host"})
PartyKey = tuple[str, int, int]
STRONG = 0.9  # of the cap: two independent proofs, or one decisive
KEPT_FINDINGS = 500  # per level; a verdict needs 3 to 5, and memory must stay bounded on a bad day


@dataclass(frozen=True, slots=True)
class Level:
    """One sum that a finding belongs to: `name` is family, tree, session, user, share or host."""

    name: str
    key: str


@dataclass(slots=True)
class _Item:
    finding: Finding
    party: PartyKey
    soft: float
    hard: float
    at: float


@dataclass(slots=True)
class _Sum:
    items: dict[bytes, _Item] = field(default_factory=dict)
    order: deque[bytes] = field(default_factory=deque)
    credit: float = 0.0


class Suspicion:
    """All levels' sums. Times are monotonic seconds."""

    def __init__(self, weights: Weights, bound: float, half_life: float, prefix: str = "v") -> None:
        self._prefix = prefix
        self._weights = weights
        self._bound = bound
        self._half_life = half_life
        self._sums: dict[Level, _Sum] = {}
        self._count = 0
        self.raised = False

    def add(self, finding: Finding, party: PartyKey, levels: Sequence[Level], now: float) -> Verdict | None:
        """Count `finding` of `party` at each level; return the narrowest level's verdict where one crosses."""
        soft, hard = self._weigh(finding)
        if soft + hard <= 0:
            return None
        for level in levels:
            self._put(level, _Item(finding, party, soft, hard, now))
        for number, level in enumerate(levels):
            score = self.score(level, now)
            if score >= self.bound(level) and (number == 0 or party in self._strong(level)):
                return self._verdict(level, score, finding.at)
        return None

    def elsewhere(self, level: Level, party: PartyKey, now: float) -> Verdict | None:
        """Return the verdict on a hand that was judged on another machine: at its first strong finding (rule 11)."""
        if level not in self._sums or party not in self._strong(level):
            return None
        return self._verdict(level, self.score(level, now), max(each.at for each in self._sums[level].items.values()))

    def strongest(self, level: Level) -> Finding | None:
        """Return the finding that weighs most at a level."""
        found = self._sums.get(level)
        best = max(found.items.values(), key=lambda item: item.soft + item.hard, default=None) if found else None
        return None if best is None else best.finding

    def healthy(self, levels: Iterable[Level]) -> None:
        """Count one judged, undamaged change at the wide levels (rule 3)."""
        for level in levels:
            if level.name in self._weights.credit_levels and level in self._sums:
                self._sums[level].credit += self._weights.credit

    def score(self, level: Level, now: float) -> float:
        """Return the level's present sum, in nats."""
        found = self._sums.get(level)
        if found is None:
            return 0.0
        total = sum(item.soft * self._decay(now - item.at) + item.hard for item in found.items.values())
        found.credit = min(found.credit, total)
        return total - found.credit

    def bound(self, level: Level) -> float:
        """Return what the level must reach."""
        extra = self._weights.wide_extra if level.name in self._weights.wide_levels else 0.0
        return self._bound + extra - (self._weights.raised_lowers if self.raised else 0.0)

    def explain_away(self, parties: Iterable[PartyKey]) -> None:
        """Take held parties' findings off the shared levels (rule 6)."""
        self._drop(set(parties), only=SHARED_LEVELS)

    def forget(self, parties: Iterable[PartyKey]) -> None:
        """Take parties that were let go off every level (rule 9)."""
        self._drop(set(parties), only=None)

    def suspected(self, level: Level) -> bool:
        """Return True where anything at all is held against the level."""
        return level in self._sums and bool(self._sums[level].items)

    def parties_of(self, verdict: Verdict) -> list[PartyKey]:
        """Return the parties that a verdict names, in order of first finding (rule 8)."""
        level = Level(verdict.level, verdict.key)
        found = self._sums.get(level)
        if found is None:
            return []
        parties = list(dict.fromkeys(item.party for item in found.items.values()))
        strong = self._strong(level)
        return [party for party in parties if party in strong] if len(parties) > 1 else parties

    def _strong(self, level: Level) -> set[PartyKey]:
        """Return the parties with at least one finding at this level that is nearly as strong as one can be."""
        items = self._sums[level].items.values()
        return {item.party for item in items if item.soft + item.hard >= STRONG * self._weights.cap}

    def _weigh(self, finding: Finding) -> tuple[float, float]:
        """Return a finding's (decaying, permanent) weight (rule 10)."""
        weights = self._weights
        soft, hard = weights.of(finding.proofs)
        if self.raised and soft + hard >= weights.raised_from:
            soft = max(soft, weights.raised_least - hard)
        return soft, hard

    def _put(self, level: Level, item: _Item) -> None:
        found = self._sums.setdefault(level, _Sum())
        path = item.finding.path
        known = found.items.get(path)
        if known is None:
            found.order.append(path)
        elif known.soft + known.hard >= item.soft + item.hard:
            return
        found.items[path] = item
        while len(found.order) > KEPT_FINDINGS:
            found.items.pop(found.order.popleft(), None)

    def _verdict(self, level: Level, score: float, at: float) -> Verdict:
        self._count += 1
        items = list(self._sums[level].items.values())
        actors: dict[tuple[int, str], Actor] = {}
        for item in items:
            actor = item.finding.actor
            actors.setdefault((actor.pid, actor.user), actor)
        return Verdict(
            id=f"{self._prefix}{self._count}",
            at=at,
            level=level.name,
            key=level.key,
            score=round(score, 2),
            bound=round(self.bound(level), 2),
            findings=tuple(item.finding for item in items),
            actors=_named(actors),
        )

    def _decay(self, age: float) -> float:
        return float(0.5 ** (max(age, 0.0) / self._half_life))

    def _drop(self, parties: set[PartyKey], only: frozenset[str] | None) -> None:
        for level in [level for level in self._sums if only is None or level.name in only]:
            found = self._sums[level]
            found.items = {path: item for path, item in found.items.items() if item.party not in parties}
            found.order = deque(found.items)
            if not found.items:
                del self._sums[level]


def _named(actors: dict[tuple[int, str], Actor]) -> tuple[Actor, ...]:
    """A client whose user was found between two of its findings is one actor, the one with the name."""
    named = {pid for pid, user in actors if user}
    return tuple(actor for (pid, user), actor in actors.items() if user or pid not in named)
