"""A file server of the lab: a real smbd with the hospital's accounts, giving out one share.

Comes in: the programs, a machine, the accounts. Goes out: a running smbd on the machine's addresses, its share on the
machine's own disk. Accounts are the same on every server, as a directory would have it. It makes no documents.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from garde.lab.hospital import network
from garde.lab.hospital.plan import SHARES, Plan
from garde.lab.hospital.programs import Programs

START_S = 20.0
KEEPER = "filestore"  # the account that all files belong to, as on many a hospital's server
KEEPER_ID = 60100  # beyond what Debian hands out (59999), below what systemd reserves (61184)

_CONFIG = """\
[global]
    server role = standalone server
    workgroup = CLINIC
    netbios name = {netbios}
    interfaces = {address}/24 {address6}/64
    bind interfaces only = yes
    smb ports = 445
    disable netbios = yes
    server min protocol = SMB2_10
    passdb backend = tdbsam:{base}/private/passdb.tdb
    private dir = {base}/private
    lock directory = {base}/lock
    state directory = {base}/state
    cache directory = {base}/cache
    pid directory = {base}/pid
    ncalrpc dir = {base}/ncalrpc
    log file = {base}/log/smbd.log
    max log size = 0
    load printers = no
    printcap name = /dev/null
    disable spoolss = yes
    rpc start on demand helpers = no
    map to guest = never
    usershare max shares = 0
    unix extensions = no

[{share_name}]
    path = {share}
    read only = no
    force user = {keeper}
    veto files = /.garde-vault/
"""


def base(plan: Plan, machine: str) -> Path:
    """Where a server's Samba keeps all that is its own."""
    return plan.machine_home(machine) / "samba"


def configuration(plan: Plan, machine: str) -> Path:
    return base(plan, machine) / "smb.conf"


def program_name(machine: str) -> str:
    return f"smbd-{machine}"


def prepare(plan: Plan, machine: str, logins: Sequence[str]) -> None:
    """Write what smbd and its tools read; the share is made and belongs to the keeper."""
    home = base(plan, machine)
    home.mkdir(mode=0o755)  # smbd refuses a directory that its own users cannot pass through
    for part in ("private", "lock", "state", "cache", "pid", "ncalrpc", "log"):
        (home / part).mkdir(mode=0o755)
    _write_users(home, logins)
    share = plan.share(machine)
    share.mkdir(mode=0o755)
    shutil.chown(share, KEEPER_ID, KEEPER_ID)
    configuration(plan, machine).write_text(
        _CONFIG.format(
            netbios=machine.upper()[:15],
            address=plan.address(machine),
            address6=plan.address6(machine),
            base=home,
            share_name=SHARES[machine],
            share=share,
            keeper=KEEPER,
        )
    )


def _write_users(home: Path, logins: Sequence[str]) -> None:
    """This machine's lists of users and groups, and the hospital's people after them."""
    people = [(KEEPER, KEEPER_ID), *((login, KEEPER_ID + number) for number, login in enumerate(logins, 1))]
    users = "".join(f"{name}:x:{uid}:{KEEPER_ID}::/nonexistent:/usr/sbin/nologin\n" for name, uid in people)
    (home / "passwd").write_text(Path("/etc/passwd").read_text() + users)
    (home / "group").write_text(Path("/etc/group").read_text() + f"{KEEPER}:x:{KEEPER_ID}:\n")


def entering(plan: Plan, machine: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs `arguments` on the server, with the server's own users."""
    home = base(plan, machine)
    own = {home / "passwd": "/etc/passwd", home / "group": "/etc/group"}
    return network.entering(plan.namespace(machine), own, arguments)


def start(programs: Programs, plan: Plan, machine: str, passwords: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Make the accounts and start smbd; `wait` tells when it serves."""
    for login, password in passwords.items():
        # Plain `ip`-less call: it needs the server's users, not its network.
        words = entering(plan, machine, ["smbpasswd", "-c", str(configuration(plan, machine)), "-a", "-s", login])
        subprocess.run(words, input=f"{password}\n{password}\n".encode(), capture_output=True, check=True)
    arguments = [
        "smbd",
        "-F",
        "--no-process-group",
        "-s",
        str(configuration(plan, machine)),
        "-l",
        str(base(plan, machine) / "log"),
    ]
    return programs.daemon(program_name(machine), machine, entering(plan, machine, arguments), plain=True)


def wait(programs: Programs, plan: Plan, started: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Wait until each smbd listens on both of its addresses."""
    for machine, process in started.items():
        programs.wait(f"smbd on {machine}", lambda pid=process.pid: _listens(pid) >= 2, START_S, process)  # type: ignore[misc]


def _listens(pid: int) -> int:
    """Count the listening sockets on port 445 in the process's own network."""
    count = 0
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
        except OSError:
            continue
        count += sum(
            fields[1].endswith(":01BD") and fields[3] == "0A" for line in lines if len(fields := line.split()) > 3
        )
    return count
