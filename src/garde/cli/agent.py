"""`garde agent`: guard folders, report to the hub, carry out its orders.

Comes in: folders (or none), a mode, a state directory that `garde enroll` has enrolled. Goes out: the agent's events,
one a line, until SIGTERM or Ctrl-C. It is `garde watch` with the link to the hub; without a folder it is the link
alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, NetNs, SettingsFile, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from garde.cli.screen import Screen


def agent(
    *paths: Annotated[Path, Parameter(name="PATH", help="Folders to guard. None: carry out the hub's orders only.")],
    state: State = None,
    observe: Annotated[
        bool, Parameter(negative=(), help="Report to the hub, stop nobody, carry out no order (the default).")
    ] = False,
    enforce: Annotated[
        bool, Parameter(negative=(), help="Stop who destroys files, put them back, carry out the hub's orders.")
    ] = False,
    no_restore: Annotated[bool, Parameter(negative=(), help="Stop them, but leave the files as they are.")] = False,
    settings: SettingsFile = None,
    as_json: Json = False,
    parent: Annotated[int, Parameter(name="--parent", show=False)] = 0,
    netns: NetNs = "",
    lab_clock: LabClock = None,
) -> int:
    """Guard folders on this machine for the hub that it is enrolled with, until SIGTERM or Ctrl-C.

    Verdicts are reported at once. Without the hub it guards on alone, and tells it later what happened.

    Example: garde agent /srv/share --state /var/lib/garde --enforce
    """
    from garde.agent.link.enrolled import load as load_enrolled
    from garde.agent.link.only import run_link_only
    from garde.agent.mode import Mode
    from garde.cli.options import clock_of
    from garde.cli.places import find_state, make_state
    from garde.cli.screen import Screen
    from garde.cli.watch import check_mode, check_trees, end_with
    from garde.settings import load

    trees = check_trees(paths) if paths else []
    mode = Mode(check_mode(observe, enforce))
    chosen = load(settings)
    if parent:
        end_with(parent)
    place = make_state(find_state(state))
    enrolled = load_enrolled(place)
    out = _speaker(Screen(as_json))
    if not trees:
        return run_link_only(place, mode, chosen, enrolled, out=out, clock=clock_of(lab_clock), netns=netns)
    from garde.agent.program import run_watch

    return run_watch(
        trees, place, mode, not no_restore, chosen, out=out, enrolled=enrolled, clock=clock_of(lab_clock), netns=netns
    )  # fmt: skip


def _speaker(screen: Screen) -> Callable[[dict[str, Any]], None]:
    """As `garde watch` speaks, and of hub and cuts as well."""
    if screen.as_json:
        return screen.data
    from garde.cli.events import Calm

    calm = Calm(screen.line)

    def say(event: dict[str, Any]) -> None:
        words = {"hub": hub_words, "cut": _cut_words}.get(str(event.get("kind")))
        if words is None:
            calm(event)
        else:
            screen.line(*words(event))

    return say


def hub_words(hub: dict[str, Any]) -> tuple[str, str]:
    """Say how the link stands: (sentence, tone)."""
    from garde.journal.text import plain

    where = plain(str(hub.get("hub", "")))
    waiting = int(hub.get("waiting") or 0)
    left = f", {waiting:,} {'entry waits' if waiting == 1 else 'entries wait'}" if waiting else ""
    left += f", kept in memory only ({plain(str(hub['in_memory']))})" if hub.get("in_memory") else ""
    if hub.get("reachable"):
        return f"Hub {where} answers{left}", "warn" if left else "good"
    if hub.get("reachable") is None:
        return f"Hub {where} not heard yet{left}", "note"
    return f"Hub {where} DOES NOT ANSWER: {plain(str(hub.get('why', '')))}{left}", "bad"


def _cut_words(event: dict[str, Any]) -> tuple[str, str]:
    from garde.journal.text import plain

    state = str(event.get("state"))
    tone = {"applied": "warn", "proven": "good", "undone": "note"}.get(state, "bad")
    detail = plain(str(event.get("detail", "")))
    return f"Cut {plain(str(event.get('cut', '')))} {plain(state)}" + (f": {detail}" if detail else ""), tone
