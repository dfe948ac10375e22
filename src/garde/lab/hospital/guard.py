"""Garde itself in the lab: the hub on its machine, an agent on each server, enrolled by one-time tokens.

Comes in: the programs and the plan. Goes out: a hub that serves, agents that are alive to it. It uses the commands that
a hospital's administrator uses, and nothing behind them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from garde.errors import Incomplete
from garde.lab.hospital import fileserver, flows, printer, roots, stores, switch
from garde.lab.hospital.plan import CRISIS_PRINTER, GATEWAY, HUB, HUB_PORT, SHARES, SWITCH, Plan
from garde.lab.hospital.programs import GARDE, Programs, said
from garde.lab.hospital.record import Program

HUB_S = 30.0
AGENT_S = 90.0  # the first pass over the documents, on a machine with a lot to do
AT_ONCE = 3  # commands of ours started together: each is half a second of one core
_SETTINGS = """\
[contain]
hub = "{hub}"
never_cut = [{never}]
"""
_SNMP = """\
[switch.{switch}]
user = "{user}"
auth = "{authentication}"
priv = "{privacy}"
auth_protocol = "SHA-256"
priv_protocol = "AES"
"""
_CALLING = """\
[[channel]]
name = "modem"
kind = "modem"
outbox = "{outbox}"
sent = "{sent}"
error = "{error}"
inbox = "{inbox}"

[[channel]]
name = "crisis-room"
kind = "printer"
uri = "{uri}"
needs = ["{printer}"]
"""


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """Who may sign in at the console of a new hub."""

    login: str
    password: str


def agent_name(machine: str) -> str:
    """The name under which a machine's agent is noted."""
    return f"agent-{machine}"


# -- the hub ----------------------------------------------------------------------------------------------------------


def make_hub(
    programs: Programs, plan: Plan, credentials: switch.Credentials | None, *, calling: bool = True
) -> FirstAccount:
    """`garde hub init`; the login of a switch and, where people can be called, calling.toml where the hub looks."""
    address = plan.address(HUB)
    words = ["init", "--estate", str(plan.estate_path), "--listen", f"{address}:{HUB_PORT}", "--address", address]
    made = _hub(programs, plan, *words)
    if credentials is not None:
        snmp = {"authentication": credentials.authentication, "privacy": credentials.privacy}
        _secret(plan.hub_state / "snmp.toml", _SNMP.format(switch=SWITCH, user=credentials.user, **snmp))
    if calling:
        folders = {name: plan.modem(name) for name in ("outbox", "sent", "error", "inbox")}
        text = _CALLING.format(uri=printer.crisis(plan).uri, printer=CRISIS_PRINTER, **folders)
        _secret(plan.hub_state / "calling.toml", text)
    return FirstAccount(str(made["login"]), str(made["password"]))


def _secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def run_hub(programs: Programs, plan: Plan) -> subprocess.Popen[bytes]:
    """`garde hub run`; returns when it serves."""
    log = plan.log("hub")
    start = log.stat().st_size if log.exists() else 0
    process = programs.daemon("hub", HUB, words(plan, HUB, "hub", "run"))
    programs.wait("the hub", lambda: any(said(log, "ready", start)), HUB_S, process)
    return process


def _hub(programs: Programs, plan: Plan, *given: str) -> dict[str, Any]:
    """One command of the hub's administrator; returns its first JSON line."""
    told = programs.check(f"garde hub {given[0]}", HUB, words(plan, HUB, "hub", *given))
    found: dict[str, Any] = msgspec.json.decode(told.splitlines()[0])
    return found


# -- the agents -------------------------------------------------------------------------------------------------------


def start_agents(programs: Programs, plan: Plan) -> None:
    """Enrol and start an agent on each machine that has one; returns when each has made its first pass and is alive."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda machine: _enrol(programs, plan, machine), plan.guarded))
    started = {machine: run_agent(programs, plan, machine) for machine in plan.guarded}
    for machine, process in started.items():
        log = plan.log(agent_name(machine))
        programs.wait(f"the agent of {machine}", lambda log=log: any(said(log, "ready")), AGENT_S, process)  # type: ignore[misc]
    _wait_alive(programs, plan)


def _enrol(programs: Programs, plan: Plan, machine: str) -> None:
    """A token from the hub, carried to the machine as a person would."""
    token = str(_hub(programs, plan, "token", machine)["token"])
    state = plan.agent_state(machine)
    state.mkdir(mode=0o700)
    programs.check("garde enroll", machine, words(plan, machine, "enroll", token))
    settings = state / "lab.toml"
    settings.write_text(
        _SETTINGS.format(hub=plan.address(HUB), never=", ".join(f'"{address}"' for address in _never(plan)))
    )
    stores.note(plan, machine)
    roots.note(plan, machine)
    flows.note(plan, machine)


def run_agent(programs: Programs, plan: Plan, machine: str) -> subprocess.Popen[bytes]:
    """`garde agent`, enforcing. It enters the machine's network itself, once it listens to the kernel's processes."""
    state = plan.agent_state(machine)
    words = [*GARDE, "agent"]
    if machine != GATEWAY:
        words.append(str(plan.share(machine)))
    words += ["--state", str(state), "--settings", str(state / "lab.toml"), "--enforce", "--json"]
    words += ["--netns", plan.namespace(machine), *clock_words(plan)]
    if machine in SHARES:
        # The server's own list of users: smbstatus and smbpasswd are to know them by name.
        smbd = programs.find(fileserver.program_name(machine))
        if smbd is None:
            raise Incomplete(f"no smbd runs on {machine}", "`garde lab down`, then try again")
        words = ["nsenter", f"--mount=/proc/{smbd.pid}/ns/mnt", "--", *words]
    return programs.daemon(agent_name(machine), machine, words, plain=True)


def _never(plan: Plan) -> Iterator[str]:
    """The never-cut list in addresses: the agent resolves no names and knows no ids."""
    for never in plan.estate.never_cut:
        found = plan.machines.get(never.what)
        yield from found.addresses if found else (never.what,)


def _wait_alive(programs: Programs, plan: Plan) -> None:
    def all_alive() -> bool:
        return int(_hub(programs, plan, "status").get("agents_alive", 0)) >= len(plan.guarded)

    programs.wait("the agents' first sign of life at the hub", all_alive, HUB_S)


# -- looked at --------------------------------------------------------------------------------------------------------


def mode_of(plan: Plan, machine: str, programs: Sequence[Program]) -> str:
    """The mode in force that the machine's agent said when it began; "" where none runs."""
    if not any(program.name == agent_name(machine) for program in programs):
        return ""
    lines = list(said(plan.log(agent_name(machine)), "ready"))
    return str(lines[-1].get("mode", "")) if lines else "starting"


def words(plan: Plan, machine: str, *given: str) -> list[str]:
    """Return a command of ours as it is given on the hub's machine, or on one that carries an agent."""
    state = plan.hub_state if machine == HUB else plan.agent_state(machine)
    return [*GARDE, *given, "--state", str(state), "--json", *clock_words(plan)]


def clock_words(plan: Plan) -> list[str]:
    """The lab's clock, as every command of ours takes it."""
    return ["--lab-clock", str(plan.clock_path)]
