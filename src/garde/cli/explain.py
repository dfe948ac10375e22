"""`garde explain ID`: what happened, in plain words.

Comes in: the id of a verdict, a hold or a mass delete, or "last". Goes out: who, which files with which proof, and what
was done, in order. It reads the journal itself, so it works with an agent and without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.options import Json, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.journal.explain import Explanation


def explain(
    id: Annotated[str, Parameter(name="ID", help="Id of a verdict or a hold, or the word last.")],
    /,
    *,
    state: State = None,
    lang: Annotated[Literal["en", "fr"] | None, Parameter(help="Language. Default: by $LC_ALL and $LANG.")] = None,
    as_json: Json = False,
) -> int:
    """Tell in plain words what happened: who, which files, which proof, what was done, in order.

    Example: garde explain last --lang fr
    """
    from garde.cli.places import find_state
    from garde.cli.screen import Screen
    from garde.journal import open_journal
    from garde.journal.explain import explain as explain_entries
    from garde.journal.speech import say_in

    screen = Screen(as_json)
    with open_journal(find_state(state), read_only=True) as journal:
        told = explain_entries(journal.entries(), id, say_in(lang or _language()))
    screen.data({"kind": "explanation", **told.as_data()})
    if not as_json:
        _show(told, screen)
    return 0


def _language() -> str:
    import os

    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if wanted.startswith("fr") else "en"


def _show(told: Explanation, screen: Screen) -> None:
    from datetime import datetime

    screen.line(told.title, "title")
    for section in told.sections:
        screen.line("")
        screen.line(section.title, "title")
        for each in section.lines:
            clock = datetime.fromtimestamp(each.at).strftime("%H:%M:%S")
            screen.line(f"  {clock}  {each.text}", each.tone)
