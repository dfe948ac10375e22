"""Honest work that must never be held: one module per field, each with a tuple of scenarios.

Comes in: a fresh folder in the guarded tree. Goes out: nothing but the work done there by real tools. Whether it was
held is not looked at here.
"""

from __future__ import annotations

from bench.honest import archives, backups, building, databases, documents, everyday, packages, syncing
from bench.honest.base import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *packages.SCENARIOS,
    *building.SCENARIOS,
    *archives.SCENARIOS,
    *everyday.SCENARIOS,
    *syncing.SCENARIOS,
    *backups.SCENARIOS,
    *databases.SCENARIOS,
    *documents.SCENARIOS,
)
