"""The sample share of `garde up`: some 500 made-up hospital documents in `var/share`.

Comes in: `var/`. Goes out: the folder, filled. Where root finds no reflink there, the folder is an XFS loop image
(`var/share.img`), mounted here and unmounted at the end; the image stays, so the next start finds everything again.
Where that cannot be done it is a plain folder, and the reason is said.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DOCUMENTS = 500
_IMAGE_BYTES = 1 << 30  # sparse; mkfs.xfs wants 300 MB at least
_FICLONE = 0x40049409  # linux/fs.h
_COMMAND_S = 60  # mkfs and mount take well under a second
Tell = Callable[[str, str], None]  # line, tone


@contextmanager
def sample_share(var: Path, tell: Tell) -> Iterator[Path]:
    """Make (or find) the share; on leaving, what was mounted from our image is unmounted."""
    share, image = var / "share", var / "share.img"
    share.mkdir(parents=True, exist_ok=True)
    _mount_where_useful(share, image, tell)
    try:
        _fill(share, tell)
        yield share
    finally:
        if is_mounted_from(share, image):
            _unmount(share, tell)


def _mount_where_useful(share: Path, image: Path, tell: Tell) -> None:
    if os.path.ismount(share) or os.geteuid() != 0:
        return
    if not image.exists():
        if any(share.iterdir()) or has_reflink(share):
            return
        if shutil.which("mkfs.xfs") is None:
            tell("No mkfs.xfs (Debian: xfsprogs): the share is a plain folder, files are copied, not cloned", "warn")
            return
    try:
        if not image.exists():
            _make_image(image)
        _run("mount", "-o", "loop,nosuid,nodev", str(image), str(share))
    except (OSError, subprocess.SubprocessError) as error:
        tell(f"No XFS image here ({_reason(error)}): the share is a plain folder, files are copied, not cloned", "warn")


def _make_image(image: Path) -> None:
    """Make the image beside its name, so that a half-made one is never mounted."""
    fresh = image.with_suffix(".new")
    with fresh.open("wb") as stream:
        stream.truncate(_IMAGE_BYTES)
    try:
        _run("mkfs.xfs", "-q", "-f", "-m", "reflink=1", str(fresh))
        fresh.replace(image)
    finally:
        fresh.unlink(missing_ok=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_COMMAND_S)


def _reason(error: Exception) -> str:
    from garde.journal.text import plain

    told = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
    return plain(told.splitlines()[-1] if told else type(error).__name__, 200)


def _unmount(share: Path, tell: Tell) -> None:
    try:
        _run("umount", str(share))
    except (OSError, subprocess.SubprocessError) as error:
        tell(f"{share} stays mounted: {_reason(error)}; leave the folder, then: umount {share}", "warn")


def _fill(share: Path, tell: Tell) -> None:
    """Lay the documents out where none are: our own hidden folders and lost+found do not count."""
    if any(not each.name.startswith(".") and each.name != "lost+found" for each in share.iterdir()):
        return
    from garde.lab.documents import make_share

    tell(f"Making {DOCUMENTS} sample documents in {share} …", "note")
    make_share(share, DOCUMENTS)


def has_reflink(directory: Path) -> bool:
    """Try it: whether two files there can share their blocks."""
    with tempfile.TemporaryFile(dir=directory) as source, tempfile.TemporaryFile(dir=directory) as target:
        source.write(b"x" * 4096)
        source.flush()
        try:
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
        except OSError:
            return False
    return True


def is_mounted_from(place: Path, image: Path) -> bool:
    """Whether the file system at `place` comes from the loop image `image`."""
    if not os.path.ismount(place):
        return False
    device = place.stat().st_dev
    backing = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/loop/backing_file")
    try:
        return backing.read_text().rstrip("\n") == str(image.resolve())
    except OSError:
        return False
