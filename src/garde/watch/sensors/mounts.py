"""Mount points: which mounts a tree reaches.

Comes in: a tree's path and the text of /proc/self/mountinfo. Goes out: the mounts in and around it that can hold
users' files. It mounts nothing and asks nothing of the file systems themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from garde.watch.sensors.base import is_under

MOUNTINFO = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(rb"\\([0-7]{3})")

# Kernel interfaces: they hold nobody's files, and most refuse marks. Left out without a word.
_INTERFACES = frozenset(
    b"proc sysfs devtmpfs devpts cgroup cgroup2 securityfs debugfs tracefs configfs pstore bpf mqueue hugetlbfs "
    b"fusectl binfmt_misc autofs efivarfs rpc_pipefs nsfs nfsd fuse.lxcfs selinuxfs".split()
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    id: int
    point: bytes
    kind: bytes  # file system type


def parse(text: bytes) -> list[Mount]:
    """Return the mounts of a mountinfo text; lines that make no sense are left out."""
    mounts = []
    for line in text.splitlines():
        fields = line.split(b" ")
        if b"-" not in fields[6:-1] or not fields[0].isdigit():
            continue
        kind = fields[fields.index(b"-", 6) + 1]
        point = _ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 255]), fields[4])
        mounts.append(Mount(int(fields[0]), point, kind))
    return mounts


def points_of(tree: bytes, mounts: Sequence[Mount]) -> list[bytes]:
    """Return `tree` and every mount point below it that can hold users' files."""
    below = [mount.point for mount in mounts if mount.point != tree and is_under(mount.point, tree)]
    hidden = {mount.point for mount in mounts if mount.kind in _INTERFACES}
    return [tree, *dict.fromkeys(point for point in below if point not in hidden)]
