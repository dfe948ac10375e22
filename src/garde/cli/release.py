"""`garde release ID`: let a held actor go on. `garde release --code CODE`: undo every cut of this machine.

Comes in: the id of a hold, or a printed release code. Goes out: what was let go. A running agent lets a held actor go;
where none runs, the hold's own record in the state directory is enough: a process must not stay frozen because the
agent died. A code needs no agent, no hub and no network: it is for the person who stands before a machine that was
cut off, with a sheet of paper.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, NetNs, SettingsFile, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen


def release(
    id: Annotated[str, Parameter(name="ID", help="Id of the hold, as `garde status` shows it.")] = "",
    /,
    *,
    code: Annotated[str, Parameter(name="--code", help="A printed release code: undo every cut of this machine.")] = "",
    state: State = None,
    settings: SettingsFile = None,
    as_json: Json = False,
    netns: NetNs = "",
    lab_clock: LabClock = None,
) -> int:
    """Let a held actor go on: its processes run again, a blocked client is let in again.

    What was held against it is forgotten. Works with an agent and without one. With --code it undoes every cut of the
    hub on this machine instead, with no network at all; each code counts once.

    Example: garde release h3f1a-2
    """
    from garde.cli.options import clock_of
    from garde.cli.places import find_state
    from garde.cli.screen import Screen
    from garde.errors import UsageError

    if bool(id) == bool(code):
        raise UsageError("name a hold, or give --code", "garde release h3f1a-2, or garde release --code 7K2M-QX94-0PTC")
    screen, place = Screen(as_json), find_state(state)
    if code:
        from garde.agent.orders.by_code import release_cuts
        from garde.settings import load

        return _show_cuts(release_cuts(place, code, load(settings), clock_of(lab_clock), netns), screen)
    result = _by_agent(place, id) or _by_hand(place, id, settings)
    screen.data({"kind": "released", "id": id, **result})
    _show(result, screen)
    return 0


def _by_agent(state: Path, hold_id: str) -> dict[str, Any] | None:
    from garde.cli.control import ask
    from garde.errors import AgentAbsent

    try:
        reply = ask(state, "release", id=hold_id)
    except AgentAbsent:
        return None
    return {name: value for name, value in reply.items() if name != "ok"}


def _by_hand(state: Path, hold_id: str, settings: Path | None) -> dict[str, Any]:
    from garde.cli.alone import release_alone
    from garde.settings import load

    return release_alone(state, hold_id, load(settings))


def _show(result: dict[str, Any], screen: Screen) -> None:
    from garde.journal.text import plain

    for hold_id in result.get("released", ()):
        screen.line(f"Let go: {plain(str(hold_id))}", "good")
    for each in result.get("skipped", ()):
        screen.line(f"{plain(str(each['what']))}: {plain(str(each['reason']))}", "warn")


def _show_cuts(result: dict[str, Any], screen: Screen) -> int:
    """Say which cuts are undone and how many codes are left; Incomplete where one could not be undone."""
    from garde.errors import Incomplete
    from garde.journal.text import plain

    screen.data({"kind": "released", **result})
    for cut in result["cuts"]:
        screen.line(f"Undone: cut {plain(str(cut))}", "good")
    for each in result["failed"]:
        screen.line(f"NOT undone: cut {plain(str(each['cut']))}: {plain(str(each['reason']))}", "bad")
    screen.line(f"{result['codes_left']} release codes are left for this machine", "note")
    if result["failed"]:
        raise Incomplete(f"{len(result['failed'])} cuts could not be undone", "try again with the next code, as root")
    return 0
