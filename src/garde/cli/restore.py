"""`garde restore`: put damaged files back as they were.

Comes in: a state directory. Goes out: what was put back, what could not be and why. A running agent does it; where none
runs, `alone.py` does. Nothing is ever deleted: what lay in a file's place goes to evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json, SettingsFile, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen

_FILES_SHOWN = 20
_PATIENCE_S = 1800.0  # between two words of the agent: it looks at every known file before the first is put back
_STEP = 64  # files between two progress lines of --json
Step = Callable[[int, int], None]


def restore(
    *,
    state: State = None,
    dry_run: Annotated[bool, Parameter(negative=(), help="Say what would be put back, and change nothing.")] = False,
    missing: Annotated[bool, Parameter(negative=(), help="Also put deleted files back, whoever deleted them.")] = False,
    settings: SettingsFile = None,
    as_json: Json = False,
) -> int:
    """Put every damaged file back as it was; with or without a running agent.

    Files that are sound stay as they are, damaged ones are kept as evidence, nothing is deleted. It can be stopped
    at any moment and started again.

    Example: garde restore --state /var/lib/garde --dry-run
    """
    from garde.cli.places import find_state
    from garde.cli.screen import Screen
    from garde.errors import Incomplete

    screen, place = Screen(as_json), find_state(state)
    with _progress(screen) as step:
        result = _by_agent(place, dry_run, missing, step) or _by_hand(place, settings, dry_run, missing, step)
    files, failed = result.get("files", []), result.get("failed", [])
    screen.data({"kind": "restored", **result, "files": len(files), "paths": files})
    _show(result, screen)
    if failed:
        raise Incomplete(
            f"{len(failed)} of {len(files) + len(failed)} files could not be put back", "see the list above"
        )
    return 0


def _by_agent(state: Path, dry_run: bool, missing: bool, step: Step) -> dict[str, Any] | None:
    """Let the running agent do it; None where none runs."""
    from garde.cli.control import ask
    from garde.errors import AgentAbsent

    def heard(progress: dict[str, Any]) -> None:
        step(int(progress.get("done", 0)), int(progress.get("total", 0)))

    try:
        reply = ask(state, "restore", heard, _PATIENCE_S, dry_run=dry_run, missing=missing)
    except AgentAbsent:
        return None
    return {name: value for name, value in reply.items() if name != "ok"}


def _by_hand(state: Path, settings: Path | None, dry_run: bool, missing: bool, step: Step) -> dict[str, Any]:
    from garde.cli.alone import restore_alone
    from garde.settings import load

    return restore_alone(state, load(settings), dry_run=dry_run, missing=missing, progress=step)


@contextmanager
def _progress(screen: Screen) -> Iterator[Step]:
    """A bar on a terminal, a line now and then for --json, else nothing."""
    import sys

    if screen.as_json or not sys.stderr.isatty():
        yield lambda done, total: _say_progress(screen, done, total)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Putting files back", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def _say_progress(screen: Screen, done: int, total: int) -> None:
    if done % _STEP == 0:
        screen.data({"kind": "progress", "done": done, "total": total})


def _show(result: dict[str, Any], screen: Screen) -> None:
    from garde.journal.text import plain

    files, failed = result.get("files", []), result.get("failed", [])
    verb = "would be put back" if result.get("dry_run") else "put back"
    for path in files[:_FILES_SHOWN]:
        screen.line(f"{verb}: {plain(path)}", "good")
    if len(files) > _FILES_SHOWN:
        screen.line(f"… and {len(files) - _FILES_SHOWN:,} more", "good")
    for each in failed:
        screen.line(f"NOT put back: {plain(each['path'])} — {plain(each['reason'])}", "bad")
    sound = f", {result['unchanged']:,} were sound already" if result.get("unchanged") else ""
    screen.line(f"{len(files):,} {'file' if len(files) == 1 else 'files'} {verb}{sound}", "title")
    if result.get("unverified"):
        screen.line(f"{result['unverified']:,} of them had no hash taken yet, so they could not be verified", "warn")
