"""What the lab's gateway tells of the connections that pass by it, and what its agent is told to read.

Comes in: the programs and the plan. Goes out: softflowd, a real exporter (NetFlow v9) that listens on the gateway's
inner interface and tells the agent's collector on the same machine; the log of a sensor (Zeek's conn.log) of the days
before, which nobody writes any more when the night begins; `flows.toml` in that agent's state directory, with the
kernel's own counts beside both. It counts nothing itself.
"""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path
from typing import Final

from garde.lab.hospital import network
from garde.lab.hospital.plan import GATEWAY, Plan
from garde.lab.hospital.programs import Programs

COLLECTOR: Final = "127.0.0.1:2055"
# Seconds: a night is short. A flow is told of soon after it ends, a long one every few seconds.
_TIMEOUTS: Final = {"maxlife": 5, "expint": 1, "tcp": 5, "tcp.fin": 1, "tcp.rst": 1, "udp": 3, "general": 5}
STARTED_S: Final = 10.0
# It gets its packets from the kernel by the block: on a quiet line some seconds pass until one is full.
LATE_S: Final = 12
DAYS: Final = 4  # of the sensor's log: what a day is like is known from the third on
_EVERY_S: Final = 600.0
_FIELDS: Final = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
    "resp_bytes", "conn_state", "missed_bytes", "orig_ip_bytes", "resp_ip_bytes",
)  # fmt: skip


def home(plan: Plan) -> Path:
    """Where the gateway's exporter has its own files. Where it is not there, the gateway tells nothing."""
    return plan.machine_home(GATEWAY)


def start(programs: Programs, plan: Plan) -> subprocess.Popen[bytes]:
    """Start the exporter; returns when it listens."""
    home(plan).mkdir(mode=0o700)
    write_history(plan, time.time())
    control = home(plan) / "softflowd.ctl"
    words = ["softflowd", "-d", "-6", "-i", "eth0", "-n", COLLECTOR, "-v", "9"]
    words += ["-p", str(home(plan) / "softflowd.pid"), "-c", str(control)]
    words += [word for name, seconds in _TIMEOUTS.items() for word in ("-t", f"{name}={seconds}")]
    process = programs.daemon("softflowd", GATEWAY, words)
    programs.wait("softflowd", control.exists, STARTED_S, process)
    return process


def write_history(plan: Plan, now: float) -> None:
    """Write the log of quiet days, until now: from each machine a page or two every ten minutes, nothing else."""
    folder = home(plan) / "zeek"
    folder.mkdir(mode=0o700)
    luck = random.Random(f"garde days before {plan.number}")
    web = network.outside_address(plan, network.WEB)
    machines = [plan.address(it) for it in plan.machines if plan.machines[it].role not in ("switch", "printer")]
    lines = ["#separator \\x09", "#path\tconn", "#fields\t" + "\t".join(_FIELDS)]
    at = now - DAYS * 86_400.0
    while at < now:
        for machine in machines:
            began, lasted = min(at + luck.random() * _EVERY_S, now - 1.0), luck.uniform(0.05, 0.8)
            who, port = f"C{luck.getrandbits(60):x}", luck.randint(32_768, 60_999)
            sent, came = luck.randint(700, 4000), 60_000
            values = (
                f"{began:.6f}", who, machine, port, web, 443, "tcp", "ssl", f"{lasted:.6f}", sent, came, "SF", 0,
                sent + 400, came + 1800,
            )  # fmt: skip
            lines.append("\t".join(map(str, values)))
        at += _EVERY_S
    (folder / "conn.log").write_text("\n".join(lines) + "\n", encoding="ascii")


def networks(plan: Plan) -> list[str]:
    """The hospital's own, whose way out passes by the gateway."""
    return [network for segment in plan.estate.segments for network in segment.networks]


def note(plan: Plan, machine: str) -> None:
    """Write `flows.toml` into the gateway's agent's state directory, where its exporter is there."""
    if machine != GATEWAY or not home(plan).is_dir():
        return
    covers = json.dumps(networks(plan))  # lists of texts are written as in JSON in TOML
    text = f'inside = {covers}\n\n[[source]]\nid = "kernel"\nsort = "conntrack"\ncovers = {covers}\n'
    text += f'\n[[source]]\nid = "netflow"\nsort = "netflow"\ncovers = {covers}\n'
    text += f'listen = "{COLLECTOR}"\nexporters = ["127.0.0.1"]\ndelay_s = {LATE_S}\n'
    text += f'\n[[source]]\nid = "sensor"\nsort = "zeek"\ncovers = {covers}\n'
    text += f'folder = "{home(plan) / "zeek"}"\ndelay_s = 1\n'
    file = plan.agent_state(machine) / "flows.toml"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
