"""Set-uid and set-gid files, and devices outside /dev, anywhere on the machine's own file systems.

Comes in: a root. Goes out: path -> thing, content not read. File systems that are mounted `nosuid,nodev` are passed
over, for a file has no power there; those of the network belong to another machine. It follows no link.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from garde.recovery.checks.names import Root, spell
from garde.recovery.checks.places import UNREACHABLE
from garde.recovery.checks.things import NONE, Thing, kind_of

_FOREIGN: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse", "autofs", "afs", "ncpfs"}
)
_PSEUDO: Final = frozenset({
    "proc", "sysfs", "cgroup", "cgroup2", "devpts", "debugfs", "tracefs", "securityfs", "pstore", "bpf",
    "configfs", "efivarfs", "mqueue", "hugetlbfs", "fusectl", "binfmt_misc", "nsfs", "rpc_pipefs", "selinuxfs",
})  # fmt: skip


def find_raised(root: Root, *, live: bool, skipped: list[str]) -> dict[str, Thing]:
    """Walk every local file system of the root; without `live` the one that it lies on."""
    mounts = _mounts() if live else {}
    device = None if live else os.lstat(root.disk(b"/")).st_dev
    found: dict[str, Thing] = {}
    waiting = [b"", *(point for point, walked in mounts.items() if walked and point != b"/")]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root.disk(folder or b"/")) as entries:
                for entry in entries:
                    below = _look(entry, folder, found)
                    if below and folder + b"/" + entry.name not in mounts and _is_within(entry, device):
                        waiting.append(folder + b"/" + entry.name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                skipped.append(f"{spell(folder)}: {error.strerror}")
    return found


def _is_within(entry: os.DirEntry[bytes], device: int | None) -> bool:
    return device is None or entry.stat(follow_symlinks=False).st_dev == device


def _look(entry: os.DirEntry[bytes], folder: bytes, found: dict[str, Thing]) -> bool:
    """Note one entry; returns whether it is a directory to go into."""
    if entry.is_symlink():
        return False
    path = folder + b"/" + entry.name
    if entry.is_dir(follow_symlinks=False):
        return path not in UNREACHABLE
    try:
        info = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    mode = info.st_mode
    if stat.S_ISREG(mode):
        if mode & stat.S_ISUID or mode & (stat.S_ISGID | 0o010) == stat.S_ISGID | 0o010:
            found[spell(path)] = _thing(info, NONE)
    elif (stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and info.st_rdev)) and not path.startswith(b"/dev/"):
        # A character device 0:0 is overlayfs's sign for a removed file.
        found[spell(path)] = _thing(info, f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}")
    return False


def _thing(info: os.stat_result, content: str) -> Thing:
    return Thing(kind_of(info.st_mode), stat.S_IMODE(info.st_mode), f"{info.st_uid}:{info.st_gid}", content)


def _mounts() -> dict[bytes, bool]:
    """Every mount point, and whether it is walked: each is judged by its own flags, whatever it lies in."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return {}
    found: dict[bytes, bool] = {}
    for line in lines:
        before, _, after = line.partition(b" - ")
        words, sort = before.split(b" "), after.split(b" ")[0].decode("ascii", "replace")
        if len(words) > 5:
            powerless = {b"nosuid", b"nodev"} <= set(words[5].split(b","))
            # A later mount hides an earlier one at the same place.
            found[_plain(words[4])] = not (powerless or sort.split(".")[0] in _FOREIGN or sort in _PSEUDO)
    return found


def _plain(word: bytes) -> bytes:
    """The kernel writes blanks and the like in octal: `\\040`."""
    parts = word.split(b"\\")
    return parts[0] + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in parts[1:])
