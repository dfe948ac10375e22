"""The weights of proofs, read once from weights.toml.

Comes in: the table file beside this module. Goes out: frozen `Weights`, and `Weights.of` a set of proofs. It decides
nothing: suspicion.py does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from math import log

from garde.model.finding import Proof


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-likelihood ratios per proof, in nats."""

    weight: dict[Proof, float]
    cap: float
    hard: frozenset[Proof]
    beyond_cap: frozenset[Proof]
    credit: float
    credit_levels: frozenset[str]
    wide_extra: float
    wide_levels: frozenset[str]
    raised_lowers: float  # what every bound is lowered by while sensitivity is raised …
    raised_least: float  # … and what a file counts for at least, where its proofs weigh …
    raised_from: float  # … this much
    listed_name: float  # what a file's damage weighs at least before a listed name on it counts …
    listed_hand: float  # … or a listed hand

    def of(self, proofs: Iterable[Proof]) -> tuple[float, float]:
        """Return (decaying, permanent) weight of one file's proofs; at most `cap` together, bait aside."""
        found = set(proofs)
        over = sum(self.weight[proof] for proof in found & self.beyond_cap)
        hard = min(self.cap, sum(self.weight[proof] for proof in (found & self.hard) - self.beyond_cap))
        soft = sum(self.weight[proof] for proof in found - self.hard - self.beyond_cap)
        return min(soft, self.cap - hard), hard + over


def bound(false_alarm: float, miss: float) -> float:
    """Wald's upper bound ln((1-β)/α): 13.8 for the defaults (A. Wald, Sequential Analysis, 1947, §3.2)."""
    return log((1 - miss) / false_alarm)


def load() -> Weights:
    """Read the shipped table."""
    raw = tomllib.loads(resources.files("garde.watch").joinpath("weights.toml").read_text(encoding="utf-8"))
    return Weights(
        weight={Proof(name): float(value) for name, value in raw["weight"].items()},
        cap=float(raw["cap"]),
        hard=frozenset(Proof(name) for name in raw["hard"]["proofs"]),
        beyond_cap=frozenset(Proof(name) for name in raw["beyond_cap"]["proofs"]),
        credit=float(raw["credit"]["healthy"]),
        credit_levels=frozenset(raw["credit"]["levels"]),
        wide_extra=float(raw["wide"]["extra"]),
        wide_levels=frozenset(raw["wide"]["levels"]),
        raised_lowers=float(raw["raised"]["lowers"]),
        raised_least=float(raw["raised"]["least"]),
        raised_from=float(raw["raised"]["from"]),
        listed_name=float(raw["listed"]["name"]),
        listed_hand=float(raw["listed"]["hand"]),
    )
