"""`garde status`: how the guard stands.

Comes in: a state directory. Goes out: the running agent's own answer, as a few lines or as JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.cli.options import Json, State

Show = Callable[[str, str], None]  # line, tone


def status(*, state: State = None, as_json: Json = False) -> int:
    """Show how the guard stands: the mode in force, what it sees, what it can put back, whom it holds.

    Example: garde status --state /var/lib/garde
    """
    from garde.cli.control import ask
    from garde.cli.places import find_state
    from garde.cli.screen import Screen

    screen = Screen(as_json)
    reply = ask(find_state(state), "status")
    screen.data({"kind": "status", **{name: value for name, value in reply.items() if name != "ok"}})
    if not as_json:
        show(reply, screen.line)
    return 0


def show(reply: dict[str, Any], line: Show) -> None:
    """Show a status to people."""
    from garde.journal.text import plain

    mode, asked = plain(str(reply.get("mode", "starting"))), plain(str(reply.get("asked", "")))
    weaker = bool(asked) and asked != mode
    line(f"mode      {mode}" + (f", though {asked} was asked for" if weaker else ""), "bad" if weaker else "good")
    for note in reply.get("notes", ()) if weaker else ():
        line(f"          {plain(_with_reason(note))}", "bad")
    line(f"sensor    {plain(str(reply.get('sensor', 'not open yet')))}", "note")
    for tree in reply.get("trees", ()):
        line(f"watching  {plain(str(tree))}", "note")
    for each in reply.get("unseen", ()):
        line(f"unseen    {plain(_with_reason(each))}", "bad")
    _show_figures(reply, line)
    _show_hub(reply, line)
    _show_way_back(reply, line)
    _show_holds(reply, line)


def _show_hub(reply: dict[str, Any], line: Show) -> None:
    """An agent without a hub says nothing of it."""
    from garde.cli.agent import hub_words

    hub = reply.get("hub")
    if hub:
        words, tone = hub_words(hub)
        line(f"hub       {words.removeprefix('Hub ')}", tone)


def _show_way_back(reply: dict[str, Any], line: Show) -> None:
    """Retention, errands, raised sensitivity; nothing where there is nothing of it."""
    from datetime import datetime

    from garde.cli.events import errand, retention

    part = reply.get("errands") or {}
    until = float(reply.get("raised_until") or 0)
    if until:
        line(f"watching  with raised sensitivity until {datetime.fromtimestamp(until):%Y-%m-%d %H:%M:%S}", "warn")
    if reply.get("watched_for"):
        line(f"watching  for {int(reply['watched_for']):,} indicators of neighbours", "note")
    for store in part.get("retention", ()):
        words, tone = retention(store)
        line(f"backups   {words}", tone)
    for each in part.get("errands", ()):
        words, tone = errand(each)
        line(f"errand    {words}", tone)
    if part.get("alive") is False:
        line("errands   their process has ended: nothing is frozen, judged or restored; restart the agent", "bad")


def _with_reason(each: Any) -> str:
    return f"{each.get('what')}: {each.get('reason')}" if isinstance(each, dict) else str(each)


def _show_figures(reply: dict[str, Any], line: Show) -> None:
    from garde.journal.text import plain

    coverage, progress = reply.get("coverage"), reply.get("progress")
    if coverage:
        figures = (
            f"{coverage.get('judge_percent')} % can be judged, {coverage.get('restore_percent')} % can be restored"
        )
        line(f"coverage  {coverage.get('files', 0):,} files: {figures}", "note")
        for note in coverage.get("notes", ()):
            line(f"          {plain(str(note))}", "warn")
    if progress:
        line(f"working   {plain(str(progress.get('task')))}: {progress.get('done')} of {progress.get('total')}", "note")
    late = float(reply.get("lag") or 0)
    line(f"lag       {late:.1f} s, {reply.get('waiting', 0)} files waiting", "warn" if late > 1 else "note")
    if reply.get("keeper") is False:
        line("vault     its keeper has ended: files are watched and no longer kept", "bad")


def _show_holds(reply: dict[str, Any], line: Show) -> None:
    from garde.cli.events import actor
    from garde.journal.text import plain

    holds = reply.get("holds") or []
    if not holds:
        line("holds     none", "good")
    for hold in holds:
        state = plain(str(hold.get("state", "")))
        tone = "note" if state == "released" else "bad"
        files = f"{hold.get('files', 0)} damaged files led to it"
        line(f"hold      {plain(str(hold.get('id', '')))}  {state}  {actor(hold.get('actor'))}  {files}", tone)
