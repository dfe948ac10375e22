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
from garde.lab.hospital.plan import DESK, FEED_PORT, PARCEL_PORT, WARD_PCS, WORKLIST_PORT, Plan
from garde.lab.hospital.programs import GARDE, Programs, said

DESK_S: Final = 30.0
ZONE: Final = ZoneInfo("Europe/Brussels")
BEGINS_H: Final = 3  # o'clock: when the story begins
# Each is a machine of its own; here they must not take from the hospital's servers what those need to stop an attack.
NICE: Final = ("nice", "-n", "5")
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
    desk = pool.submit(_make_desk, programs, plan)
    return [pool.submit(_start_ward, programs, plan, ward, desk) for ward in WARD_PCS] + [
        pool.submit(_start_desk, programs, plan, desk)
    ]


def _make_desk(programs: Programs, plan: Plan) -> None:
    """`garde downtime init`, and what only its file can say: where it answers the modality, where the record hears."""
    listen = f"{plan.feed_address(DESK)}:{FEED_PORT}"
    command(programs, plan, DESK, "downtime", "init", "--hospital", plan.estate.name, "--own", OWN, "--listen", listen)
    file = plan.desk_state / "desk.json"
    config = msgspec.json.decode(file.read_bytes())
    # Packs are made when the desk begins, and on alarm: made every hour they would be made by each jump of the clock.
    config["packs"] = {**config.get("packs", {}), "every_min": 0.0}
    config["worklist"] = {**config.get("worklist", {}), "listen": f"{plan.aside_address(DESK)}:{WORKLIST_PORT}"}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(config)))


def _start_desk(programs: Programs, plan: Plan, made: Future[None]) -> None:
    made.result()
    run_desk(programs, plan)


def run_desk(programs: Programs, plan: Plan) -> subprocess.Popen[bytes]:
    """`garde downtime run`; returns when its census is there."""
    log = plan.log("desk")
    start = log.stat().st_size if log.exists() else 0
    process = programs.daemon("desk", DESK, [*NICE, *words(plan, DESK, "downtime", "run")])
    programs.wait("the desk", lambda: any(said(log, "ready", start)), DESK_S, process)
    return process


def ward_printer(plan: Plan, ward: str) -> printer.Printer:
    """The printer on a ward PC's desk: it stands at the PC itself, as one on its USB does."""
    machine = WARD_PCS[ward]
    return printer.Printer(machine, f"Ward {ward}", ("127.0.0.1", "::1"), plan.ward_spool(ward))


def _start_ward(programs: Programs, plan: Plan, ward: str, desk: Future[None]) -> None:
    """A PC and its printer. Its card is carried to the desk, the desk's card back, as people do with a stick."""
    machine, own = WARD_PCS[ward], ward_printer(plan, ward)
    prints = printer.start(programs, plan, own)
    listen = f"{plan.aside_address(machine)}:{PARCEL_PORT}"
    given = ("--place", ward, "--name", machine, "--listen", listen, "--printer", own.uri)
    command(programs, plan, machine, "ward", "init", *given)
    card, back = plan.ward_state(ward) / "ward.card", plan.machine_home(machine) / "desk.card"
    desk.result()
    command(programs, plan, DESK, "ward", "enrol", str(card), "--address", f"http://{listen}", "--out", str(back))
    command(programs, plan, machine, "ward", "take", str(back))
    log = plan.log(machine)
    runs = programs.daemon(machine, machine, [*NICE, *words(plan, machine, "ward", "run")])
    programs.wait(f"the PC of {ward}", lambda: any(said(log, "serving")), DESK_S, runs)
    printer.wait(programs, prints)


def words(plan: Plan, machine: str, *words: str) -> list[str]:
    """Return a command of ours as it is given on one of these machines."""
    state = {DESK: plan.desk_state, **{pc: plan.ward_state(ward) for ward, pc in WARD_PCS.items()}}[machine]
    return [*GARDE, *words, "--state", str(state), "--json", "--lab-clock", str(plan.aside_clock_path)]


def command(programs: Programs, plan: Plan, machine: str, *given: str, **options: Any) -> list[dict[str, Any]]:
    """Give a command there; returns its JSON lines. Raises Incomplete where it fails."""
    told = programs.check(f"garde {' '.join(given[:2])}", machine, words(plan, machine, *given), **options)
    return [msgspec.json.decode(line) for line in told.splitlines()]
