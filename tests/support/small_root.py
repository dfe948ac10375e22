"""A small Debian-like root directory, written by hand: enough for every check, made in milliseconds.

Comes in: an empty directory. Goes out: `SmallRoot`: files, accounts, and a dpkg database that agrees. It writes
the database as dpkg does, so that tests need no root; tests/integration/test_gate_upgrade.py uses dpkg itself.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from bench.backdoor_plants import loader_cache

from garde.recovery.checks import store
from garde.recovery.checks.base import Baseline, Given, Said
from garde.recovery.checks.baseline import take
from garde.recovery.checks.drift import Drift
from garde.recovery.checks.machine import Machine

FILES = {
    "usr/bin/ls": ("\x7fELF ls", 0o755),
    "usr/bin/less": ("\x7fELF less", 0o755),
    "usr/bin/su": ("\x7fELF su", 0o4755),
    "usr/lib/x86_64-linux-gnu/libc.so.6": ("\x7fELF libc", 0o644),
    "usr/lib/systemd/system/cron.service": ("[Service]\nExecStart=/usr/sbin/cron\n", 0o644),
    "usr/lib/python3/dist-packages/tool.py": ("def tool():\n    return 1\n", 0o644),
    "etc/cron.d/e2scrub": ("# nothing\n", 0o644),
    "etc/ssh/sshd_config": ("PermitRootLogin no\n", 0o644),
}
LOOSE = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
        "anna:x:1000:1000::/home/anna:/bin/bash\n",
        0o644,
    ),
    "etc/shadow": ("root:*:1::::::\ndaemon:*:1::::::\nanna:$y$j9T$x$y:1::::::\n", 0o640),
    "etc/group": ("root:x:0:\nsudo:x:27:anna\n", 0o644),
    "etc/nsswitch.conf": ("passwd: files\n", 0o644),
    "etc/environment": ("PATH=/usr/bin\n", 0o644),
    "etc/pam.d/common-auth": ("auth required pam_unix.so\n", 0o644),
    "root/.bashrc": ("# nothing\n", 0o644),
    "home/anna/.ssh/authorized_keys": ("ssh-ed25519 AAAA anna\n", 0o600),
    "boot/grub/grub.cfg": ("linux /vmlinuz\n", 0o644),
    "boot/initrd.img-6.1.0": ("cpio of the day", 0o644),
}
BASE = "base-tools"


class SmallRoot:
    """One root directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for folder in ("bin", "sbin", "lib"):
            (path / "usr" / folder).mkdir(parents=True, exist_ok=True)
            (path / folder).symlink_to(f"usr/{folder}")
        for name, (text, mode) in LOOSE.items():
            self.write(name, text, mode)
        self.write("etc/ld.so.cache", loader_cache("/lib/x86_64-linux-gnu/libc.so.6"))
        (path / "etc/alternatives").mkdir()
        (path / "etc/alternatives/pager").symlink_to("/usr/bin/less")
        (path / "usr/bin/pager").symlink_to("/etc/alternatives/pager")
        (path / "var/lib/misc").mkdir(parents=True)
        self.install(BASE, "1.0", FILES, scripts={"postinst": "#!/bin/sh\nexit 0\n"}, conffiles=("etc/cron.d/e2scrub",))

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
        file.chmod(mode)
        return file

    def install(
        self,
        name: str,
        version: str,
        files: dict[str, tuple[str, int]],
        *,
        scripts: dict[str, str] | None = None,
        conffiles: tuple[str, ...] = (),
        links: dict[str, str] | None = None,
    ) -> None:
        """Unpack a package and write its records; an older version's go."""
        info = self.path / "var/lib/dpkg/info"
        info.mkdir(parents=True, exist_ok=True)
        old = info / f"{name}.list"
        for gone in set(old.read_text().split("\n") if old.exists() else ()) - {f"/{file}" for file in files} - {""}:
            (self.path / gone[1:]).unlink(missing_ok=True)
        for file, (text, mode) in files.items():
            self.write(file, text, mode)
        for place, target in (links or {}).items():
            (self.path / place).parent.mkdir(parents=True, exist_ok=True)
            (self.path / place).unlink(missing_ok=True)
            (self.path / place).symlink_to(target)
        md5 = {file: hashlib.md5(text.encode()).hexdigest() for file, (text, _) in files.items()}
        sums = "".join(f"{value}  {file}\n" for file, value in md5.items() if file not in conffiles)
        old.write_text("".join(f"/{file}\n" for file in (*files, *(links or ()))))
        (info / f"{name}.md5sums").write_text(sums)
        for script, text in (scripts or {}).items():
            (info / f"{name}.{script}").write_text(text)
        self._status(name, version, {file: md5[file] for file in conffiles})

    def _status(self, name: str, version: str, conffiles: dict[str, str]) -> None:
        status = self.path / "var/lib/dpkg/status"
        parts = status.read_text().split("\n\n") if status.exists() else []
        kept = [
            part.strip("\n")
            for part in parts
            if part.strip() and not part.lstrip("\n").startswith(f"Package: {name}\n")
        ]
        lines = [f"Package: {name}", "Status: install ok installed", "Architecture: all", f"Version: {version}"]
        if conffiles:
            lines += ["Conffiles:", *(f" /{file} {md5}" for file, md5 in conffiles.items())]
        status.write_text("\n\n".join([*kept, "\n".join(lines)]) + "\n\n")

    def upgrade(self, *, more: dict[str, tuple[str, int]] | None = None, version: str = "1.1") -> None:
        """An honest upgrade of the package that brings everything: programs and library differ."""
        files = {name: (text + " 1.1" if "ELF" in text else text, mode) for name, (text, mode) in FILES.items()}
        conf = ("etc/cron.d/e2scrub",)
        self.install(BASE, version, files | (more or {}), scripts={"postinst": "#!/bin/sh\nexit 1\n"}, conffiles=conf)

    def baseline(self) -> Baseline:
        return take(self.path, live=False, now=1.0)

    def given(self, kept: Baseline, place: Path) -> Given:
        """Keep a baseline and hold the machine against it."""
        digest = store.write(kept, place)
        return Given(root=self.path, live=False, baseline=place, believed=digest, now=2.0)


def drift(root: SmallRoot, kept: Baseline, place: Path) -> Said:
    """What the baseline check says now."""
    return Drift()(Machine(root.given(kept, place)))
