"""The lab's printers: real IPP printers (CUPS's ippeveprinter) that keep what they print.

Comes in: a plan, which printer. Goes out: the printer, on its machine's addresses. It starts only where it finds a
DNS-SD service: a bus and an avahi of its own run beside it, in its namespace and with a /run of their own, so that
neither this machine's nor another printer's are in their way. They publish nothing. It listens where its own /etc/hosts
says that it is.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from garde.lab.hospital import network
from garde.lab.hospital.plan import CRISIS_PRINTER, Plan
from garde.lab.hospital.programs import Programs

START_S = 30.0
PORT = 8631
FORMATS = "application/pdf,text/plain"
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/bus</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
"""
_AVAHI = "[server]\nuse-ipv6=no\nallow-interfaces=lo\n[publish]\ndisable-publishing=yes\n"
_BUS_ADDRESS = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/run/bus"}


@dataclass(frozen=True, slots=True)
class Printer:
    """One printer: the machine whose namespace it stands in, what it says of itself, where it listens and keeps."""

    machine: str
    title: str
    addresses: tuple[str, ...]
    spool: Path

    @property
    def uri(self) -> str:
        """Where it prints."""
        return f"ipp://{self.addresses[0]}:{PORT}/ipp/print"


def crisis(plan: Plan) -> Printer:
    """The crisis room's."""
    addresses = (plan.address(CRISIS_PRINTER), plan.address6(CRISIS_PRINTER))
    return Printer(CRISIS_PRINTER, "Crisis room", addresses, plan.spool)


def start(programs: Programs, plan: Plan, printer: Printer) -> subprocess.Popen[bytes]:
    """Start it and what it needs; `wait` tells when it takes jobs. Its programs are noted by its machine's name."""
    home = plan.machine_home(printer.machine)
    run = home / "run"
    for folder in (run, printer.spool):
        folder.mkdir(mode=0o755, parents=True)
    (home / "bus.conf").write_text(_BUS, encoding="ascii")
    (home / "avahi.conf").write_text(_AVAHI, encoding="ascii")
    hosts = "".join(f"{each} {printer.machine}\n" for each in printer.addresses)
    (home / "hosts").write_text(hosts, encoding="ascii")
    words = ["dbus-daemon", f"--config-file={home}/bus.conf", "--nofork", "--nopidfile"]
    bus = _daemon(programs, plan, printer, "bus", words)
    programs.wait("the printer's bus", (run / "bus").exists, START_S, bus)
    words = ["avahi-daemon", "-f", str(home / "avahi.conf"), "--no-drop-root", "--no-chroot", "--no-rlimits"]
    avahi = _daemon(programs, plan, printer, "avahi", words)
    log = plan.log(f"avahi-{printer.machine}")
    programs.wait("the printer's DNS-SD", lambda: b"startup complete" in log.read_bytes(), START_S, avahi)
    words = ["ippeveprinter", "-n", printer.machine, "-p", str(PORT), "-d", str(printer.spool), "-k"]
    words += ["-r", "off", "-c", "/bin/true", "-f", FORMATS, printer.title]
    return _daemon(programs, plan, printer, "printer", words)


def _daemon(
    programs: Programs, plan: Plan, printer: Printer, name: str, words: Sequence[str]
) -> subprocess.Popen[bytes]:
    home = plan.machine_home(printer.machine)
    own = {home / "run": "/run", home / "hosts": "/etc/hosts"}
    command = network.entering(plan.namespace(printer.machine), own, words)
    return programs.daemon(f"{name}-{printer.machine}", printer.machine, command, env=_BUS_ADDRESS, plain=True)


def wait(programs: Programs, process: subprocess.Popen[bytes]) -> None:
    """Wait until it listens."""
    wanted = f":{PORT:04X}"

    def listens() -> bool:
        try:
            lines = Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()
        except OSError:
            return False
        return any(
            fields[1].endswith(wanted) and fields[3] == "0A" for line in lines if len(fields := line.split()) > 3
        )

    programs.wait("the printer", listens, START_S, process)
