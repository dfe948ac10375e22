"""`garde ack CODE`: a person who was called has read out the code of the page, by telephone.

Comes in: nine digits, and what the person said. Goes out: what the hub made of it. For the switchboard: whoever takes
the call types the code at the hub's machine; the acknowledgement, or the decision, is the caller's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import Json, LabClock


def ack(
    code: Annotated[str, Parameter(name="CODE", help="The nine digits of the page, as they were read out.")],
    /,
    *,
    yes: Annotated[
        bool, Parameter(name="--yes", negative=(), help="The person says yes to the cut that was asked.")
    ] = False,
    no: Annotated[bool, Parameter(name="--no", negative=(), help="The person says no to it.")] = False,
    state: Annotated[Path, Parameter(name="--state", help="State directory of the hub.")] = DEFAULT_STATE,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Take down that a person who was called knows; with --yes or --no what that person decided.

    Example: garde ack 482190375
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen
    from garde.errors import UsageError
    from garde.hub.client import ask_hub
    from garde.journal.text import plain

    if yes and no:
        raise UsageError("yes or no, not both", "garde ack CODE --yes")
    meaning = "yes" if yes else "no" if no else "ack"
    screen = Screen(as_json)
    written = ask_hub(state.absolute(), clock_of(lab_clock), "POST", "/calls/code", {"code": code, "meaning": meaning})
    known = [each["payload"] for each in written["entries"] if each["kind"] == "notice_acknowledged"]
    decided = [each["payload"] for each in written["entries"] if each["kind"] == "cut_decided"]
    person = known[0]["person"] if known else decided[0]["by"] if decided else ""
    screen.data({
        "kind": "acknowledged", "person": person, "notices": [each["notice"] for each in known],
        "decided": [each["decision"] for each in decided],
    })  # fmt: skip
    screen.line(f"{plain(person)}: {'noted' if not decided else plain(decided[0]['decision']) + ' noted'}", "good")
    return 0
