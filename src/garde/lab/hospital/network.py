"""The lab's network: one namespace a machine, one bridge as switch, a gateway with a firewall, and an Internet.

Comes in: a plan. Goes out: the namespaces, wired; `command`, which runs a program in one of them; `remove`. Every
link is made inside the lab's own namespaces: the machine's own network is not touched, and removing the namespaces
removes it all.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_interface
from pathlib import Path

from garde.errors import Incomplete
from garde.lab.hospital.plan import (
    ASIDE_SWITCH,
    DESK,
    FEED_PORT,
    GATEWAY,
    HUB,
    INTERNET,
    MODALITY,
    RECORD,
    SWITCH,
    WARD_PCS,
    WORKLIST_PORT,
    Plan,
)

NETNS = Path("/run/netns")
OUTSIDE = "wan0"  # the gateway's interface that leads out, as the estate names it
BRIDGE = "br0"
FEED = "feed0"  # both ends of the wire on which the feed comes
_ENTER = Path(__file__).with_name("enter.py")
# In the Internet: who takes what is stolen, who leads the attackers' programs, a place that everybody looks at, and the
# telephone provider, the one flow that stays open.
THIEF, CONTROLLER, WEB, PROVIDER = 66, 77, 30, 20
OUTSIDERS = {"thief": THIEF, "controller": CONTROLLER, "web": WEB, "provider": PROVIDER}
# What a small house's router does: out is free, in is only the answer; one address for all.
_FIREWALL = """\
table inet hospital {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "eth0" oifname "wan0" accept
    }
    chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "wan0" masquerade
    }
}
"""


def command(namespace: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs `arguments` in a namespace. It execs: the pid is that of the program."""
    return ["nsenter", f"--net={NETNS / namespace}", "--", *arguments]


def entering(namespace: str, own: Mapping[Path, str], arguments: Sequence[str]) -> list[str]:
    """Return the command that runs `arguments` in a namespace, with files or folders of its own in these places."""
    launcher = [sys.executable, "-I", "-S", str(_ENTER), str(NETNS / namespace)]
    return [*launcher, *(f"{source}={place}" for source, place in own.items()), "--", *arguments]


def make(plan: Plan) -> None:
    """Make all of it; the switch's namespace (made by `claim`) is there."""
    _ip_lines("", [f"netns add {plan.namespace(it)}" for it in (*plan.machines, INTERNET) if it != SWITCH])
    _make_switch(plan)
    for machine in plan.machines:
        if machine != SWITCH:
            _wire(plan, machine)
    _make_outside(plan)


def claim(plan: Plan) -> None:
    """Make the first namespace: from here on the lab's number is taken."""
    _output(["ip", "netns", "add", plan.namespace(SWITCH)])


def remove(namespaces: Iterable[str]) -> None:
    """Remove the namespaces that are there, and with them every link in them; programs in them must have ended."""
    for name in namespaces:
        if (NETNS / name).exists():
            with suppress(Incomplete):  # another take-down was quicker
                _output(["ip", "netns", "del", name])


def _make_switch(plan: Plan) -> None:
    here = plan.namespace(SWITCH)
    lines = ["link set lo up", f"link add {BRIDGE} type bridge mcast_snooping 0", f"link set {BRIDGE} up"]
    lines += _address_lines(plan, SWITCH, BRIDGE)
    for machine in plan.machines.values():
        if machine.id == SWITCH:
            continue
        # The machine's end carries its own MAC; the switch's end is the port that SNMP can shut.
        peer = f"peer name eth0 address {machine.mac} netns {plan.namespace(machine.id)}"
        lines += [f"link add {machine.port} type veth {peer}", f"link set {machine.port} master {BRIDGE} up"]
    _ip_lines(here, lines)


def _wire(plan: Plan, machine: str) -> None:
    lines = ["link set lo up", "link set eth0 up", *_address_lines(plan, machine, "eth0")]
    if machine != GATEWAY:
        lines += [f"route add default via {plan.address(GATEWAY)}", f"route add ::/0 via {plan.address6(GATEWAY)}"]
    _ip_lines(plan.namespace(machine), lines)


def _address_lines(plan: Plan, machine: str, device: str) -> list[str]:
    # nodad: duplicate address detection would keep the address unusable for a second.
    return [
        f"addr add {plan.address(machine)}/24 dev {device}",
        f"addr add {plan.address6(machine)}/64 dev {device} nodad",
    ]


def _make_outside(plan: Plan) -> None:
    gateway, internet = plan.namespace(GATEWAY), plan.namespace(INTERNET)
    _ip_lines(
        gateway,
        [
            f"link add {OUTSIDE} type veth peer name eth0 netns {internet}",
            f"addr add {plan.outside4}.1/25 dev {OUTSIDE}",
            f"addr add {plan.outside6}:1/64 dev {OUTSIDE} nodad",
            f"link set {OUTSIDE} up",
        ],
    )
    lines = ["link set lo up", "link set eth0 up"]
    for host in OUTSIDERS.values():
        lines += [f"addr add {plan.outside4}.{host}/25 dev eth0", f"addr add {plan.outside6}:{host}/64 dev eth0 nodad"]
    _ip_lines(internet, lines)
    # What passes by is counted: by default the kernel knows connections, and not how much they carried.
    known = [f"net.netfilter.nf_conntrack_{name}=1" for name in ("acct", "timestamp")]
    forwards = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]
    _output(command(gateway, ["nft", "-f", "-"]), stdin=_FIREWALL)
    _output(command(gateway, ["sysctl", "-qw", *forwards, *known]))


