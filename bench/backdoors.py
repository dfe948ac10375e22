"""What the gate's baseline sees: planted backdoors, and an honest upgrade of real packages.

Comes in: root on Linux, debootstrap and a Debian archive that answers. Goes out: one row for each backdoor (found or
not, and by which line), one for the upgrade (packages, files that changed, lines that nothing explained), the time of a
baseline and of a sweep. The root is made for it: a small Debian server, as it was released; the upgrade takes what the
archive has brought since. Each plant gets an overlay of its own over that root. `garde gate` runs as a program.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.backdoor_plants import PLANTS, Plant
from bench.common import Report, Result, Row, UnavailableError, need_root, warn_if_busy
from bench.stats import median

PACKAGES = (
    "openssh-server,cron,at,sudo,python3,python3-yaml,ca-certificates,debsums,systemd-sysv,dbus,rsync,nftables,vim-tiny,"
    "locales,openssl,curl,apt,gpgv,samba,bash-completion,logrotate,polkitd"
)
QUICK = 10  # plants of a quick run
KEPT = "GARDE_BENCH_ROOT"  # a folder with a root that was made before: minutes are saved


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Make the root, plant, upgrade."""
    need_root("a root directory of its own")
    warn_if_busy(report)
    with tempfile.TemporaryDirectory(prefix="garde-backdoors-") as name:
        place = Path(name)
        root = _root(place, report)
        digest, took = _baseline(root, place / "kept.json", report)
        rows: list[Row] = []
        seconds: list[float] = []
        for plant in [each for each in (PLANTS[:QUICK] if quick else PLANTS) if only in each.name]:
            row, spent = _planted(plant, root, place, digest)
            report(f"{plant.name}: {row['found']}")
            rows.append(row)
            seconds.append(spent)
        rows += [_listener(root, place), _forced_library(root, place)]
        upgrade = _upgrade(root, place, digest, report)
    missed = [row["backdoor"] for row in rows if row["found"] is False]
    figures = {
        "planted": len(rows), "found": sum(row["found"] is True for row in rows), "missed": missed or 0,
        "upgraded_packages": upgrade["packages"], "upgrade_false": upgrade["false"],
        "baseline_s": took, "compare_s": median(seconds), "items": upgrade["items"],
    }  # fmt: skip
    return {"name": "backdoors", "figures": figures, "rows": [*rows, upgrade["row"]]}


# --- the root ---------------------------------------------------------------------------------------------------------


def _root(place: Path, report: Report) -> Path:
    kept, archives = os.environ.get(KEPT, ""), _archives()
    root = Path(kept) if kept else place / "root"
    if not (root / "usr/bin").is_dir():
        report("making a small Debian server (some minutes)")
        address, suite = min(archives, key=lambda each: len(each[1]))  # the release, not its updates
        told = _run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(root), address])
        if told.returncode:
            raise UnavailableError(f"debootstrap: {told.stdout.strip().splitlines()[-1:] or told.stderr[-200:]}")
    # Where upgrades come from, named before the baseline as on every server.
    lines = [f"deb {address} {suite} main" for address, suite in archives]
    (root / "etc/apt/sources.list").write_text("\n".join([*lines, ""]), encoding="utf-8")
    policy = root / "usr/sbin/policy-rc.d"  # nothing starts in there
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    return root


def _archives() -> list[tuple[str, str]]:
    """The Debian archives that this machine itself takes packages from: address and suite."""
    form = "$(REPO_URI) $(RELEASE) $(ORIGIN) $(COMPONENT)"
    told = _run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    words = [line.split(" ") for line in sorted(set(told.stdout.splitlines()))]
    found = [(each[0], each[1]) for each in words if each[2:] == ["Debian", "main"]]
    if not found:
        raise UnavailableError("this machine's apt knows no Debian archive")
    return found


def _run(words: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=1800, **how)
    except FileNotFoundError as error:
        raise UnavailableError(f"{words[0]} is not installed") from error


