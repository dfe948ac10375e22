"""Real peers of calling: CUPS's `ippeveprinter`, and `gammu-smsd` on a dummy modem.

Comes in: a folder. Goes out: peers that run until their `with` ends. `ippeveprinter` starts only where it finds a
DNS-SD service: it gets a private bus and a private avahi on loopback, which publishes nothing. There is one avahi for a
machine at a time: a file lock lets several wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.common import UnavailableError

READY_S = 30.0
LOCK = Path(tempfile.gettempdir()) / "garde-avahi.lock"
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
"""
_AVAHI = "[server]\nuse-ipv6=no\nallow-interfaces=lo\n[publish]\ndisable-publishing=yes\n"


def program(name: str) -> str:
    """Return where a program lies; UnavailableError where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/sbin")
    if found is None:
        raise UnavailableError(f"{name} is not installed: see scripts/packages.txt")
    return found


@contextlib.contextmanager
def printer(folder: Path, formats: str = "text/plain", command: str = "/bin/true") -> Iterator[tuple[str, Path]]:
    """Yield a printer's address and the folder in which it keeps what it printed; `command` is its hardware."""
    spool = folder / "spool"
    spool.mkdir(parents=True)
    port = _free_port()
    words = [
        program("ippeveprinter"),
        "-n",
        "localhost",
        "-p",
        str(port),
        "-d",
        str(spool),
        "-k",
        "-r",
        "off",
        "-c",
        command,
    ]
    with _dns_sd(folder) as environment, running([*words, "-f", formats, "Garde"], folder / "printer.log", environment):
        _until(lambda: _answers(port), "the printer does not answer")
        yield f"ipp://127.0.0.1:{port}/ipp/print", spool


@contextlib.contextmanager
def modem(folder: Path, device: str = "", connection: str = "none") -> Iterator[Path]:
    """Yield the folder of a running SMS daemon, on a dummy modem or on the device that is named."""
    for name in ("outbox", "sent", "error", "inbox", "dummy"):
        (folder / name).mkdir(parents=True)
    model = "" if device else "model = dummy\n"
    (folder / "smsdrc").write_text(
        f"[gammu]\ndevice = {device or folder / 'dummy'}\nconnection = {connection}\n{model}\n[smsd]\nservice = files\n"
        f"logfile = {folder}/smsd.log\ncommtimeout = 1\nsendtimeout = 5\nreceivefrequency = 1\nloopsleep = 1\n"
        f"inboxpath = {folder}/inbox/\noutboxpath = {folder}/outbox/\nsentsmspath = {folder}/sent/\n"
        f"errorsmspath = {folder}/error/\ninboxformat = unicode\ntransmitformat = auto\n"
    )
    with running([program("gammu-smsd"), "-c", str(folder / "smsdrc")], folder / "smsd.out"):
        yield folder


@contextlib.contextmanager
def running(words: list[str], log: Path, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a program until the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            env={**os.environ, **(more or {})},
        )  # fmt: skip
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait for whoever else has one, another user included: a lock file of somebody else's is opened for reading."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(LOCK, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    handle = os.open(LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _dns_sd(folder: Path) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="garde-bus-") as place, _alone():  # a socket's path is short
        bus = Path(place) / "bus"
        (folder / "bus.conf").write_text(_BUS.format(path=bus))
        (folder / "avahi.conf").write_text(_AVAHI)
        environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"}
        words = [program("dbus-daemon"), f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile"]
        avahi = [program("avahi-daemon"), "-f", str(folder / "avahi.conf"), "--no-drop-root", "--no-chroot"]
        with running(words, folder / "bus.log"):
            _until(bus.exists, "the bus does not start")
            log = folder / "avahi.log"
            with running([*avahi, "--no-rlimits"], log, environment):
                _until(lambda: "startup complete" in log.read_text(errors="replace"), "avahi does not start")
                yield environment


def _until(what: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + READY_S
    while not what():
        if time.monotonic() > end:
            raise UnavailableError(otherwise)
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
