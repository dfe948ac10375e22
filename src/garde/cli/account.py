"""`garde account`: who may sign in at the downtime desk's pages; and the account of a night.

Comes in: an action and its words. Goes out: for the desk's accounts what was changed, and a new password, shown once;
that works on the desk's own state directory, beside the running desk or without one, and who may write there keeps the
accounts. For `report` the final report of an incident, from the hub's journal, beside a running hub or without one. For
`identify` the family of files that lie here, with no hub and no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from garde.cli.downtime import DEFAULT_STATE, DeskState
from garde.cli.hub import DEFAULT_STATE as DEFAULT_HUB
from garde.cli.options import Json, LabClock

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.desk.pages.accounts import Accounts

Action = Annotated[
    Literal["list", "add", "role", "password", "shut", "open", "report", "identify"],
    Parameter(
        help="List; make one; change its role; give it a new password; shut it; open it again. report: what a night "
        "came to, for a board of directors. identify: what kind of ransomware left these files."
    ),
]
Words = Annotated[
    str,
    Parameter(
        name="WORDS",
        help="One person's login: c.moreau. report: an incident, if not the last. "
        "identify: notes, damaged files, samples.",
    ),
]
Role = Annotated[
    Literal["", "clerk", "lab", "lead"],
    Parameter(name="--role", help="add, role: lab looks, keys; clerk also gives and matches; lead also voids, signs."),
]
Html = Annotated[
    Path | None, Parameter(name="--html", help="report: write it there as a page, with nothing outside it.")
]
Pdf = Annotated[Path | None, Parameter(name="--pdf", help="report: write it there as a PDF.")]
Beside = Annotated[
    Path | None, Parameter(name="--beside", help="report: another night's own times (JSON), to set ours beside.")
]
HubState = Annotated[Path, Parameter(name="--hub", help="report: state directory of the hub.")]
Pack = Annotated[Path | None, Parameter(name="--pack", help="identify: folder of own rules and hashes, beside ours.")]
Lang = Annotated[Literal["en", "fr"] | None, Parameter(help="report: language. Default: by $LC_ALL and $LANG.")]


def account(
    action: Action,
    /,
    *words: Words,
    role: Role = "",
    state: DeskState = DEFAULT_STATE,
    html: Html = None,
    pdf: Pdf = None,
    beside: Beside = None,
    hub: HubState = DEFAULT_HUB,
    lang: Lang = None,
    pack: Pack = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Keep who may sign in at the downtime desk's pages; write a night's final report; name a family of ransomware.

    Example: garde account report --pdf night.pdf --html night.html
    """
    from garde.cli.screen import Screen
    from garde.errors import UsageError

    screen = Screen(as_json)
    if action == "identify":
        from garde.cli.account_identify import identify

        return identify(screen, words, pack)
    if len(words) > 1:
        raise UsageError(f"{action} takes one word", "see `garde account --help`")
    word = words[0] if words else ""
    if action == "report":
        from garde.cli.account_report import Wanted, write_report
        from garde.cli.options import clock_of

        wanted = Wanted(hub.absolute(), word, lang, html, pdf, beside)
        write_report(screen, wanted, clock_of(lab_clock))
        return 0
    _keep(action, word, role, state.absolute(), screen)
    return 0


def _keep(action: str, login: str, role: str, place: Path, screen: Screen) -> None:
    import contextlib

    from garde.clock import SystemClock
    from garde.desk.config import load_config
    from garde.desk.pages.accounts import Accounts

    load_config(place)
    with contextlib.closing(Accounts(place, SystemClock())) as accounts:
        if action == "list":
            _list(accounts, screen)
        else:
            _act(action, login, role, accounts, screen)


def _list(accounts: Accounts, screen: Screen) -> None:
    for each in accounts.all():
        screen.data({"kind": "account", "login": each.login, "role": each.role, "shut": each.shut})
        screen.line(f"{each.login}  {each.role}{'  SHUT' if each.shut else ''}", "dim" if each.shut else "note")


def _act(action: str, login: str, role: str, accounts: Accounts, screen: Screen) -> None:
    from garde.desk.pages.accounts import check_login, new_password

    name, password = check_login(login), ""
    match action:
        case "add":
            password = new_password()
            accounts.make(name, role, password)
        case "password":
            password = new_password()
            accounts.set_password(name, password)
        case "role":
            accounts.set_role(name, role)
        case _:
            accounts.set_shut(name, shut=action == "shut")
    screen.data({"kind": "account_changed", "login": name, "action": action, "password": password})
    screen.line(f"{name}: {action}", "good")
    if password:
        screen.line(f"  Password, shown this once: {password}", "warn")
        screen.line("  Hand it over by voice or on paper; `garde account password` gives another.", "dim")
