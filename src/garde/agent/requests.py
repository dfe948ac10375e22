"""What a person may ask of a running agent: status, release, restore.

Comes in: requests from the control socket. Goes out: replies. It judges nothing.
"""

from __future__ import annotations

from typing import Any

from garde.agent import messages as say
from garde.agent import words
from garde.agent.control import Reply
from garde.agent.core import Core
from garde.agent.errands.core_end import Errands
from garde.agent.link.core_end import Link


class Requests:
    """The verbs of the control socket."""

    def __init__(self, core: Core, link: Link | None = None, errands: Errands | None = None) -> None:
        self._core = core
        self._link = link
        self._errands = errands
        self._count = 0

    def verbs(self) -> dict[str, Any]:
        """Return the closed list."""
        return {"status": self.status, "release": self.release, "restore": self.restore}

    def status(self, request: dict[str, Any], reply: Reply) -> None:
        """Say mode, sensor, coverage, lag and holds."""
        core, now = self._core, self._core.clock.monotonic()
        holds: list[dict[str, Any]] = [
            {
                "id": hold.id,
                "verdict": hold.verdict.id,
                "state": hold.state.value,
                "actor": words.actor(hold.actor),
                "pids": list(hold.pids),
                "files": len(hold.verdict.findings),
            }
            for hold in core.holder.holds.values()
        ]
        holds += [
            {"id": held.hold_id, "state": held.stage.value, "pids": list(held.pids), "addresses": list(held.addresses)}
            for held in core.holder.older()
        ]
        progress = core.progress
        task = None if progress is None else {"task": progress.task, "done": progress.done, "total": progress.total}
        reply(
            {
                "ok": True,
                **core.facts,
                "ready": bool(core.facts),
                "coverage": words.coverage(core.coverage, core.keeper.waiting()) if core.coverage else None,
                "lag": round(core.keeper.lag(now), 2),
                "waiting": core.keeper.waiting(),
                "events_per_s": round(core.rate, 1),
                "holds": holds,
                "progress": task,
                "keeper": not core.keeper.gone,
                "raised_until": core.raised.until,
                "watched_for": core.sharpening.indicators,
                **({"hub": self._link.facts()} if self._link else {}),
                **({"errands": self._errands.words()} if self._errands else {}),
            }
        )

    def release(self, request: dict[str, Any], reply: Reply) -> None:
        """Let one hold go, or all of them."""
        holder = self._core.holder
        everything = [*holder.holds, *(held.hold_id for held in holder.older())]
        wanted = [str(request["id"])] if request.get("id") else everything
        done = [hold_id for hold_id in wanted if holder.release(hold_id, "operator")]
        if done or not request.get("id"):
            reply({"ok": True, "released": done})
        else:
            reply({"ok": False, "code": "NOT-FOUND", "message": f"no hold {wanted[0]}", "todo": "garde status"})

    def restore(self, request: dict[str, Any], reply: Reply) -> None:
        """Put back every known file that is missing or damaged."""
        core = self._core
        if core.keeper.gone:
            reply({"ok": False, "code": "KEEPER-GONE", "message": "the keeper has ended", "todo": "restart the agent"})
            return
        self._count += 1
        key = f"by-hand-{self._count}"
        core.waiters[key] = reply
        core.keeper.urgent(say.RestoreAll(key, bool(request.get("dry_run")), bool(request.get("missing"))))
