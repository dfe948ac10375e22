"""Taking a lab down, whoever made it and however that ended.

Comes in: a record. Goes out: nothing of the lab: no process, mount, loop device, namespace or file. It works by what
was recorded before things were made, by the mark in each program's environment, and by which namespace a process is
in; so it finds what a killed run left as well. What can't be removed is named. It may be called twice, or by two at
once.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from garde.contain.actions import proc
from garde.errors import Incomplete
from garde.lab.hospital import network
from garde.lab.hospital.record import Record

GENTLE_S = 2.5  # the agents' and PostgreSQL's time to end by themselves
HARD_S = 5.0
# PostgreSQL takes SIGTERM for "when the last client has gone".
_POLITE = {"postgres": signal.SIGINT}
_PROC = Path("/proc")
_LOOPS = Path("/sys/block")


def take_down(record: Record) -> None:
    """Remove all of it; raises Incomplete naming what would not go."""
    if not record.home.is_dir():
        return
    _end_processes(record)
    left = [f"process {who.pid}" for who in living(record)]
    left += _unmount(record.home)
    if not left:
        # The namespaces go before the record of them: a kill in between must leave what names them.
        network.remove(record.plan.namespaces)
        left = [name for name in record.plan.namespaces if (network.NETNS / name).exists()]
    if left:
        raise Incomplete(f"lab {record.notes.name}: could not remove {', '.join(left)}", "run `garde lab down` again")
    _remove_files(record.home)


def living(record: Record) -> list[proc.Identity]:
    """Every running process of the lab: noted, marked, or in one of its namespaces. Never this one or those above."""
    own = {os.getpid(), *proc.ancestors_of(os.getpid())}
    inside = set(_inodes(record))
    mark = os.fsencode(record.mark)
    noted = {program.identity for program in record.programs()}
    found = []
    for entry in os.scandir(_PROC):
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        who = proc.identity_of(int(entry.name))
        if who and (who in noted or _is_inside(who.pid, inside) or _is_marked(who.pid, mark)):
            found.append(who)
    return found


def _inodes(record: Record) -> Iterator[int]:
    for name in record.plan.namespaces:
        with suppress(OSError):
            yield (network.NETNS / name).stat().st_ino


def _is_inside(pid: int, inodes: set[int]) -> bool:
    with suppress(OSError):
        return (_PROC / str(pid) / "ns" / "net").stat().st_ino in inodes
    return False


def _is_marked(pid: int, mark: bytes) -> bool:
    with suppress(OSError):
        return mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return False


def _end_processes(record: Record) -> None:
    """First those that we started, so that each ends its own children in good order; then whatever is left."""
    programs = [program for program in record.programs() if program.runs]
    for program in reversed(programs):
        with suppress(OSError):
            proc.send(program.identity, _POLITE.get(program.name, signal.SIGTERM))
            proc.send(program.identity, signal.SIGCONT)
    proc.wait_gone([program.identity for program in programs], GENTLE_S)
    until = time.monotonic() + HARD_S
    while whom := living(record):
        for who in whom:
            with suppress(OSError):
                proc.send(who, signal.SIGKILL)
        proc.wait_gone(whom, 0.5)
        if time.monotonic() > until:
            return


def _unmount(home: Path) -> list[str]:
    """Unmount everything below `home`, the last mounted first; return what would not go."""
    left = []
    for mount in reversed(list(_mounts_below(home))):
        for _ in range(20):
            done = subprocess.run(["umount", str(mount)], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            time.sleep(0.1)
        else:
            left.append(f"mount {mount}")
    for image, device in _loops_below(home):
        # The kernel lets go of a loop device with its mount; one that was never mounted stays until it is told.
        done = subprocess.run(["losetup", "-d", device], capture_output=True, text=True, check=False)
        if done.returncode and Path(device.replace("/dev", "/sys/block"), "loop").exists():
            left.append(f"{device} ({image})")
    return left


def _mounts_below(home: Path) -> Iterator[Path]:
    for line in (_PROC / "self" / "mountinfo").read_text(errors="surrogateescape").splitlines():
        path = Path(_unescape(line.split()[4]))
        if path != home and path.is_relative_to(home):
            yield path


def _unescape(text: str) -> str:
    """mountinfo writes blanks and the like as three octal digits."""
    return (
        text.encode(errors="surrogateescape")
        .decode("unicode_escape")
        .encode("latin-1")
        .decode(errors="surrogateescape")
    )


def _loops_below(home: Path) -> Iterator[tuple[str, str]]:
    for entry in sorted(_LOOPS.glob("loop*/loop/backing_file")):
        with suppress(OSError):
            image = entry.read_text().strip().removesuffix(" (deleted)")
            if Path(image).is_relative_to(home):
                yield image, f"/dev/{entry.parts[3]}"


def _remove_files(home: Path) -> None:
    """`lab.json` last: as long as something is there, the lab can be found."""
    # What agents keep as evidence nobody changes, root neither, until the mark is taken away.
    subprocess.run(["chattr", "-R", "-f", "-i", str(home)], capture_output=True, check=False)
    for entry in sorted(home.iterdir(), key=lambda entry: entry.name in ("lab.json", "processes")):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    with suppress(OSError):
        home.rmdir()
        home.parent.rmdir()
