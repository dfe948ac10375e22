"""What stands aside from the hospital's network: the downtime desk, the ward PCs with their printers, a modality.

Comes in: the programs and the plan. Goes out: a desk that listens to the feed, printers that take jobs. It uses the
commands that a hospital's administrator uses. None of it is in the estate, none of it has anything of the hub's: a
network, a clock, keys and directories of its own.
"""

from __future__ import annotations

import struct
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from garde.lab.hospital import printer
from garde.lab.hospital.plan import DESK, FEED_PORT, WARD_PCS, Plan
from garde.lab.hospital.programs import GARDE, Programs, said

DESK_S: Final = 30.0
ZONE: Final = ZoneInfo("Europe/Brussels")
BEGINS_H: Final = 3  # o'clock: when the story begins
OWN: Final = "CLINIC"  # what the hospital's systems write in PID-3.4 for its own numbers


def set_clock(plan: Plan) -> None:
    """Let the clock of what stands aside be at the story's beginning, on the day that is or was last there."""
    now = time.time()
    story = datetime.fromtimestamp(now, ZONE).replace(hour=BEGINS_H, minute=0, second=0, microsecond=0)
    if story.timestamp() > now:
        story -= timedelta(days=1)
    plan.aside_clock_path.write_bytes(struct.pack("<d", story.timestamp() - now))


def start(programs: Programs, plan: Plan, pool: ThreadPoolExecutor) -> list[Future[None]]:
    """Begin to start all of it; each part is up when its future is done."""
    return [pool.submit(_start_desk, programs, plan)] + [
        pool.submit(_start_printer, programs, plan, ward) for ward in WARD_PCS
    ]


def _start_desk(programs: Programs, plan: Plan) -> None:
    plan.desk_state.parent.mkdir(mode=0o700, exist_ok=True)
    listen = f"{plan.feed_address(DESK)}:{FEED_PORT}"
    command(programs, plan, DESK, "downtime", "init", "--hospital", plan.estate.name, "--own", OWN, "--listen", listen)
    run_desk(programs, plan)


def run_desk(programs: Programs, plan: Plan) -> subprocess.Popen[bytes]:
    """`garde downtime run`; returns when its census is there."""
    log = plan.log("desk")
    start = log.stat().st_size if log.exists() else 0
    process = programs.daemon("desk", DESK, words(plan, DESK, "downtime", "run"))
    programs.wait("the desk", lambda: any(said(log, "ready", start)), DESK_S, process)
    return process


def ward_printer(plan: Plan, ward: str) -> printer.Printer:
    """The printer on a ward PC's desk: it stands at the PC itself, as one on its USB does."""
    machine = WARD_PCS[ward]
    return printer.Printer(machine, f"Ward {ward}", ("127.0.0.1", "::1"), plan.ward_spool(ward))


def _start_printer(programs: Programs, plan: Plan, ward: str) -> None:
    printer.wait(programs, printer.start(programs, plan, ward_printer(plan, ward)))


def words(plan: Plan, machine: str, *words: str) -> list[str]:
    """Return a command of ours as it is given on one of these machines."""
    state = {DESK: plan.desk_state, **{pc: plan.ward_state(ward) for ward, pc in WARD_PCS.items()}}[machine]
    return [*GARDE, *words, "--state", str(state), "--json", "--lab-clock", str(plan.aside_clock_path)]


def command(programs: Programs, plan: Plan, machine: str, *given: str, **options: Any) -> list[dict[str, Any]]:
    """Give a command there; returns its JSON lines. Raises Incomplete where it fails."""
    told = programs.check(f"garde {' '.join(given[:2])}", machine, words(plan, machine, *given), **options)
    return [msgspec.json.decode(line) for line in told.splitlines()]
