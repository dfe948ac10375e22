"""`garde watch`: guard folders in the foreground.

Comes in: folders and a mode. Goes out: the agent's events, one a line, until SIGTERM or Ctrl-C. The agent itself is
`garde.agent.program`; this only reads the words of the call.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, NetNs, SettingsFile, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from garde.cli.screen import Screen


def watch(
    *paths: Annotated[Path, Parameter(name="PATH", help="Folders to guard.")],
    state: State = None,
    observe: Annotated[bool, Parameter(negative=(), help="Report harm and stop nobody (the default).")] = False,
    enforce: Annotated[bool, Parameter(negative=(), help="Stop who destroys files, and put the files back.")] = False,
    no_restore: Annotated[bool, Parameter(negative=(), help="Stop them, but leave the files as they are.")] = False,
    settings: SettingsFile = None,
    as_json: Json = False,
    parent: Annotated[int, Parameter(name="--parent", show=False)] = 0,
    netns: NetNs = "",
    lab_clock: LabClock = None,
) -> int:
    """Guard folders in the foreground, until SIGTERM or Ctrl-C.

    Harm is said as it is seen, one line for each event. The mode in force is said first: without the rights to see
    and stop writers (root) it is weaker than the one asked for.

    Example: garde watch /srv/share --state /var/lib/garde --enforce --json
    """
    from garde.agent.mode import Mode
    from garde.agent.program import run_watch
    from garde.cli.options import clock_of
    from garde.cli.places import find_state, make_state
    from garde.cli.screen import Screen
    from garde.settings import load

    trees = check_trees(paths)
    mode = check_mode(observe, enforce)
    chosen = load(settings)
    if parent:
        end_with(parent)
    place = make_state(find_state(state))
    out, clock = _speaker(Screen(as_json)), clock_of(lab_clock)
    return run_watch(trees, place, Mode(mode), not no_restore, chosen, out=out, clock=clock, netns=netns)


def check_trees(paths: tuple[Path, ...]) -> list[Path]:
    """Return the folders as real paths; raises UsageError where one is missing or is none."""
    from garde.errors import UsageError

    if not paths:
        raise UsageError("no folder was named", "name what to guard: garde watch /srv/share")
    trees = []
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{path} is not a folder", "name folders that are there")
        trees.append(path.resolve())
    return trees


def check_mode(observe: bool, enforce: bool) -> str:
    """Return the mode asked for; raises UsageError where both are."""
    from garde.errors import UsageError

    if observe and enforce:
        raise UsageError("--observe and --enforce exclude each other", "choose one of them")
    return "enforce" if enforce else "observe"


def _speaker(screen: Screen) -> Callable[[dict[str, Any]], None]:
    if screen.as_json:
        return screen.data
    from garde.cli.events import Calm

    return Calm(screen.line)


def end_with(parent: int) -> None:
    """Let the kernel send SIGTERM when the parent dies, however it dies: a killed `up` leaves no agent behind."""
    import ctypes
    import os
    import signal

    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of linux/prctl.h
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        os.kill(os.getpid(), signal.SIGTERM)
