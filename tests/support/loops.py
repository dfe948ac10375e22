"""A small file system of a test's own on a loop image, in memory where there is room: made at once, gone at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

MAKE = {"xfs": ["mkfs.xfs", "-q", "-m", "reflink=1"], "btrfs": ["mkfs.btrfs", "-q"], "ext4": ["mkfs.ext4", "-q"]}
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Loop:
    """One mounted image."""

    home: Path

    @property
    def mount(self) -> Path:
        return self.home / "disk"

    def end(self) -> None:
        """Unmount it; its marks and files go with the image."""
        subprocess.run(["umount", "--lazy", str(self.mount)], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)


def missing(kind: str) -> str:
    """Why there can be none here; "": there can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    return "" if shutil.which(MAKE[kind][0]) else f"{MAKE[kind][0]} is not installed"


def make(kind: str, size: int = 1 << 29) -> Loop:
    """Make and mount one."""
    loop = _home(size)
    with _image(loop).open("xb") as file:
        file.truncate(size)
    _call([*MAKE[kind], str(_image(loop))])
    _call(["mount", "-o", "loop", str(_image(loop)), str(loop.mount)])
    return loop


def copy(other: Loop, options: str = "loop") -> Loop:
    """Make another one with the same in it. The first must not be written to meanwhile."""
    _call(["sync", "--file-system", str(other.mount)])
    loop = _home(_image(other).stat().st_size)
    _call(["cp", "--sparse=always", str(_image(other)), str(_image(loop))])
    _call(["mount", "-o", options, str(_image(loop)), str(loop.mount)])
    return loop


def _home(size: int) -> Loop:
    place = _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2 * size else Path("/var/tmp")
    loop = Loop(Path(tempfile.mkdtemp(prefix="garde-test-loop-", dir=place)))
    loop.home.chmod(0o755)
    loop.mount.mkdir()
    return loop


def _image(loop: Loop) -> Path:
    return loop.home / "image"


def _call(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)
