"""A root directory for each server: the lab's machines share one file system, and the gate looks at what starts things.

Comes in: the plan, the accounts' lists of each server. Goes out: below each server's home a small Debian: accounts, a
unit, a cron table, two packages of the lab's own in dpkg's database, and apt's lists, signed by an archive of the lab's
own whose key lies beside them; `gate.toml` in each agent's state directory, which names it. Nothing in it is run.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Final

from garde.errors import Incomplete
from garde.lab.hospital import fileserver
from garde.lab.hospital.plan import RECORD, SERVERS, SHARES, Plan

_ARCHIVE: Final = "lab.invalid_debian_dists_lab"
_LIST: Final = "main/binary-all/Packages"
_KEY: Final = "Archive of Garde's lab <archive@lab.invalid>"
_GPG_S: Final = 30.0
# Twelve machines share one: an answer of the hub may be seconds on its way, and its time is believed as it comes.
CLOCK_S: Final = 60.0
_GATE: Final = 'root = "{root}"\nlive = true\nclock_s = {clock_s}\n'
_UNIT: Final = (
    "[Unit]\nDescription={name}\n[Service]\nExecStart=/usr/sbin/{name}\n[Install]\nWantedBy=multi-user.target\n"
)
_STANZA: Final = """\
Package: {name}
Status: install ok installed
Priority: optional
Section: misc
Maintainer: {maintainer}
Architecture: all
Version: {version}
Description: {name} of the lab
"""


@dataclass(frozen=True, slots=True)
class _Package:
    """One package: its files by path, as it brought them."""

    name: str
    version: str
    files: dict[str, str]


def _packages(machine: str) -> tuple[_Package, ...]:
    serves = "lab-record" if machine == RECORD else "lab-fileserver"
    program = f"#!/bin/sh\n# {serves}: stands for what the server runs\nexit 0\n"
    unit = {f"/usr/lib/systemd/system/{serves}.service": _UNIT.format(name=serves)}
    rotate = {"/usr/sbin/lab-rotate": "#!/bin/sh\nexit 0\n", "/usr/share/doc/lab-base/copyright": "The lab's own.\n"}
    return (
        _Package(serves, "2.4-1+lab1", {f"/usr/sbin/{serves}": program, **unit}),
        _Package("lab-base", "12.1", rotate),
    )


def root_of(plan: Plan, machine: str) -> Path:
    return plan.machine_home(machine) / "root"


def make(plan: Plan) -> None:
    """Make them all; raises Incomplete where the archive cannot be signed."""
    release, listed, ring = _sign(plan.home / "archive", SERVERS)
    for machine in SERVERS:
        root = root_of(plan, machine)
        _base(plan, machine, root)
        for package in _packages(machine):
            _install(root, package)
        lists = root / "var/lib/apt/lists"
        lists.mkdir(parents=True)
        (lists / f"{_ARCHIVE}_InRelease").write_bytes(release)
        (lists / f"{_ARCHIVE}_{_LIST.replace('/', '_')}").write_bytes(listed)
        _write(root / "usr/share/keyrings/lab-archive-keyring.gpg", ring)


def note(plan: Plan, machine: str) -> None:
    """Tell the machine's agent where its root is, if it has one. Its sockets are the machine's own."""
    if machine in SERVERS and root_of(plan, machine).is_dir():
        text = _GATE.format(root=root_of(plan, machine), clock_s=CLOCK_S)
        (plan.agent_state(machine) / "gate.toml").write_text(text, encoding="utf-8")


def _base(plan: Plan, machine: str, root: Path) -> None:
    """Accounts, a cron table, what every machine has."""
    users = fileserver.base(plan, machine) if machine in SHARES else Path("/etc")
    for name in ("passwd", "group"):
        _write(root / "etc" / name, (users / name).read_bytes())
    _write(root / "etc/shadow", b"root:!:19000:0:99999:7:::\n")
    _write(root / "etc/hostname", f"{machine}\n".encode())
    _write(root / "etc/crontab", b"17 * * * * root /usr/sbin/lab-rotate\n")
    for folder in ("var/lib/dpkg/info", "tmp", "root"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "usr/lib/systemd/system").mkdir(parents=True)
    wanted = root / "etc/systemd/system/multi-user.target.wants"
    wanted.mkdir(parents=True)
    unit = f"{_packages(machine)[0].name}.service"
    (wanted / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")


def _install(root: Path, package: _Package) -> None:
    sums, info = [], root / "var/lib/dpkg/info"
    for path, text in package.files.items():
        _write(root / path[1:], text.encode(), 0o755 if "/sbin/" in path else 0o644)
        sums.append(f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}  {path[1:]}\n")
    (info / f"{package.name}.md5sums").write_text("".join(sums))
    (info / f"{package.name}.list").write_text("".join(f"{path}\n" for path in package.files))
    with (root / "var/lib/dpkg/status").open("a") as status:
        status.write(_STANZA.format(name=package.name, version=package.version, maintainer=_KEY) + "\n")


def _write(place: Path, data: bytes, mode: int = 0o644) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    place.chmod(mode)


# --- the archive ------------------------------------------------------------------------------------------------------


def _sign(home: Path, machines: tuple[str, ...]) -> tuple[bytes, bytes, bytes]:
    """Return a signed Release file, the list that it names, the key ring. The key ends with this function."""
    offered = {package.name: package for machine in machines for package in _packages(machine)}
    listed = "\n".join(
        f"Package: {each.name}\nArchitecture: all\nVersion: {each.version}\n" for each in offered.values()
    ).encode()
    line = f" {hashlib.sha256(listed).hexdigest()} {len(listed)} {_LIST}\n"
    text = f"Origin: lab\nSuite: lab\nDate: {formatdate(time.time(), usegmt=True)}\nSHA256:\n{line}"
    home.mkdir(mode=0o700)
    try:
        _gpg(home, ["--quick-generate-key", _KEY, "ed25519", "sign", "1d"])
        return _gpg(home, ["--clearsign"], text.encode()), listed, _gpg(home, ["--export"])
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)


def _gpg(home: Path, words: list[str], given: bytes = b"") -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    done = subprocess.run([*command, *words], input=given, capture_output=True, check=False, timeout=_GPG_S)
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[-200:]
        raise Incomplete(f"gpg {words[0]}: {said}", "apt-get install gpg; then try again")
    return done.stdout
