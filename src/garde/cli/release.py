"""`garde release ID`: let a held actor go on.

Comes in: the id of a hold. Goes out: what was let go. A running agent does it; where none runs, the hold's own record
in the state directory is enough: a process must not stay frozen because the agent died.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json, SettingsFile, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen


def release(
    id: Annotated[str, Parameter(name="ID", help="Id of the hold, as `garde status` shows it.")],
    /,
    *,
    state: State = None,
    settings: SettingsFile = None,
    as_json: Json = False,
) -> int:
    """Let a held actor go on: its processes run again, a blocked client is let in again.

    What was held against it is forgotten. Works with an agent and without one.

    Example: garde release h3f1a-2
    """
    from garde.cli.places import find_state
    from garde.cli.screen import Screen

    screen, place = Screen(as_json), find_state(state)
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
