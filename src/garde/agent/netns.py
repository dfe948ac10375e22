"""Entering a network namespace: the lab runs each server's agent in one.

Comes in: a name as `ip netns` has it. Goes out: nothing; this process, and what it forks from here on, is in it. The
fork tree has to be open before: the kernel's process events come to the first namespace only.
"""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path

from garde.errors import NotFound, NotPermitted

_NAMES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def enter(name: str) -> None:
    """Enter the namespace; raises NotFound or NotPermitted."""
    if not _NAME.fullmatch(name):
        raise NotFound(f"{name!r} is no network namespace", "see `ip netns list`")
    try:
        descriptor = os.open(_NAMES / name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound(f"network namespace {name}: {error.strerror}", "see `ip netns list`") from error
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
            raise NotPermitted(f"network namespace {name}: {os.strerror(ctypes.get_errno())}", "run it as root")
    finally:
        os.close(descriptor)
