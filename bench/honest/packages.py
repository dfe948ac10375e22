"""Package upgrade and pip install.

Debian packages are built here from files that are installed on this machine, in two versions, and installed by dpkg
into a root of their own: dpkg's real unpack-and-rename without the network and without touching the machine. Wheels
are zipped again from this environment's own installed distributions.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

from bench.honest.base import Scenario, ToolFailedError, Work

DONORS = ("git", "perl-base", "perl", "coreutils", "man-db", "util-linux", "bash", "e2fsprogs", "openssl", "xfsprogs")
FILES = 400  # per package and version at most


def _files_of(package: str) -> list[Path]:
    listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False).stdout
    paths = [Path(line) for line in listed.splitlines()]
    return [path for path in paths if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)][:FILES]


def _next_version(path: Path, content: bytes) -> bytes:
    """Return what a later build of the file would hold: text edited, gzip packed again, ELF with another comment."""
    if path.suffix == ".gz":
        return gzip.compress(gzip.decompress(content) + b'\n.\\" next version\n', 9, mtime=1)
    if content[:4] == b"\x7fELF":
        done = subprocess.run(
            ["objcopy", "--remove-section=.comment", "--set-section-flags", ".note.gnu.build-id=alloc,readonly",
             "/dev/stdin", "/dev/stdout"], input=content, capture_output=True, check=False,
        )  # fmt: skip
        return done.stdout or content
    return content + b"\n" if b"\0" not in content[:4096] else content


def _build(work: Work, package: str, version: int) -> Path:
    tree = work.aside / f"{package}-{version}"
    for path in _files_of(package):
        target = tree / str(path).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        target.write_bytes(content if version == 1 else _next_version(path, content))
        target.chmod(path.stat().st_mode & 0o755)
    control = tree / "DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        f"Package: {package}\nVersion: {version}\nArchitecture: all\nMaintainer: bench <bench@localhost>\n"
        "Description: built from installed files\n",
        encoding="ascii",
    )
    out = work.aside / f"{package}_{version}.deb"
    work.run("dpkg-deb", "--build", "--root-owner-group", "-Zgzip", "-z1", tree, out, cwd=work.aside)
    return out


def _dpkg(work: Work, version: int) -> None:
    debs = sorted(work.aside.glob(f"*_{version}.deb"))
    work.run("dpkg", f"--root={work.root}", "--force-all", "--install", *debs)


def _prepare_upgrade(work: Work) -> None:
    database = work.root / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True)
    (database / "status").touch()
    (database / "available").touch()
    donors = [name for name in DONORS if _files_of(name)]
    if not donors:
        raise ToolFailedError("dpkg knows no installed package to take files from")
    for package in donors[: work.size(len(donors), 3)]:
        _build(work, package, 1)
        _build(work, package, 2)
    _dpkg(work, 1)


def _reinstall_loop(work: Work) -> None:
    for _ in range(2):
        for deb in sorted(work.aside.glob("*_?.deb")):
            work.run("dpkg-deb", "-x", deb, work.root)


def _wheel(found: Distribution, folder: Path) -> Path | None:
    """Zip an installed distribution back into a wheel; None for one that has no plain record."""
    tags = [line[5:].strip() for line in (found.read_text("WHEEL") or "").splitlines() if line.startswith("Tag:")]
    tag = next((tag for tag in tags if not tag.startswith("py2-")), "")
    if not tag or not found.files:
        return None
    name = f"{found.metadata['Name'].replace('-', '_')}-{found.version}-{tag}.whl"
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for item in found.files:
            place = Path(str(item.locate()))
            if not str(item).startswith("..") and "__pycache__" not in str(item) and place.is_file():
                archive.write(place, str(item))
    return folder / name


def _prepare_pip(work: Work) -> None:
    wheels = work.aside / "wheels"
    wheels.mkdir()
    sizes = sorted(distributions(), key=lambda found: len(found.files or ()), reverse=True)
    for found in sizes[:12] if not work.quick else sizes[8:11]:
        _wheel(found, wheels)
    if not any(wheels.iterdir()):
        raise ToolFailedError("this environment has no distribution that can be zipped into a wheel")


def _pip(work: Work, *more: str) -> None:
    wheels = sorted((work.aside / "wheels").glob("*.whl"))
    python = sys.executable if _has_pip(sys.executable) else shutil.which("python3") or "python3"
    work.run(
        python, "-m", "pip", "install", "--no-index", "--no-deps", "--ignore-requires-python", "--target",
        work.root / "site", *more, *wheels,
    )  # fmt: skip


def _has_pip(python: str) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _install_and_upgrade(work: Work) -> None:
    _pip(work)
    _pip(work, "--upgrade", "--force-reinstall")


SCENARIOS = (
    Scenario(
        "package upgrade", "dpkg --root upgrade", ("dpkg-deb", "objcopy"), _prepare_upgrade, lambda w: _dpkg(w, 2)
    ),
    Scenario("package upgrade", "dpkg-deb -x loop", ("dpkg-deb", "objcopy"), _prepare_upgrade, _reinstall_loop),
    Scenario("pip install", "pip install --target, twice", (), _prepare_pip, _install_and_upgrade),
)
