"""`garde drill`: play an attack on documents of its own, and see it stopped and undone.

Comes in: a folder (by default the share of a running `garde up`) and a mode. Goes out: a line a mode and a table, or
with --json one object a line. What is true is `lab/drill.py`'s to say; this only asks and shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from garde.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from garde.lab.drill import Outcome, Plan, Result

MOST_FILES = 100_000
WIDE = 110  # columns from which the table also says what each mode does


def drill(
    path: Annotated[
        Path | None, Parameter(name="PATH", help="Folder to make drill-ID in. Default: the share of `garde up`.")
    ] = None,
    *,
    mode: Annotated[str, Parameter(help="Kind of attack; `all` plays every one; `list` names them.")] = "full",
    files: Annotated[int, Parameter(help="Documents made and attacked, for each mode.")] = 200,
    rate: Annotated[float, Parameter(help="Files a second, all workers together; 0 is unpaced.")] = 400.0,
    workers: Annotated[int, Parameter(help="Attacking processes.")] = 4,
    slow_interval: Annotated[float, Parameter(help="Seconds between two files in the slow mode.")] = 5.0,
    settle: Annotated[float, Parameter(help="Seconds that the new documents rest before the attack.")] = 3.0,
    wait: Annotated[float, Parameter(help="Seconds to wait for the files to come back.")] = 15.0,
    seed: Annotated[int | None, Parameter(help="Seed of the documents' content. Default: drawn.")] = None,
    keep: Annotated[
        bool, Parameter(negative=(), help="Leave the drill's folders even where every file is whole.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Attack documents that it makes itself in PATH/drill-ID, and tell the truth about what became of them.

    Touched, lost and held come from the drill's own hashes and processes, never from the watch's word. It touches no
    other file. A folder stays where a file was lost; else what the drill made is removed at the end.

    Example: garde drill --mode all --files 100
    """
    from garde.lab.attackers.table import MODES
    from garde.lab.drill import Plan

    if mode == "list":
        return _list(as_json)
    chosen = tuple(MODES) if mode == "all" else (mode,)
    figures = {
        "files": files,
        "rate": rate,
        "workers": workers,
        "slow-interval": slow_interval,
        "settle": settle,
        "wait": wait,
    }
    _check(mode, tuple(MODES), figures)
    plan = Plan(_share(path), chosen, files, rate, workers, slow_interval, settle, wait, keep)
    if seed is not None:
        from dataclasses import replace

        plan = replace(plan, seed=seed)
    results = _as_json(plan) if as_json else _for_people(plan)
    return _close(results)


def _check(mode: str, modes: tuple[str, ...], figures: dict[str, float]) -> None:
    from garde.errors import UsageError
    from garde.lab.attackers.board import MAX_WORKERS

    if mode not in (*modes, "all"):
        raise UsageError(f"no mode named {mode}", f"one of: {', '.join(modes)}, all")
    least = {"files": 1, "workers": 1, "slow-interval": 0.001}
    most = {"files": MOST_FILES, "workers": MAX_WORKERS}
    for name, value in figures.items():
        low, high = least.get(name, 0), most.get(name, 86_400)
        if not low <= value <= high:
            raise UsageError(f"--{name} {value} is out of range", f"{low} to {high}")


def _share(path: Path | None) -> Path:
    from garde.cli.notes import read_notes
    from garde.cli.places import var
    from garde.errors import NotPermitted, UsageError

    if path is None:
        notes = read_notes(var())
        if notes is None:
            raise UsageError(
                "no PATH given, and no `garde up` runs", "run `garde up` in another terminal, or name a folder"
            )
        path = Path(notes.share)
    share = path.resolve()
    if not share.is_dir():
        raise UsageError(f"{share} is not a folder", "name a folder that exists")
    import os

    if not os.access(share, os.W_OK | os.X_OK):
        raise NotPermitted(f"{share} cannot be written to", "run as a user who may, or name another folder")
    return share


def _list(as_json: bool) -> int:
    import json

    from garde.lab.attackers.table import MODES, find_reason

    for mode in MODES.values():
        reason = find_reason(mode)
        body = {"kind": "mode", "mode": mode.name, "help": mode.help, "damage": mode.kind, "skipped": reason}
        text = f"{mode.name:16} {mode.help}" + (f" (skipped here: {reason})" if reason else "")
        print(json.dumps(body) if as_json else text)
    return 0


def _as_json(plan: Plan) -> list[Result]:
    import msgspec

    from garde.cli.screen import Screen
    from garde.lab.drill import Result, run

    screen = Screen(as_json=True)
    results = []
    for outcome in run(plan):
        screen.data(msgspec.to_builtins(outcome))
        if isinstance(outcome, Result):
            results.append(outcome)
    return results


def _for_people(plan: Plan) -> list[Result]:
    from rich.console import Console

    from garde.lab.drill import Result, Step, run

    console = Console(highlight=False, markup=False, emoji=False)
    pace = f"{plan.rate:g} files/s" if plan.rate else "unpaced"
    console.print(f"Drill in {plan.share}: {plan.files} documents a mode, {pace}, seed {plan.seed}.")
    results = []
    with console.status("") as live:

        def show(step: Step) -> None:
            live.update(f"{step.mode}: {step.stage} {step.done}/{step.of}")

        for outcome in run(plan, show):
            console.print(_line(outcome), soft_wrap=True)
            if isinstance(outcome, Result):
                results.append(outcome)
    console.print(_table(results, wide=console.width >= WIDE))
    return results


def _line(outcome: Outcome) -> str:
    from garde.lab.drill import Remark, Result, Skipped

    match outcome:
        case Skipped():
            return f"- {outcome.mode}: skipped, {outcome.reason}"
        case Remark():
            return f"! {outcome.mode}: {outcome.text}"
        case Result():
            sign = "✓" if outcome.is_good else "✗"
            held = f"held after {outcome.seconds_to_hold:.3f} s" if outcome.seconds_to_hold is not None else "not held"
            touched = f"{outcome.touched} of {outcome.files} files touched"
            return f"{sign} {outcome.mode}: {touched}, {held}, {outcome.lost} lost"


def _table(results: list[Result], *, wide: bool) -> Table:
    from rich.table import Table

    from garde.lab.attackers.table import MODES

    table = Table(title="What became of the files, by the drill's own hashes and processes")
    for name in ("mode", "what it does")[: 1 + wide]:
        table.add_column(name, no_wrap=True)
    for name in ("files", "touched", "held after", "whole after", "lost"):
        table.add_column(name, justify="right")
    for row in results:
        held, whole = (
            f"{value:.3f} s" if value is not None else "–" for value in (row.seconds_to_hold, row.restored_s)
        )
        what = (row.mode, MODES[row.mode].help)[: 1 + wide]
        figures = (str(row.files), str(row.touched), held, whole, str(row.lost))
        table.add_row(*what, *figures, style="" if row.is_good else "bold red")
    return table


def _close(results: list[Result]) -> int:
    """Return 0 where all went well; raises Incomplete naming the modes that did not."""
    from garde.errors import Incomplete

    if not results:
        raise Incomplete("no mode could be played", "install the program that the mode needs")
    bad = [row.mode for row in results if not row.is_good]
    if bad:
        raise Incomplete(
            f"not held, or files lost: {', '.join(bad)}", "see whether `garde watch` or `garde up` guards that folder"
        )
    return 0
