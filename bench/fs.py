"""File systems made for one run: an XFS (with reflink) or ext4 image on a loop device, mounted and removed cleanly.

Comes in: kind and size. Goes out: the mount point, for the length of a `with`. It needs root; elsewhere it raises
UnavailableError. Images lie in RAM (/dev/shm) where there is room, so that the disk's mood is not measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.common import UnavailableError, need_root

MKFS: dict[str, list[str]] = {
    "xfs": ["mkfs.xfs", "-q", "-m", "reflink=1"],
    # lazy_itable_init=0: else the kernel writes inode tables behind the measurement's back
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
}
SHM = Path("/dev/shm")
UNMOUNT_TRIES = 50  # × 0.1 s: a process that was just ended may still hold a file


@contextmanager
def image(kind: str, size_mb: int = 2048, where: Path | None = None) -> Iterator[Path]:
    """Give a fresh file system of that kind; its image and mount point are gone afterwards."""
    need_root(f"an {kind} loop image")
    maker = MKFS[kind]
    if shutil.which(maker[0]) is None:
        raise UnavailableError(f"{maker[0]} is not installed")
    place = Path(tempfile.mkdtemp(prefix=f"garde-bench-{kind}-", dir=where or backing(size_mb)))
    place.chmod(0o755)  # tools that run as another user must get through
    try:
        yield from _mounted(kind, place, size_mb)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _mounted(kind: str, place: Path, size_mb: int) -> Iterator[Path]:
    disk, mount = place / "disk", place / "mount"
    mount.mkdir()
    with disk.open("wb") as handle:
        handle.truncate(size_mb << 20)
    _call([*MKFS[kind], str(disk)])
    _call(["mount", "-o", "loop", str(disk), str(mount)])
    try:
        mount.chmod(0o755)
        yield mount
    finally:
        unmount(mount)


def backing(size_mb: int) -> Path:
    """Return where an image of that size goes: RAM if half of it stays free, else the temporary folder."""
    if SHM.is_dir() and os.access(SHM, os.W_OK):
        free = shutil.disk_usage(SHM).free >> 20
        if free > 2 * size_mb:
            return SHM
    return Path(tempfile.gettempdir())


def unmount(mount: Path) -> None:
    """Unmount, waiting for the last handles; at the end let go lazily rather than leave the mount in the tree."""
    for _ in range(UNMOUNT_TRIES):
        if subprocess.run(["umount", str(mount)], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(["umount", "--lazy", str(mount)], capture_output=True, check=False)


def has_reflink(folder: Path) -> bool:
    """Say whether FICLONE works in that folder."""
    import fcntl

    ficlone = 0x40049409  # linux/fs.h
    source, target = folder / ".reflink-a", folder / ".reflink-b"
    try:
        source.write_bytes(b"x" * 4096)
        with source.open("rb") as read, target.open("wb") as write:
            fcntl.ioctl(write.fileno(), ficlone, read.fileno())
        return True
    except OSError:
        return False
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def _call(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{argv[0]} failed: {done.stderr.decode(errors='replace').strip()[-200:]}")
