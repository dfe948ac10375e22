"""The real tools the benches drive: which are here, which can be had, and how they are run.

Comes in: names of programs. Goes out: per missing program its reason, and finished runs. As root with apt-get at
hand, missing ones are installed first (their services are kept from starting); else they stay missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.common import Report

POLICY = Path("/usr/sbin/policy-rc.d")

# Program → Debian package that brings it.
PACKAGES: dict[str, str] = {
    "7z": "p7zip-full",
    "auditctl": "auditd",
    "auditd": "auditd",
    "borg": "borgbackup",
    "clamd": "clamav-daemon",
    "clamonacc": "clamav-daemon",
    "dcmcjpeg": "dcmtk",
    "dcmcrle": "dcmtk",
    "dcmdjpeg": "dcmtk",
    "dpkg-deb": "dpkg",
    "exiftool": "libimage-exiftool-perl",
    "fatrace": "fatrace",
    "gcc": "gcc",
    "git": "git",
    "gpg": "gnupg",
    "gzip": "gzip",
    "initdb": "postgresql",
    "ip": "iproute2",
    "logrotate": "logrotate",
    "make": "make",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "mogrify": "imagemagick",
    "objcopy": "binutils",
    "openssl": "openssl",
    "pgbench": "postgresql",
    "procmail": "procmail",
    "qpdf": "qpdf",
    "restic": "restic",
    "rsync": "rsync",
    "setpriv": "util-linux",
    "smbd": "samba",
    "soffice": "libreoffice-writer-nogui libreoffice-calc-nogui",
    "sqlite3": "sqlite3",
    "tar": "tar",
    "unzip": "unzip",
    "xz": "xz-utils",
    "zip": "zip",
    "zstd": "zstd",
}
# Programs that Debian keeps off the search path.
HIDDEN = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/sbin")


def find(program: str) -> str | None:
    """Return the program's path, looking also where Debian hides server programs; the newest version wins."""
    if path := shutil.which(program):
        return path
    found = [path for folder in HIDDEN for path in sorted(Path("/").glob(folder.lstrip("/") + "/" + program))]
    return str(found[-1]) if found else None


def missing(programs: Iterable[str]) -> dict[str, str]:
    """Return the programs that are not here, each with the reason to show."""
    return {name: f"{name} is not installed" for name in programs if find(name) is None}


def ensure(programs: Iterable[str], report: Report, *, install: bool = True) -> dict[str, str]:
    """Install what is missing where that is possible; return what still is, with reasons."""
    lacking = missing(programs)
    packages = sorted({word for name in lacking for word in PACKAGES.get(name, "").split()})
    if not packages or not install or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return lacking
    report(f"installing {' '.join(packages)}")
    if not _apt_install(packages):
        for package in packages:  # one that can't be had must not keep the others away
            _apt_install([package])
    return missing(lacking)


def _apt_install(packages: list[str]) -> bool:
    argv = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", *packages]
    with _services_stay_off():
        done = subprocess.run(
            argv,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    return done.returncode == 0


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """Keep new daemons from starting (Debian's policy-rc.d); a policy that the machine has stays as it is."""
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
