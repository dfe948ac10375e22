"""A file system of its own for each server: XFS with reflink, on a loop image in the lab's directory.

Comes in: a machine's home. Goes out: its disk, mounted. The image is sparse. Unmounting is `remains.py`'s business.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from garde.errors import Incomplete

SIZE = 1 << 30  # bytes; sparse: some 60 MB of it are ever written
MAKE = ["mkfs.xfs", "-q", "-m", "reflink=1"]


def make(home: Path) -> Path:
    """Make and mount the disk of one machine; returns where."""
    image, mount = home / "disk.img", home / "disk"
    mount.mkdir()
    with image.open("xb") as handle:
        handle.truncate(SIZE)
    _call([*MAKE, str(image)])
    _call(["mount", "-o", "loop,nosuid,nodev", str(image), str(mount)])
    mount.chmod(0o755)
    return mount


def _call(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Incomplete(f"{words[0]}: {done.stderr.strip()[-200:]}", "`garde lab down`, then try again")
