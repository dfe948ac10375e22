"""Files touched before the hold, and files lost after the restore: every mode, two file systems, two ways in.

Comes in: the lab's drill (a local process) and the attackers of `bench.smb_attack` (a real Samba client in a network
namespace of its own). Goes out: a row per file system, way, mode and pace, with medians and maxima over its runs, and
the figures. Touched and lost are the attackers' side's truth; the agent's own word gives one column: when it reported.

Suspicion is fresh in every run: a local attacker has a uid of its own, an SMB attacker an account and an address of its
own; agent and smbd are started anew when the accounts are used up. Runs go round all cells until each has its number or
the time is over, so that every cell gets as many.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import fs, tools
from bench.common import Report, Result, UnavailableError, warn_if_busy
from bench.touched_table import FILES, MANY, Cell, cells_of, figures_of, row_of
from bench.watch import Watch, garde

if TYPE_CHECKING:
    from bench.smb_run import Outcome
    from garde.lab.samba import SambaServer, SambaUser

LOGINS = tuple(f"hand{number}" for number in range(8))  # as many as the lab's smbd has accounts for
IMAGE_MB = 2048
SETTLE_S = 1.0  # that new documents rest, so that they count as existing ones
BUDGET_S = {False: 60.0 * float(os.environ.get("GARDE_BENCH_MINUTES", "38")), True: 140.0}


def run(quick: bool, report: Report, *, only: str = "", guarded: bool = True) -> Result:
    """Play the cells; a cell without a run says why. `guarded=False` attacks with no agent, to test the witness."""
    lacking = tools.ensure(("mkfs.xfs", "mkfs.ext4", "smbd", "ip"), report)
    warn_if_busy(report)
    cells: list[Cell] = []
    until = time.monotonic()
    for kind in ("xfs", "ext4"):
        mine = cells_of(kind, quick, only)
        cells += mine
        until = max(until, time.monotonic()) + BUDGET_S[quick] / 2
        try:
            with fs.image(kind, IMAGE_MB) as mount, tempfile.TemporaryDirectory(prefix="garde-touched-") as spare:
                _file_system(mount, Path(spare), mine, until, guarded, report)
        except UnavailableError as reason:
            report(f"{kind}: {reason}")
            for cell in mine:
                cell.trouble = cell.trouble or str(reason)
    rows = [row_of(cell) for cell in cells]
    rows += [{"file_system": "–", "mode": program, "outcome": why} for program, why in lacking.items()]
    return {"name": "touched", "figures": figures_of(cells), "rows": rows}


def _file_system(mount: Path, spare: Path, cells: list[Cell], until: float, guarded: bool, report: Report) -> None:
    """Play rounds on one file system: generation after generation of agent and smbd, until done or out of time."""
    (mount / "share/smb").mkdir(parents=True)
    originals = spare / "originals"
    _make_originals(originals)
    todo = _rounds(cells)
    while time.monotonic() < until:
        batch = _next_batch(todo)
        if not batch:
            return
        with ExitStack() as stack:
            stack.callback(_clean, mount)
            watch = None
            if guarded:
                state = stack.enter_context(tempfile.TemporaryDirectory(prefix="garde-state-"))
                watch = stack.enter_context(Watch([mount / "share"], Path(state)))
            server, why_not = _server(stack, mount / "share/smb")
            field = Field(mount / "share", server, why_not, originals, spare, watch)
            _generation(field, batch, until, report)


def _rounds(cells: list[Cell]) -> Iterator[Cell]:
    for number in range(max((cell.want for cell in cells), default=0)):
        yield from (cell for cell in cells if number < cell.want)


def _next_batch(todo: Iterator[Cell]) -> list[Cell]:
    """Take runs until the accounts for SMB are used up."""
    batch: list[Cell] = []
    logins = len(LOGINS)
    for cell in todo:
        batch.append(cell)
        logins -= cell.way == "smb"
        if not logins:
            break
    return batch


def _make_originals(folder: Path) -> None:
    from garde.lab.documents import make_some

    for files in (FILES, MANY):
        make_some(folder / str(files), files, 17)


@dataclass(slots=True)
class Field:
    """Where one generation of agent and smbd plays."""

    share: Path
    server: SambaServer | None
    no_server: str
    originals: Path
    spare: Path
    watch: Watch | None


def _generation(place: Field, batch: Sequence[Cell], until: float, report: Report) -> None:
    logins = iter(place.server.users if place.server else ())
    played = []
    for cell in batch:
        if time.monotonic() > until:
            break
        if cell.way == "smb" and place.server is None:
            cell.trouble = place.no_server
            continue
        mark = place.watch.mark() if place.watch else 0
        try:
            outcome = _local(cell, place) if cell.way == "local" else _smb(cell, place, next(logins))
        except UnavailableError as reason:
            cell.trouble = str(reason)
            continue
        cell.runs.append(outcome)
        played.append(cell)
        if place.watch:
            cell.reported_s.append(_reported(place.watch, mark, outcome))
        report(f"{cell.file_system} {cell.way} {cell.mode} run {len(cell.runs)}: {outcome}")
    restorable = _restorable(place.watch) if place.watch else None
    for cell in played:
        cell.restorable = restorable


def _server(stack: ExitStack, share: Path) -> tuple[SambaServer | None, str]:
    from garde.lab import samba
    from garde.lab.attackers import smb_client

    if reason := samba.missing() or smb_client.missing():
        return None, reason
    return stack.enter_context(samba.SambaServer(share, logins=LOGINS)), ""


def _local(cell: Cell, place: Field) -> Outcome:
    """Play one run of the drill, the same that `garde drill` plays."""
    from bench.smb_run import Outcome
    from garde.errors import Incomplete
    from garde.lab import drill

    plan = drill.Plan(
        place.share,
        (cell.mode,),
        files=cell.files,
        rate=cell.rate,
        workers=cell.next_hands(),
        settle=SETTLE_S,
        keep=True,
    )
    began: list[float] = []

    def show(step: drill.Step) -> None:
        if step.stage == "attacking" and not began:
            began.append(time.monotonic())

    try:
        results = list(drill.run(plan, show))
    except Incomplete as error:
        raise UnavailableError(str(error)) from error
    for result in results:
        if isinstance(result, drill.Result):
            start = began[0] if began else 0.0
            return Outcome(result.touched, result.lost, result.held, result.seconds_to_hold, result.restored_s, start)
    raise UnavailableError("; ".join(str(getattr(result, "reason", "")) for result in results))


def _smb(cell: Cell, place: Field, user: SambaUser) -> Outcome:
    from bench import smb_run

    assert place.server is not None
    attack = smb_run.Attack(cell.mode, cell.rate, cell.next_hands(), cell.files)
    return smb_run.play(place.server, user, attack, place.originals / str(cell.files), SETTLE_S, place.spare)


def _restorable(watch: Watch) -> float | None:
    """Return the per cent of files that the agent says it can restore by itself."""
    _, lines, _ = garde("status", "--state", str(watch.state), "--json")
    found = find_key(lines or [watch.ready], "restore_own_percent")
    return float(found) if isinstance(found, (int, float)) else None


def find_key(data: object, key: str) -> object:
    """Return the first value under that key anywhere in nested data; None where there is none."""
    inner = [*data.values()] if isinstance(data, dict) else data if isinstance(data, list) else []
    if isinstance(data, dict) and key in data:
        return data[key]
    return next((found for item in inner if (found := find_key(item, key)) is not None), None)


def _reported(watch: Watch, mark: int, outcome: Outcome) -> float | None:
    """Return the seconds from the attack's start to the agent's first word of it."""
    words = [event for event in watch.since(mark) if event["kind"] in ("finding", "verdict", "restored")]
    after = [event["_seen"] - outcome.began for event in words if event["_seen"] >= outcome.began]
    return float(min(after)) if after and outcome.began else None


def _clean(mount: Path) -> None:
    """Remove what was made; called when the agent has ended, so that it is no mass delete to anybody."""
    for place in (*(mount / "share/smb").iterdir(), *(mount / "share").glob("drill-*")):
        shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(mount / ".garde-vault", ignore_errors=True)