@contextmanager
def _over(root: Path, place: Path) -> Iterator[Path]:
    """The root with a layer of its own on top: what is planted is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="layer-", dir=place) as name:
        upper, work, merged = (Path(name, part) for part in ("upper", "work", "merged"))
        for folder in (upper, work, merged):
            folder.mkdir()
        options = f"lowerdir={root},upperdir={upper},workdir={work}"
        told = _run(["mount", "-t", "overlay", "overlay", "-o", options, str(merged)])
        if told.returncode:
            raise UnavailableError(f"no overlay: {told.stderr.strip()}")
        try:
            yield merged
        finally:
            _run(["umount", str(merged)])


# --- garde gate -------------------------------------------------------------------------------------------------------


def _gate(*words: str) -> list[dict[str, Any]]:
    told = _run([sys.executable, "-m", "garde.cli", "gate", *words, "--json", "--state", "/nonexistent/garde"])
    return [json.loads(line) for line in told.stdout.splitlines()]


def _baseline(root: Path, kept: Path, report: Report, *more: str) -> tuple[str, float]:
    (said,) = _gate("baseline", "--root", str(root), "--baseline", str(kept), *more)
    report(f"baseline of {said['items']} items in {said['seconds']} s")
    return said["sha256"], said["seconds"]


def _sweep(root: Path, kept: Path, digest: str, *more: str) -> dict[str, Any]:
    words = ("--root", str(root), "--baseline", str(kept), "--believe", digest, "--check", "baseline", *more)
    said = [each for each in _gate("sweep", *words) if each["kind"] == "check"]
    return said[0] if said else {"answer": "none", "found": []}


def _planted(plant: Plant, root: Path, place: Path, digest: str) -> tuple[Row, float]:
    with _over(root, place) as merged:
        try:
            plant.run(merged)
        except OSError as error:
            return _row(plant.name, None, f"could not be planted: {error}"), 0.0
        begun = time.monotonic()
        said = _sweep(merged, place / "kept.json", digest)
        spent = time.monotonic() - begun
    return _row(plant.name, said["answer"] == "no" and bool(said["found"]), _first(said)), spent


def _row(name: str, found: bool | None, line: str) -> Row:
    return {"backdoor": name, "found": found, "line": line}


def _first(said: dict[str, Any]) -> str:
    lines = said["found"]
    return f"{lines[0]}{f' (and {len(lines) - 1} more)' if len(lines) > 1 else ''}" if lines else ""


def _listener(root: Path, place: Path) -> Row:
    kept = place / "live.json"
    digest, _ = _baseline(root, kept, lambda _: None, "--live")
    with socket.create_server(("127.0.0.1", 0)) as server:
        os.set_inheritable(server.fileno(), True)
        said = _sweep(root, kept, digest, "--live")
    lines = [line for line in said["found"] if line.startswith("listener new") and "python" in line]
    return _row("new listener", bool(lines), lines[0] if lines else "")


def _forced_library(root: Path, place: Path) -> Row:
    """A process that was made to load a foreign library (a sound one of this machine, harmless)."""
    kept = place / "forced.json"
    digest, _ = _baseline(root, kept, lambda _: None, "--live")
    library = f"/lib/{platform.machine()}-linux-gnu/libm.so.6"
    with subprocess.Popen(["sleep", "60"], env={"LD_PRELOAD": library, "PATH": os.environ["PATH"]}) as process:
        said = _sweep(root, kept, digest, "--live")
        process.kill()
    lines = [line for line in said["found"] if line.startswith("preload new: process")]
    return _row("LD_PRELOAD of a process", bool(lines), lines[0] if lines else "")


# --- the honest upgrade -----------------------------------------------------------------------------------------------


def _upgrade(root: Path, place: Path, digest: str, report: Report) -> dict[str, Any]:
    report("upgrading the packages of that server")
    with _over(root, place) as merged:
        (merged / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
        how = {"env": {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}}
        for words in (["apt-get", "update"], ["apt-get", "-y", "full-upgrade"]):
            told = _run(["chroot", str(merged), *words], **how)
            if told.returncode:
                raise UnavailableError(f"{' '.join(words)}: {told.stderr.strip()[-200:]}")
        packages = sum(line.startswith("Unpacking ") for line in told.stdout.splitlines())
        said = _sweep(merged, place / "kept.json", digest)
        items = _gate("baseline", "--root", str(merged), "--baseline", str(place / "after.json"))[0]["items"]
    explained = sum(int(line.rsplit(": ", 1)[1]) for line in said["noted"])
    line = f"{packages} packages upgraded, {explained} changes explained, {len(said['found'])} not" + (
        f": {_first(said)}" if said["found"] else ""
    )
    row = {"backdoor": "(none: an honest upgrade)", "found": bool(said["found"]), "line": line}
    return {"packages": packages, "false": len(said["found"]), "items": items, "row": row}
