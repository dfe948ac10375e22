"""What the lab needs of this machine, and bringing it where that is possible.

Comes in: nothing. Goes out: `missing` (why no lab can be made here) and `bring`, which installs the Debian packages of
`packages.txt` by the checkout's own scripts/install-packages: as root, from a source checkout, on a Debian. It starts
no service, and installs nothing where all is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from garde.lab.attackers import smb_client
from garde.lab.hospital import database

TOOLS = (
    "ip",
    "nsenter",
    "nft",
    "sysctl",
    "setpriv",
    "mkfs.xfs",
    "mount",
    "losetup",
    "chattr",
    "smbd",
    "smbpasswd",
    "smbstatus",
    "snmpd",
    "gammu-smsd",
    "ippeveprinter",
    "dbus-daemon",
    "avahi-daemon",
    "pdftoppm",
    "pdfinfo",
    "findscu",
    "restic",
    "gpg",
    "gpgv",
    "debsums",
    "softflowd",
)
INSTALL_S = 600.0
_SCRIPT = Path(__file__).resolve().parents[4] / "scripts" / "install-packages"


def missing() -> str:
    """Why no lab can be made here, or an empty string."""
    if os.geteuid() != 0:
        return "it needs root (network namespaces, mounts, servers of its own)"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if database.find_programs() is None:
        lacking.append("postgresql")
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    return smb_client.missing()


def bring(show: Callable[[str], None]) -> str:
    """Install what is missing, where this may be done; returns what is missing still, "" where nothing is."""
    reason = missing()
    if not reason or os.geteuid() != 0 or not _SCRIPT.is_file() or shutil.which("apt-get") is None:
        return reason
    show(f"{reason}: installing what the lab needs, this once")
    with resources.as_file(resources.files(__package__) / "packages.txt") as wanted:
        try:
            done = subprocess.run(
                [str(_SCRIPT), str(wanted)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=INSTALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{missing()} (installing took more than {INSTALL_S / 60:.0f} min)"
    said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] if done.returncode else []
    return ": ".join(filter(None, [missing(), *said])) if missing() else ""
