"""Real ZFS and LVM snapshots for the conformance suite, where the kernel has what they need.

Comes in: a directory. Goes out: `Made` (point_stores.py); `missing` says why this machine cannot make one.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from tests.support.point_stores import Made, change, fill, run

from garde.clock import SystemClock
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.table import open_store

SIZE = 1 << 28


def missing(sort: str) -> str:
    """Why there can be no store of this sort here; "": there can."""
    if os.geteuid() != 0:
        return "making volumes needs root"
    program = {"zfs": "zpool", "lvm": "vgcreate"}[sort]
    if shutil.which(program) is None:
        return f"{program} is not installed"
    if sort == "zfs":
        return "" if Path("/dev/zfs").exists() else "this kernel has no ZFS"
    return "" if Path("/dev/mapper/control").exists() else "this kernel has no device mapper"


def zfs(base: Path) -> Made:
    pool, image, volume = f"gardetest{secrets.token_hex(4)}", base / "image", base / "volume"
    with image.open("xb") as file:
        file.truncate(SIZE)
    run("zpool", "create", "-O", f"mountpoint={volume}", pool, image)
    live = volume / "share"
    first = fill(live)
    run("zfs", "snapshot", f"{pool}@first")
    time.sleep(1.1)  # it counts whole seconds
    second = change(live)
    run("zfs", "snapshot", f"{pool}@second")
    return _made(
        base,
        StoreSettings(
            id="files-zfs", sort="zfs", covers="files1", repository=pool, paths=(str(live),),
            options={"source": str(volume)},
        ),
        (first, second),
        undo=lambda: subprocess.run(["zpool", "destroy", "-f", pool], check=False),
        new_backup=lambda: run("zfs", "snapshot", f"{pool}@new-{time.monotonic_ns()}"),
        shorten=lambda: run("zfs", "destroy", f"{pool}@first"),
    )  # fmt: skip


def lvm(base: Path) -> Made:
    group, image, volume = f"gardetest{secrets.token_hex(4)}", base / "image", base / "volume"
    with image.open("xb") as file:
        file.truncate(SIZE)
    device = run("losetup", "--find", "--show", image).strip()
    run("vgcreate", "-q", group, device)
    run("lvcreate", "-q", "-y", "-n", "live", "-L", "64M", group)
    run("mkfs.ext4", "-q", f"/dev/{group}/live")
    volume.mkdir()
    run("mount", f"/dev/{group}/live", volume)

    def take(name: str) -> str:
        return run("lvcreate", "-q", "-y", "-s", "-n", name, "-L", "32M", f"{group}/live")

    def undo() -> None:
        for words in (["umount", str(volume)], ["vgremove", "-f", group], ["losetup", "-d", device]):
            subprocess.run(words, check=False, capture_output=True)

    live = volume / "share"
    first = fill(live)
    take("first")
    time.sleep(1.1)
    second = change(live)
    take("second")
    return _made(
        base,
        StoreSettings(
            id="files-lvm", sort="lvm", covers="files1", repository=f"{group}/live", paths=(str(live),),
            options={"source": str(volume)},
        ),
        (first, second),
        undo=undo,
        new_backup=lambda: take(f"new{time.monotonic_ns()}"),
        shorten=lambda: run("lvremove", "-y", f"{group}/first"),
    )  # fmt: skip


def _made(
    base: Path, settings: StoreSettings, truths: tuple[dict[bytes, bytes], dict[bytes, bytes]], **how: object
) -> Made:
    return Made(
        store=open_store(settings, base / "state", SystemClock()),
        settings=settings,
        state=base / "state",
        live=Path(settings.paths[0]),
        truths=truths,
        names=("first", "second"),
        **how,  # type: ignore[arg-type]
    )
