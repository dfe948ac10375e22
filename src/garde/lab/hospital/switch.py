"""The lab's switch: a real snmpd in the bridge's namespace, where ifAdminStatus shuts a real port.

Comes in: a plan. Goes out: snmpd on the switch's address, with one SNMPv3 user (authentication and privacy), whose
secrets are the hub's. The ports are the bridge's interfaces, named as the estate names them.
"""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from garde.lab.hospital.plan import SWITCH, Plan
from garde.lab.hospital.programs import Programs

START_S = 15.0
PORT = 161
_CONFIG = """\
agentAddress udp:{address}:{port}
sysName {name}
sysLocation lab
sysContact lab
createUser {user} SHA-256 "{authentication}" AES "{privacy}"
rwuser {user} priv .1.3.6.1.2.1
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One SNMPv3 user: SHA-256 and AES-128."""

    user: str
    authentication: str
    privacy: str


def new_credentials() -> Credentials:
    """Draw the secrets of a lab's switch."""
    return Credentials("garde", secrets.token_urlsafe(12), secrets.token_urlsafe(12))


def start(programs: Programs, plan: Plan, credentials: Credentials) -> subprocess.Popen[bytes]:
    """Start snmpd; `wait` tells when it answers."""
    home = plan.machine_home(SWITCH)
    home.mkdir(mode=0o700)
    config = home / "snmpd.conf"
    config.touch(mode=0o600)
    config.write_text(
        _CONFIG.format(
            address=plan.address(SWITCH),
            port=PORT,
            name=SWITCH,
            user=credentials.user,
            authentication=credentials.authentication,
            privacy=credentials.privacy,
        )
    )
    # `ip netns exec` shows the namespace's own /sys, where snmpd looks for its interfaces.
    words = ["ip", "netns", "exec", plan.namespace(SWITCH)]
    # No default configuration (-C), in the foreground (-f), nothing of this machine's own MIB modules that may write
    # files.
    words += ["snmpd", "-f", "-C", "-c", str(config), "-Lo", "-I", "-smux", "-p", str(home / "pid")]
    place = {"SNMP_PERSISTENT_DIR": str(home / "persistent"), "MIBS": "", "SNMPCONFPATH": str(home)}
    return programs.daemon("snmpd", SWITCH, words, env=place, plain=True)


def wait(programs: Programs, process: subprocess.Popen[bytes]) -> None:
    """Wait until snmpd has bound its port."""
    wanted = f":{PORT:04X}"

    def ready() -> bool:
        try:
            lines = Path(f"/proc/{process.pid}/net/udp").read_text().splitlines()
        except OSError:
            return False
        return any(line.split()[1].endswith(wanted) for line in lines[1:])

    programs.wait("snmpd", ready, START_S, process)
