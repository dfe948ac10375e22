"""The benches: what Garde must reach, measured with real tools against a real agent.

Comes in: a checkout, and for the full figures root on Linux. Goes out: per bench one `Result` (name, figures, rows),
shown as a table or as one JSON object. The benches start `garde` as a program and read its machine output only: they
import nothing of the agent. `python -m bench NAME [--quick] [--json]` runs one; `garde bench NAME` does the same.
"""

from __future__ import annotations

BENCHES: dict[str, str] = {
    "touched": "bench.touched",
    "overhead": "bench.overhead",
    "events": "bench.events",
    "quiet": "bench.quiet",
    "raised": "bench.raised",
    "hub": "bench.hub",
    "hub_restart": "bench.hub_restart",
    "night": "bench.night",
    "calling": "bench.calling",
    "console": "bench.console",
    "feed": "bench.feed",
    "packs": "bench.packs",
    "backdoors": "bench.backdoors",
    "restore": "bench.restore",
    "families": "bench.families",
    "egress": "bench.egress",
    "watchlist": "bench.watchlist",
}
