"""`garde number`: downtime numbers: reserved for a ward, given to who arrives, matched to the record by two people.

Comes in: an action and its words. Goes out: what was written, the numbers, a PDF of labels. It works on the desk's own
state directory, beside the running desk or without one. Rules: `garde.downtime.numbers.state`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from garde.cli.downtime import DEFAULT_STATE, DeskState
from garde.cli.options import Json, LabClock

Action = Annotated[
    Literal["need", "check", "reserve", "labels", "list", "issue", "change", "void", "match", "confirm", "refuse"],
    Parameter(
        help="Say how many a ward needs; try the prefix; reserve a block; print its labels; list; give one; write down "
        "more of a person; make one useless; say whose it is; confirm that as a second person; refuse it."
    ),
]
What = Annotated[
    str,
    Parameter(
        name="WHAT",
        help="reserve, issue: a ward. labels: a block or a number. list: a ward, a block or a number. check: a prefix. "
        "Else: a number.",
    ),
]
Word = Annotated[
    str,
    Parameter(name="WORD", help="issue: the number on the label. match: the record's number. change: the new ward."),
]
By = Annotated[str, Parameter(name="--by", help="Who does it, by name. Default: the login.")]
At = Annotated[str, Parameter(name="--at", help="issue, change: when it happened (03:40). Default: now.")]
Note = Annotated[str, Parameter(name="--note", help="void, confirm, refuse: why; no patient's name in it.")]
Count = Annotated[int, Parameter(name="--count", help="reserve: how many numbers.")]
PerDay = Annotated[float, Parameter(name="--per-day", help="need, reserve: arrivals per day, for --days (28).")]
Days = Annotated[float, Parameter(name="--days", help="need, reserve: days.")]
First = Annotated[int, Parameter(name="--first", help="reserve: the serial that the block begins with.")]
Out = Annotated[Path | None, Parameter(name="--out", help="labels: the PDF.")]
Copies = Annotated[int, Parameter(name="--copies", help="labels: of each number. Default: desk.json, 3.")]
Lang = Annotated[Literal["en", "fr"], Parameter(name="--lang", help="labels: language.")]
Elsewhere = Annotated[
    bool, Parameter(name="--elsewhere", negative=(), help="issue: the label is another ward's, used here.")
]
Agree = Annotated[
    str, Parameter(name="--agree", help="match: what a person saw to agree: family, birth, document, … with commas.")
]
Family = Annotated[str, Parameter(name="--family", help="issue, change: family name.")]
Given = Annotated[str, Parameter(name="--given", help="issue, change: first name.")]
Birth = Annotated[str, Parameter(name="--birth", help="issue, change: 1960-01-31.")]
Sex = Annotated[str, Parameter(name="--sex", help="issue, change: F, M, X, U.")]
National = Annotated[str, Parameter(name="--national", help="issue, change: national number.")]
Phone = Annotated[str, Parameter(name="--phone", help="issue, change: telephone.")]
Address = Annotated[str, Parameter(name="--address", help="issue, change: address.")]
Allergies = Annotated[
    str, Parameter(name="--allergies", help="issue, change: to what; or none-known where they were asked.")
]
Room = Annotated[str, Parameter(name="--room", help="issue, change: room.")]
Bed = Annotated[str, Parameter(name="--bed", help="issue, change: bed.")]
Reason = Annotated[str, Parameter(name="--reason", help="issue, change: why they came.")]
Left = Annotated[str, Parameter(name="--left", help="change: when they left (06:10).")]
Whither = Annotated[str, Parameter(name="--whither", help="change: where to: home, another hospital, died.")]


def number(
    action: Action,
    what: What = "",
    word: Word = "",
    /,
    *,
    by: By = "",
    at: At = "",
    note: Note = "",
    count: Count = 0,
    per_day: PerDay = 0.0,
    days: Days = 28.0,
    first: First = 0,
    out: Out = None,
    copies: Copies = 0,
    lang: Lang = "en",
    family: Family = "",
    given: Given = "",
    birth: Birth = "",
    sex: Sex = "",
    national: National = "",
    phone: Phone = "",
    address: Address = "",
    allergies: Allergies = "",
    room: Room = "",
    bed: Bed = "",
    reason: Reason = "",
    left: Left = "",
    whither: Whither = "",
    agree: Agree = "",
    elsewhere: Elsewhere = False,
    state: DeskState = DEFAULT_STATE,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Reserve downtime numbers, give them to who arrives, and say later whose they are: two identifiers, two people.

    Example: garde number issue URG --family Lambert --birth 1950-03-04 --allergies penicillin
    """
    from garde.cli.number_desk import Acts, Supply, Words
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen

    person = {
        "family": family, "given": given, "birth": birth, "sex": sex, "national": national, "phone": phone,
        "address": address, "room": room, "bed": bed, "reason": reason, "whither": whither,
    }  # fmt: skip
    words = Words(what, word, by, at, note, person, allergies, left, agree, elsewhere)
    supply = Supply(count, per_day, days, first, out, copies, lang)
    return Acts(Screen(as_json), state.absolute(), clock_of(lab_clock), words, supply).do(action)