# --- what stands aside ------------------------------------------------------------------------------------------------

_DESK_DOOR = """\
table inet desk {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        ct state established,related accept
        iifname "{feed}" tcp dport {feed_port} accept
        iifname "eth0" ip saddr {modality} tcp dport {worklist_port} accept
    }}
}}
"""


def make_aside(plan: Plan) -> None:
    """A switch of its own with the desk, the ward PCs and a modality on it; one wire from the record, for the feed."""
    _ip_lines("", [f"netns add {plan.namespace(name)}" for name in plan.aside])
    lines = ["link set lo up", f"link add {BRIDGE} type bridge mcast_snooping 0", f"link set {BRIDGE} up"]
    hosts = [name for name in plan.aside if name != ASIDE_SWITCH]
    for name in hosts:
        lines += [f"link add {name} type veth peer name eth0 netns {plan.namespace(name)}"]
        lines += [f"link set {name} master {BRIDGE} up"]
    _ip_lines(plan.namespace(ASIDE_SWITCH), lines)
    for name in hosts:
        address = f"addr add {plan.aside_address(name)}/26 dev eth0"
        _ip_lines(plan.namespace(name), ["link set lo up", "link set eth0 up", address])
    lines = [f"link add {FEED} type veth peer name {FEED} netns {plan.namespace(DESK)}"]
    for name in (RECORD, DESK):
        lines += [f"link set {FEED} up", f"addr add {plan.feed_address(name)}/30 dev {FEED}"]
        _ip_lines(plan.namespace(name), lines)
        lines = []
    door = {"feed": FEED, "feed_port": FEED_PORT, "worklist_port": WORKLIST_PORT}
    text = _DESK_DOOR.format(modality=plan.aside_address(MODALITY), **door)
    _output(command(plan.namespace(DESK), ["nft", "-f", "-"]), stdin=text)


# --- the second hospital ----------------------------------------------------------------------------------------------

LINE = "line0"  # both ends of the line between the two crisis rooms


def make_neighbour(plan: Plan, second: Plan) -> None:
    """A bridge with the second hospital's machines on it, and a line from its hub to the first's."""
    hosts = list(second.machines)
    _ip_lines("", [f"netns add {second.namespace(name)}" for name in (SWITCH, *hosts)])
    lines = ["link set lo up", f"link add {BRIDGE} type bridge mcast_snooping 0", f"link set {BRIDGE} up"]
    for name in hosts:
        mac = second.machines[name].mac
        lines += [f"link add {name} type veth peer name eth0 address {mac} netns {second.namespace(name)}"]
        lines += [f"link set {name} master {BRIDGE} up"]
    _ip_lines(second.namespace(SWITCH), lines)
    for name in hosts:
        own = [f"addr add {second.address(name)}/27 dev eth0", f"addr add {second.address6(name)}/64 dev eth0 nodad"]
        _ip_lines(second.namespace(name), ["link set lo up", "link set eth0 up", *own])
    here, there = plan.line_addresses
    ends = [f"link add {LINE} type veth peer name {LINE} netns {second.namespace(HUB)}", f"link set {LINE} up"]
    _ip_lines(plan.namespace(HUB), [*ends, f"addr add {here}/30 dev {LINE}"])
    way = [f"route add {plan.address(HUB)}/32 dev {LINE} src {there}"]
    _ip_lines(second.namespace(HUB), [f"link set {LINE} up", f"addr add {there}/30 dev {LINE}", *way])


def pull_record(plan: Plan, *, out: bool) -> None:
    """Pull both plugs of the record's server, the hospital's and the feed's, or put them back."""
    state = "down" if out else "up"
    _ip_lines(plan.namespace(SWITCH), [f"link set {plan.machines[RECORD].port} {state}"])
    _ip_lines(plan.namespace(DESK), [f"link set {FEED} {state}"])


def pull_ward(plan: Plan, ward: str, *, out: bool) -> None:
    """Pull a ward PC's plug at the switch that stands aside, or put it back."""
    _ip_lines(plan.namespace(ASIDE_SWITCH), [f"link set {WARD_PCS[ward]} {'down' if out else 'up'}"])


def outside_address(plan: Plan, host: int, version: int = 4) -> str:
    """The address of a host in the Internet."""
    text = f"{plan.outside4}.{host}/25" if version == 4 else f"{plan.outside6}:{host}/64"
    return str(ip_interface(text).ip)


def _ip_lines(namespace: str, lines: Sequence[str]) -> None:
    """Do several things with one `ip`, in order; it stops at the first that fails."""
    _output(["ip", *(["-n", namespace] if namespace else []), "-batch", "-"], stdin="".join(f"{it}\n" for it in lines))


def _output(arguments: Sequence[str], stdin: str = "") -> str:
    done = subprocess.run(arguments, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[-200:]
        raise Incomplete(f"the lab's network: {' '.join(arguments[:4])}: {said}", "`garde lab down`, then try again")
    return done.stdout
