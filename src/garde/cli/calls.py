"""`garde calls`: who was called over what and who answered; channels; who is on duty; a test call; the telephone tree.

Comes in: an action, the hub's state directory. Goes out: lines. `check` reads calling.toml alone; `tree` prints the
telephone tree from the estate, with or without a running hub.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock

if TYPE_CHECKING:
    from garde.cli.screen import Screen

Action = Annotated[
    Literal["list", "channels", "duty", "test", "check", "tree"],
    Parameter(name="ACTION", help="Calls; channels; who is on duty; a test call; the file; the telephone tree."),
]
_TONES = {"known": "good", "open": "warn", "unanswered": "bad", "over": "dim"}


def calls(
    action: Action = "list",
    /,
    *,
    state: HubState = DEFAULT_STATE,
    html: Annotated[bool, Parameter(name="--html", negative=(), help="tree: one page of HTML, to print.")] = False,
    lang: Annotated[Literal["en", "fr"] | None, Parameter(help="tree: language. Default: the hospital's own.")] = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Show who was called over what and who answered, the channels, who is on duty; try it; print the telephone tree.

    Example: garde calls duty
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen
    from garde.hub.client import ask_hub

    screen, place, clock = Screen(as_json), state.absolute(), clock_of(lab_clock)
    if action == "check":
        return _check(screen, place)
    if action == "tree":
        return _tree(screen, place, clock, html, lang)
    if action == "test":
        written = ask_hub(place, clock, "POST", "/calls/test")
        screen.data({"kind": "test", "entries": len(written["entries"])})
        screen.line("the test call begins: `garde calls` shows what became of it", "good")
        return 0
    board = ask_hub(place, clock, "GET", "/calls")
    {"list": _calls, "channels": _channels, "duty": _duty}[action](screen, board)
    return 0


def _calls(screen: Screen, board: dict[str, Any]) -> None:
    from garde.journal.text import plain

    for each in board["calls"]:
        screen.data({**each, "kind": "call", "call": each["kind"]})
        words = next(iter(each["texts"].values()), each["notice"]).splitlines()
        screen.line(f"{_at(each['needed_at'])}  {plain(each['state']):<10} {plain(words[0] if words else '')}",
                    _TONES.get(each["state"], "note"))  # fmt: skip
        for page in each["pages"]:
            outcome = {"": "under way", "taken": "taken"}.get(page["outcome"], f"FAILED: {plain(page['detail'])}")
            whom = plain(page["person"]) or plain(page["channel"])
            screen.line(f"    {_at(page['at'])}  {whom}, {plain(page['channel'])}: {outcome}",
                        "bad" if page["outcome"] == "failed" else "note")  # fmt: skip
        for person, at in each["acked"]:
            screen.line(f"    {_at(at)}  {plain(person)} knows", "good")
    if not board["calls"]:
        screen.line("nobody was called", "good")


def _channels(screen: Screen, board: dict[str, Any]) -> None:
    from garde.errors import Incomplete
    from garde.journal.text import plain

    for each in board["channels"]:
        screen.data({**each, "kind": "channel", "channel": each["kind"]})
        life = {True: "works", False: f"DOES NOT WORK: {plain(each['reason'])}", None: "not heard yet"}[each["alive"]]
        survives = "survives the cut of the outside" if each["outside"] else "falls with the outside"
        hangs = f"; hangs on {', '.join(map(plain, each['hangs_on']))}" if each["hangs_on"] else ""
        screen.line(f"{plain(each['name'])} ({plain(each['kind'])}): {life}; {survives}{hangs}",
                    "bad" if each["alive"] is False else "good" if each["alive"] else "note")  # fmt: skip
    if not board["channels"]:
        raise Incomplete("no channel is set up: nobody can be called", "docs/calling.md")


def _duty(screen: Screen, board: dict[str, Any]) -> None:
    from garde.journal.text import plain

    for each in board["duty"]:
        screen.data({"kind": "duty", **each})
        then = f"; from {_at(each['until'])} on {', '.join(map(plain, each['then'][:1]))}" if each["until"] else ""
        screen.line(f"{plain(each['role'])}: {', '.join(map(plain, each['now'])) or 'NOBODY'}{then}",
                    "note" if each["now"] else "bad")  # fmt: skip


def _check(screen: Screen, state: Path) -> int:
    from garde.oncall.config import FILE, load_calling

    found = load_calling(state / FILE)
    for each in found.channels:
        screen.data({"kind": "channel", "name": each.note.name, "channel": each.note.kind, "reach": each.note.reach})
        screen.line(f"{each.note.name}: {each.note.kind}, reaches a {each.note.reach}", "good")
    if not found.channels:
        screen.line(f"no channel is set up in {state / FILE}: nobody can be called", "bad")
    return 0


def _tree(screen: Screen, state: Path, clock: Any, html: bool, lang: str | None) -> int:
    from garde.errors import NotFound
    from garde.hub.config import load_config, open_hub_journal
    from garde.hub.fold import Fold
    from garde.hub.states import States
    from garde.oncall import tree
    from garde.oncall.memory import State
    from garde.oncall.state import KINDS, project

    folded = States([Fold(name="oncall", shape=State, project=project, kinds=KINDS)])
    with open_hub_journal(state, load_config(state).database, clock, read_only=True) as journal:
        for entry in journal.entries(kinds=[*KINDS, "estate_loaded"]):
            folded.project(entry)
    if not folded.estate_seq:
        raise NotFound("the journal holds no estate", "garde hub init")
    found, look = folded["oncall"], folded.estate
    make = tree.as_html if html else tree.as_text
    language = lang or next(iter(look.estate.languages), "en")
    text = make(look, found.overrides, found.rules.roles, language, clock.now())
    screen.data({"kind": "tree", "text": text})
    for line in text.splitlines():
        screen.line(line)
    return 0


def _at(at: float) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(at).strftime("%d.%m. %H:%M:%S") if at else "–"
