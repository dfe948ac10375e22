"""`garde fact`: what the hub's half and the downtime half tell each other, by file: signed, and naming nobody.

Comes in: an action, a file; the state directory says which half this is. Goes out: a card, a signed file, what is new,
what is known. The hub is asked where it runs, else assembled for the call; the desk's journal is written beside the
running desk or without one. Rules: `garde.trust.facts`, `garde.journal.heard`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.options import Json, LabClock

if TYPE_CHECKING:
    from garde.cli.fact_sides import Side
    from garde.clock import Clock

Action = Annotated[
    Literal["card", "trust", "write", "take", "list"],
    Parameter(
        help="Write this half's card; believe the other half's; sign a file for the other half; take one of it; "
        "show what is known."
    ),
]
File = Annotated[str, Parameter(name="FILE", help="trust: the other half's card. take: its file.")]
State = Annotated[Path, Parameter(name="--state", help="State directory of the hub, or of the desk.")]
Out = Annotated[Path | None, Parameter(name="--out", help="card, write: the file.")]
Seen = Annotated[
    str, Parameter(name="--fingerprint", help="trust: what the other machine's own screen shows (`garde fact card`).")
]
Reenter = Annotated[
    list[str] | None,
    Parameter(
        name="--reenter",
        negative=(),
        help="write, on the hub: data of this service or machine after this time must be entered again: record=03:40; "
        "record=none takes it back.",
    ),
]
By = Annotated[str, Parameter(name="--by", help="On the desk: who does it, by name. Default: the login.")]


def fact(
    action: Action,
    file: File = "",
    /,
    *,
    state: State,
    out: Out = None,
    fingerprint: Seen = "",
    reenter: Reenter = None,
    by: By = "",
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Pass signed facts that name nobody between the hub and the downtime desk, by file; each works without the other.

    Example: garde fact write --state /var/lib/garde-hub --out facts.hub --reenter record=03:40
    """
    from garde.cli import fact_view as view
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen

    screen, clock = Screen(as_json), clock_of(lab_clock)
    side = _side(state.absolute(), clock, by)
    match action:
        case "card":
            view.show_card(side, _out(out, "card"), screen)
        case "trust":
            view.show_trust(side, _read(file, "trust"), fingerprint, screen)
        case "write":
            view.show_written(side, _out(out, "write"), _reenter(reenter, clock), screen)
        case "take":
            view.show_taken(side, _read(file, "take"), clock.now(), screen)
        case "list":
            view.show_known(side, screen)
    return 0


def _side(state: Path, clock: Clock, by: str) -> Side:
    """Return the half that this directory is; UsageError where it is neither."""
    from garde.cli.fact_sides import DeskSide, HubSide
    from garde.desk.config import FILE_NAME as DESK_FILE
    from garde.errors import UsageError
    from garde.hub.config import FILE_NAME as HUB_FILE

    if (state / DESK_FILE).exists():
        return DeskSide(state, clock, by)
    if (state / HUB_FILE).exists():
        if by:
            raise UsageError("--by is for the desk", "the hub writes down who asked")
        return HubSide(state, clock)
    raise UsageError(
        f"{state} is neither a hub's nor a desk's state directory", f"one has {HUB_FILE} or {DESK_FILE} in it"
    )


def _out(out: Path | None, action: str) -> Path:
    from garde.errors import UsageError

    if out is None:
        raise UsageError("no file was named", f"garde fact {action} --out FILE")
    return out


def _read(name: str, action: str) -> bytes:
    from garde.errors import UsageError
    from garde.trust.facts import MOST_BYTES

    try:
        with Path(name).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name or 'no file'}: {why}", f"name a file: garde fact {action} FILE") from error


def _reenter(words: list[str] | None, clock: Clock) -> dict[str, float]:
    """Return what must be entered again since when: SUBJECT=TIME, the last such time by this machine's clock."""
    from garde.errors import UsageError

    found = {}
    for each in words or ():
        subject, _, when = each.partition("=")
        if not subject or not when:
            raise UsageError(f"{each[:80]!r} names no service and time", "write it like record=03:40")
        found[subject] = 0.0 if when == "none" else _past(when, clock.now())
    return found


def _past(text: str, now: float) -> float:
    from garde.emergency.times import read_past
    from garde.errors import UsageError

    try:
        found = read_past(text, now)
    except ValueError as error:
        raise UsageError(str(error), "write it like record=03:40") from error
    if found > now:
        raise UsageError(f"{text} is in the future", "name the last moment for which the data that came back are sound")
    return found
