"""Where cgroup v2 is mounted, and what a path tells about holds. The freezing itself is tested on the kernel."""

from __future__ import annotations

from pathlib import Path

from garde.contain.actions import cgroup

HYBRID = """\
cgroup /sys/fs/cgroup/freezer cgroup rw,relatime,freezer 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
"""


def test_hybrid_pure_and_none() -> None:
    assert cgroup.find_root(HYBRID) == Path("/sys/fs/cgroup/unified")
    assert cgroup.find_root("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0\n") == Path("/sys/fs/cgroup")
    assert cgroup.find_root("cgroup2 /sys/fs/cgroup cgroup2 ro,nosuid 0 0\n") is None, "a container's, read-only"
    assert cgroup.find_root("tmpfs /tmp tmpfs rw 0 0\nshort\n") is None


def test_paths_of_holds() -> None:
    assert not cgroup.is_held("/system.slice/x.service")
    assert cgroup.is_held("/system.slice/x.service/garde-hold-1")
    assert cgroup.home_of("/system.slice/x.service/garde-hold-1") == "/system.slice/x.service"
    assert cgroup.home_of("/garde-hold-1") == "/"
    assert cgroup.home_of("/a") == "/a"
