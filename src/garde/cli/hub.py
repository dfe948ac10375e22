"""`garde hub`: set up the hub, run it, and keep it.

Comes in: an action and its words. Goes out: what was made (secrets are shown once), or the hub's own lines until
SIGTERM or Ctrl-C. Everything but `init` and `run` goes to the hub's API: over TLS where the hub runs, inside this
process where it does not. The hub itself is `garde.hub.program`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.options import HubState, Json

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.hub.setup import Made

DEFAULT_STATE = Path("/var/lib/garde-hub")

Action = Annotated[
    Literal["init", "run", "status", "token", "codes", "revoke", "reload", "accounts"],
    Parameter(
        help="Set a hub up; run it; show how it stands; make a machine's enrolment token; print its release codes; "
        "believe its agent no more; read hospital.yaml again; list or change accounts."
    ),
]
Name = Annotated[str, Parameter(name="NAME", help="token, codes, revoke: the machine's id. accounts: a login.")]
Estate = Annotated[Path | None, Parameter(name="--estate", help="init: the hospital's file (hospital.yaml).")]
Hospital = Annotated[
    str, Parameter(name="--hospital", help="init without --estate: the hospital's name; the console fills the rest.")
]
Listen = Annotated[str, Parameter(name="--listen", help="init, run: HOST:PORT to listen on. Default: 0.0.0.0:8443.")]
Address = Annotated[
    str, Parameter(name="--address", help="init: by which agents and people reach it. Default: the estate's hub.")
]
Database = Annotated[
    str,
    Parameter(name="--database", help="init: postgresql://… for the journal. Default: SQLite in the state directory."),
]
Role = Annotated[str, Parameter(name="--role", help="accounts: role of NAME; makes the account where there is none.")]
NewPassword = Annotated[
    bool, Parameter(name="--new-password", negative=(), help="accounts: give NAME a new password, shown once.")
]
Shut = Annotated[bool, Parameter(name="--shut", negative=(), help="accounts: shut the account NAME.")]
BreakGlass = Annotated[
    bool, Parameter(name="--break-glass", negative=(), help="accounts: make new break-glass codes, shown once.")
]
Reason = Annotated[str, Parameter(name="--reason", help="revoke: why.")]


def hub(
    action: Action,
    name: Name = "",
    /,
    *,
    state: HubState = DEFAULT_STATE,
    estate: Estate = None,
    hospital: Hospital = "",
    listen: Listen = "",
    address: Address = "",
    database: Database = "",
    role: Role = "",
    new_password: NewPassword = False,
    shut: Shut = False,
    break_glass: BreakGlass = False,
    reason: Reason = "",
    as_json: Json = False,
    lab_clock: Annotated[Path | None, Parameter(name="--lab-clock", show=False)] = None,
) -> int:
    """Run the hub: one small machine, outside the domain, that joins what the agents see and serves the console.

    Example: garde hub init --state /var/lib/garde-hub --estate hospital.yaml --address 10.0.0.5
    """
    from garde.cli.screen import Screen
    from garde.clock import OffsetClock, SystemClock

    screen = Screen(as_json)
    clock: Clock = OffsetClock(lab_clock) if lab_clock else SystemClock()
    place = state.absolute()
    if action == "init":
        _init(place, estate, (listen, address, database, hospital), clock, screen)
    elif action == "run":
        return _run(place, listen, clock, screen)
    else:
        desk = _Desk(place, clock, screen)
        match action:
            case "status":
                desk.status()
            case "token":
                desk.token(_named(name, "the machine: garde hub token files-1"))
            case "codes":
                desk.codes(_named(name, "the machine: garde hub codes files-1"))
            case "revoke":
                desk.revoke(_named(name, "the machine: garde hub revoke files-1"), reason)
            case "reload":
                desk.reload()
            case "accounts":
                desk.accounts(name, role, new_password=new_password, shut=shut, break_glass=break_glass)
    return 0


def _named(name: str, what: str) -> str:
    from garde.errors import UsageError

    if not name:
        raise UsageError("nothing was named", f"name {what}")
    return name


# --- init and run -----------------------------------------------------------------------------------------------------


def _init(state: Path, estate: Path | None, words: tuple[str, str, str, str], clock: Clock, screen: Screen) -> None:
    from garde.errors import UsageError
    from garde.hub.config import FILE_NAME, LISTEN, Config, load_config
    from garde.hub.setup import set_up
    from garde.trust.enrolment import split_address

    listen, address, database, hospital = words
    if listen:
        split_address(listen)
    path = str(estate) if estate is not None else load_config(state).estate if (state / FILE_NAME).exists() else ""
    if hospital and (path or estate is not None):
        raise UsageError("the hospital has a name already", "--hospital is for a hub that begins without a file")
    if not listen and not (state / FILE_NAME).exists():
        listen = LISTEN
    made = set_up(state, Config(path, listen, address, (), database), clock, hospital=hospital)
    _show_made(made, screen, empty=not path)


def _show_made(made: Made, screen: Screen, *, empty: bool) -> None:
    from garde.journal.text import plain

    port = made.config.bind[1]
    screen.data({
        "kind": "hub_made", "state": str(made.state), "hospital": made.hospital, "machines": made.machines,
        "services": made.services, "listen": made.config.listen, "address": made.config.address, "pin": made.pin,
        "login": made.login, "password": made.password, "break_glass": list(made.break_glass),
        "warnings": list(made.warnings),
    })  # fmt: skip
    for warning in made.warnings:
        screen.line(plain(warning), "warn")
    screen.line(f"The hub of {plain(made.hospital)} is set up in {made.state}", "good")
    screen.line(f"  {made.machines} machines, {made.services} services; console: https://{made.config.address}:{port}/")
    screen.line(f"  SHA-256 of its CA (compare it when a browser asks): {made.pin}")
    if made.password:
        screen.line("")
        screen.line("Shown this once. Write it down, and put the codes into a sealed envelope:", "title")
        screen.line(f"  account   {made.login}")
        screen.line(f"  password  {made.password}")
        for code in made.break_glass:
            screen.line(f"  break-glass code  {code}")
    screen.line("")
    if empty:
        screen.line(f"Next: garde hub run, then sign in at https://{made.config.address}:{port}/start", "dim")
    else:
        screen.line("Next: garde hub run, then garde hub token MACHINE for each agent", "dim")


def _run(state: Path, listen: str, clock: Clock, screen: Screen) -> int:
    from garde.hub.program import run_hub
    from garde.journal.text import plain

    def out(event: dict[str, Any]) -> None:
        screen.data(event)
        if event["kind"] == "ready":
            where = f"https://{event['address']}:{event['port']}/"
            screen.line(f"The hub of {plain(event['hospital'])} serves {where} ({event['entries']} entries)", "good")
        else:
            screen.line(plain(str(event.get("message", event["kind"]))), "warn")

    return run_hub(state, clock, out, listen=listen)


# --- keeping it -------------------------------------------------------------------------------------------------------


class _Desk:
    """The actions that ask the hub."""

    def __init__(self, state: Path, clock: Clock, screen: Screen) -> None:
        self._state, self._clock, self._screen = state, clock, screen

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        from garde.hub.client import ask_hub

        return ask_hub(self._state, self._clock, method, path, body)

    def status(self) -> None:
        from garde.journal.text import plain

        found = self._ask("GET", "/state")
        self._screen.data({"kind": "hub", **found})
        agents = f"{found['agents_alive']} alive, {found['agents_silent']} silent, {found['agents_awaited']} awaited"
        self._screen.line(f"{plain(found['hospital'])}: {found['entries']} entries, agents: {agents}")
        self._screen.line(
            f"open incidents: {found['open_incidents']}, open commands: {found['open_commands']}",
            "bad" if found["open_incidents"] else "good",
        )
        for machine in found["weaker"]:
            self._screen.line(f"{plain(machine)}: the mode in force is not the one asked for", "bad")
        if found["journal"]:
            self._screen.line(f"the journal cannot be written: {plain(found['journal'])}", "bad")

    def token(self, machine: str) -> None:
        from garde.trust.enrolment import qr_text

        found = self._ask("POST", "/agents/tokens", {"machine": machine})
        self._screen.data({"kind": "token", **found})
        self._screen.line(f"For {machine}, once, within {found['expires_in_s'] / 3600:.0f} hours. On that machine:")
        self._screen.line(f"  garde enroll {found['token']}", "title")
        if not self._screen.as_json:
            self._screen.line(qr_text(found["token"]))

    def codes(self, machine: str) -> None:
        found = self._ask("GET", f"/agents/{_quoted(machine)}/codes")
        self._screen.data({"kind": "codes", **found})
        self._screen.line(f"Release codes of {machine}: each undoes every cut on it, once, with no network:", "title")
        for code in found["codes"]:
            self._screen.line(f"  garde release --code {code}")

    def revoke(self, machine: str, reason: str) -> None:
        found = self._ask("POST", f"/agents/{_quoted(machine)}/revoke", {"reason": reason or "by hand"})
        self._screen.data({"kind": "revoked", "machine": found["revoked"]})
        self._screen.line(f"The agent of {machine} is believed no more; a new token brings it back", "good")

    def reload(self) -> None:
        from garde.journal.text import plain

        found = self._ask("POST", "/estate/reload")
        self._screen.data({"kind": "estate", **found})
        words = "is in force now" if found["changed"] else "has not changed"
        self._screen.line(f"The estate of {plain(found['hospital'])} {words}: {found['machines']} machines", "good")

    def accounts(self, login: str, role: str, *, new_password: bool, shut: bool, break_glass: bool) -> None:
        from garde.errors import UsageError

        if break_glass:
            codes = self._ask("POST", "/accounts/break-glass")["codes"]
            self._screen.data({"kind": "break_glass", "codes": codes})
            for code in codes:
                self._screen.line(f"  break-glass code  {code}")
            return
        if not login:
            if role or new_password or shut:
                raise UsageError("no account was named", "name it: garde hub accounts c.moreau --role operator")
        elif login in {each["login"] for each in self._ask("GET", "/accounts")}:
            self._change(login, role, new_password=new_password, shut=shut)
        else:
            self._make(login, role)
        self._list()

    def _make(self, login: str, role: str) -> None:
        from garde.errors import NotFound
        from garde.hub.setup import new_password

        if not role:
            raise NotFound(f"there is no account {login}", "make it by naming its role: --role operator")
        password = new_password()
        self._ask("POST", "/accounts", {"login": login, "role": role, "password": password})
        self._show_password(login, password)

    def _change(self, login: str, role: str, *, new_password: bool, shut: bool) -> None:
        from garde.hub.setup import new_password as made

        password = made() if new_password else None
        if role or password or shut:
            body = {"role": role or None, "password": password, "shut": shut}
            self._ask("PATCH", f"/accounts/{_quoted(login)}", body)
        if password:
            self._show_password(login, password)

    def _show_password(self, login: str, password: str) -> None:
        self._screen.data({"kind": "password", "login": login, "password": password})
        self._screen.line(f"{login}: password (shown this once) {password}", "title")

    def _list(self) -> None:
        from garde.journal.text import plain

        for each in self._ask("GET", "/accounts"):
            self._screen.data({"kind": "account", **each})
            more = " (shut)" if each["shut"] else " with an app's code" if each["totp"] else ""
            self._screen.line(f"{plain(each['login'])}: {each['role']}{more}", "dim" if each["shut"] else "note")


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
