"""`garde ward`: a ward's own PC, which prints the ward's papers when nothing else is left; and the desk's side of it.

Comes in: an action and its words. Goes out: paper, receipts, how old the data are. The bodies are `ward_pc.py` (on the
PC) and `ward_desk.py` (on the desk's machine); nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.options import Json, LabClock

if TYPE_CHECKING:
    pass

PC_STATE = Path("/var/lib/garde-ward")
DESK_STATE = Path("/var/lib/garde-downtime")
DESK_ACTIONS = ("enrol", "list", "send", "forget")

Action = Annotated[
    Literal[
        "init", "run", "status", "print", "packs", "take", "report", "account", "envelope",
        "enrol", "list", "send", "forget",
    ],
    Parameter(
        help="On the PC: set it up; keep packs and serve the page; show how old the data are; print; list the packs; "
        "take a file of a stick; write a file for the desk; make a login; make a new sealed envelope. On the desk: "
        "enrol a PC by its card; list the PCs; write parcels for a stick; forget a PC. `take` is for both."
    ),
]  # fmt: skip
What = Annotated[
    str, Parameter(name="WHAT", help="take, report, enrol: a file. account: a login. send, forget: a PC's name.")
]
State = Annotated[Path | None, Parameter(name="--state", help="State directory of the PC, or of the desk.")]
Place = Annotated[str, Parameter(name="--place", help="init: wards whose packs it is for, commas between. print: one.")]
Name = Annotated[str, Parameter(name="--name", help="init: the PC's name. Default: the machine's.")]
Listen = Annotated[str, Parameter(name="--listen", help="init: HOST:PORT for parcels, or none. Default: 0.0.0.0:2580.")]
Page = Annotated[str, Parameter(name="--page", help="init: HOST:PORT of the page, loopback only.")]
PrinterUri = Annotated[str, Parameter(name="--printer", help="init, print: like ipp://localhost/printers/NAME.")]
Language = Annotated[str, Parameter(name="--language", help="init: en or fr.")]
Zone = Annotated[str, Parameter(name="--zone", help="init: the hospital's time zone.")]
Late = Annotated[float, Parameter(name="--late", help="init: minutes until data are called old. Default: 120.")]
Stale = Annotated[float, Parameter(name="--stale", help="init: minutes until it is an alarm. Default: 360.")]
All = Annotated[bool, Parameter(name="--all", negative=(), help="print: everything of the newest pack.")]
Mar = Annotated[bool, Parameter(name="--mar", negative=(), help="print: the medication sheets of all patients.")]
Census = Annotated[bool, Parameter(name="--census", negative=(), help="print: who lies where.")]
Blanks = Annotated[bool, Parameter(name="--blanks", negative=(), help="print: empty forms.")]
Pages = Annotated[str, Parameter(name="--pages", help="print: some pages, like 1-3,7.")]
Copies = Annotated[int, Parameter(name="--copies", help="print: how often.")]
Pack = Annotated[str, Parameter(name="--pack", help="print: another pack than the newest.")]
Address = Annotated[str, Parameter(name="--address", help="enrol: where the PC hears, like http://10.20.4.9:2580.")]
To = Annotated[Path | None, Parameter(name="--out", help="enrol: file for the desk's card. send: a folder.")]
By = Annotated[str, Parameter(name="--by", help="Who does it, where several share one login.")]
Replace = Annotated[
    bool, Parameter(name="--replace", negative=(), help="take: another desk takes the place of the known one.")
]


def ward(
    action: Action,
    what: What = "",
    /,
    *,
    state: State = None,
    place: Place = "",
    name: Name = "",
    listen: Listen = "",
    page: Page = "",
    printer: PrinterUri = "",
    language: Language = "",
    zone: Zone = "",
    late: Late = 0.0,
    stale: Stale = 0.0,
    print_all: All = False,
    mar: Mar = False,
    census: Census = False,
    blanks: Blanks = False,
    pages: Pages = "",
    copies: Copies = 1,
    pack: Pack = "",
    address: Address = "",
    out: To = None,
    by: By = "",
    replace: Replace = False,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Print a ward's papers from a PC of its own, with no network; take its packs from the desk.

    Example: garde ward print --mar --state /var/lib/garde-ward --by nina
    """
    import os

    from garde.cli import ward_desk, ward_pc
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen
    from garde.desk.control import user_name

    where = (state or (DESK_STATE if action in DESK_ACTIONS else PC_STATE)).absolute()
    screen, clock, who = Screen(as_json), clock_of(lab_clock), by or user_name(os.getuid())
    said = {
        "name": name, "listen": listen, "page": page, "printer": printer, "language": language, "zone": zone,
        "late_min": late, "stale_min": stale, "places": tuple(filter(None, map(str.strip, place.split(",")))),
    }  # fmt: skip
    asked = {"all": print_all, "mar": mar, "census": census, "blanks": blanks, "pages": bool(pages)}

    def print_out() -> int:
        wanted = ward_pc.wanted_of(asked, pages, copies, place, pack)
        return ward_pc.print_out(where, clock, (wanted, printer, who), screen)

    def take() -> int:
        if ward_desk.is_desk(where):
            return ward_desk.take(where, clock, what, screen)
        return ward_pc.take(where, clock, (what, who, replace), screen)

    acts: dict[str, Callable[[], int]] = {
        "init": lambda: ward_pc.init(where, clock, said, screen),
        "run": lambda: ward_pc.run(where, clock, screen),
        "status": lambda: ward_pc.status(where, clock, screen),
        "print": print_out,
        "packs": lambda: ward_pc.packs(where, clock, screen),
        "take": take,
        "report": lambda: ward_pc.report(where, clock, what, screen),
        "account": lambda: ward_pc.account(where, clock, what, screen),
        "envelope": lambda: ward_pc.envelope(where, clock, screen),
        "enrol": lambda: ward_desk.enrol(where, clock, (what, address, out, who), screen),
        "list": lambda: ward_desk.show(where, clock, screen),
        "send": lambda: ward_desk.send(where, clock, what, out, screen),
        "forget": lambda: ward_desk.forget(where, clock, what, who, screen),
    }
    return acts[action]()
