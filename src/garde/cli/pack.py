"""`garde pack`: the wards' papers: made, listed, taken out as a PDF; and the word that paper counts, or no more.

Comes in: an action and its words. Goes out: packs on the desk's shelf, a list, a PDF in a file. The running desk makes
the packs, for it has the census; where none runs, the store is read here. It prints nothing: that is `garde ward`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from garde.cli.downtime import DEFAULT_STATE, DeskState
from garde.cli.options import Json, LabClock

Action = Annotated[
    Literal["make", "list", "show", "save", "blanks", "begin", "end"],
    Parameter(
        help="Make packs of every ward and service, or of one; list them; say what one holds; write its PDF; "
        "make blank forms; say that paper counts; say that the record is back."
    ),
]
What = Annotated[str, Parameter(name="WHAT", help="make, list, blanks: a ward or a service. show, save: a pack.")]
Out = Annotated[Path | None, Parameter(name="--out", help="save: the PDF. It names patients, and is not sealed.")]
Count = Annotated[int, Parameter(name="--count", help="blanks: sheets of each form. Default: 10.")]
Forms = Annotated[str, Parameter(name="--forms", help="blanks: which forms, with commas. Default: all.")]
Alarm = Annotated[
    bool, Parameter(name="--alarm", negative=(), help="make: written down as an alarm: the last packs before the cut.")
]
Since = Annotated[
    str, Parameter(name="--since", help="begin: the last moment for which the record is believed: 03:40.")
]
Wards = Annotated[str, Parameter(name="--wards", help="begin: on these wards, with commas. Default: all.")]
Note = Annotated[str, Parameter(name="--note", help="begin, end: why; no patient's name in it.")]
By = Annotated[str, Parameter(name="--by", help="begin, end: who says so, by name. Default: the login.")]


def pack(
    action: Action,
    what: What = "",
    /,
    *,
    out: Out = None,
    count: Count = 10,
    forms: Forms = "",
    alarm: Alarm = False,
    since: Since = "",
    wards: Wards = "",
    note: Note = "",
    by: By = "",
    state: DeskState = DEFAULT_STATE,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Make the wards' papers, list them, take one out as a PDF; say when paper counts.

    Example: garde pack make MED1 --state /var/lib/garde-downtime
    """
    from garde.cli.options import clock_of
    from garde.cli.pack_desk import PackDesk
    from garde.cli.screen import Screen

    desk = PackDesk(state.absolute(), clock_of(lab_clock), Screen(as_json))
    acts: dict[Action, Callable[[], int]] = {
        "make": lambda: desk.make(what, alarm=alarm),
        "list": lambda: desk.list(what),
        "show": lambda: desk.show(what),
        "save": lambda: desk.save(what, out),
        "blanks": lambda: desk.blanks(what, count, forms),
        "begin": lambda: desk.begin(since, wards, note, by),
        "end": lambda: desk.end(note, by),
    }
    return acts[action]()
