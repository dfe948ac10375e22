"""`garde lab`: a small hospital in network namespaces, made, looked at and removed.

Comes in: what to do, the lab's name. Goes out: a line a step, then where its console is and how to get onto its
machines. What it is made of is `garde.lab.hospital`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.options import Json

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.lab.hospital.record import Record

USUAL = "hospital"

Action = Annotated[
    Literal["up", "status", "down"],
    Parameter(help="Make it; show every lab on this machine; remove it (also what a killed run left)."),
]
Name = Annotated[str, Parameter(name="--name", help="The lab's name: several can be up at once. Default: hospital.")]


NoInstall = Annotated[
    bool, Parameter(name="--no-install", negative=(), help="Install no Debian package, even where one is missing.")
]


def lab(action: Action, /, *, name: Name = "", no_install: NoInstall = False, as_json: Json = False) -> int:
    """Make a small hospital out of network namespaces, with real servers and Garde on them; look at it; remove it.

    Three Samba file servers, a patient record on PostgreSQL, a gateway and an Internet, workstations, a CT scanner, an
    analyser, a switch that SNMP can shut, the hub, and an agent on each server. It needs root, and touches nothing of
    this machine's own network. `down` leaves no trace; without a name it also removes what killed runs left.

    Example: garde lab up
    """
    from garde.cli.screen import Screen

    screen = Screen(as_json)
    if action == "up":
        return _up(name, screen, install=not no_install)
    return _status(name, screen) if action == "status" else _down(name, screen)


def _up(name: str, screen: Screen, *, install: bool) -> int:
    import time

    from garde.lab.hospital.hospital import Hospital

    began = time.monotonic()

    def show(text: str) -> None:
        screen.line(f"{time.monotonic() - began:5.1f} s  {text}", "dim")
        screen.data({"kind": "step", "text": text, "seconds": round(time.monotonic() - began, 3)})

    hospital = Hospital(name or USUAL, stays=True, install=install, show=show)
    try:
        hospital.up()
    except BaseException:
        hospital.down()
        raise
    screen.line(f"{hospital.name} is up after {time.monotonic() - began:.0f} s.", "good")
    _show_one(hospital.record, screen)
    if hospital.console is not None:
        screen.line(f"  sign in as {hospital.console.login} with {hospital.console.password} (shown this once)")
        screen.data({"kind": "account", "login": hospital.console.login, "password": hospital.console.password})
    return 0


def _status(name: str, screen: Screen) -> int:
    from garde.lab.hospital import record

    found = [record.get(name)] if name else record.every()
    if not found:
        screen.line("No lab is up. `garde lab up` makes one.")
    for each in found:
        _show_one(each, screen, whole=True)
    return 0


def _down(name: str, screen: Screen) -> int:
    from garde.lab.hospital import record
    from garde.lab.hospital.hospital import take_down

    names = take_down(name) if name else take_down()
    if not name and record.find(USUAL):
        names += take_down(USUAL)
    for each in names:
        screen.data({"kind": "down", "name": each})
        screen.line(f"{each} is gone.", "good")
    if not names:
        screen.line("No lab was up.")
    return 0


def _show_one(found: Record, screen: Screen, *, whole: bool = False) -> None:
    body = _as_data(found)
    screen.data(body)
    tone = "warn" if body["abandoned"] else "title"
    left = "left by a run that died; `garde lab down` removes it" if body["abandoned"] else f"in {found.home}"
    screen.line(f"{found.notes.name} (number {found.notes.number}), {left}", tone)
    if whole:
        for machine in body["machines"]:
            running = ", ".join(f"{it['name']} {it['pid']}" for it in machine["programs"]) or "–"
            screen.line(f"  {machine['id']:14} {machine['addresses'][0]:16} {machine['mode']:10} {running}")
    if found.notes.console:
        screen.line(f"  console: {found.notes.console}")
    screen.line(f"  a shell on a machine: ip netns exec {found.plan.namespace('ws-ward-3')} sh")


def _as_data(found: Record) -> dict[str, Any]:
    """Everything about one lab. `mode`: what the agent there was told to be; "" where there is none."""
    from garde.lab.hospital.guard import mode_of

    plan = found.plan
    programs = [program for program in found.programs() if program.runs]
    return {
        "kind": "lab",
        "name": found.notes.name,
        "number": found.notes.number,
        "home": str(found.home),
        "abandoned": found.is_abandoned,
        "console": found.notes.console,
        "hub": plan.hub_url,
        "hub_state": str(plan.hub_state),
        "estate": str(plan.estate_path),
        "machines": [
            {
                "id": machine.id,
                "role": machine.role,
                "namespace": plan.namespace(machine.id),
                "addresses": list(machine.addresses),
                "mode": mode_of(plan, machine.id, programs),
                "programs": [{"name": it.name, "pid": it.pid} for it in programs if it.machine == machine.id],
            }
            for machine in plan.estate.machines
        ],
    }
