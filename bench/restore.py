"""Bringing 100,000 files back: from restic beside `restic restore` itself, from pre-images beside a copy.

Comes in: root on Linux, restic, an XFS image on the disk. Goes out: a row for each step with its seconds: brought,
verified and put in place stand apart. The files are the lab's documents (docx, pdf, jpeg, dicom and others, 0.3 kB to 2
MB), each with an ending of its own so that no two are alike, none sparse. `garde point` runs as a program; only the
first pass of the vault is called directly, as there is no command for it alone. Before every timed step the file system
is synced, and a copy and a restore count until their data are on the disk. Caches stay warm for all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.common import Report, Result, Row, UnavailableError, need_root, warn_if_busy
from bench.fs import image

FILES, QUICK_FILES = 100_000, 4_000
KINDS = 500  # documents that differ in more than their ending
SEED = 2026
FOLDER = 500  # files in a folder
ROOT = Path(__file__).resolve().parents[1]
LARGE = 40  # files of the third tree; together about as many bytes as the first
BYTES_EACH = 33_000  # a file of the first tree, on average


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Make the files, back them up, and bring them back; `only` names one of: restic, pre-images, large."""
    need_root("the owners of restored files")
    if shutil.which("restic") is None:
        raise UnavailableError("restic is not installed")
    warn_if_busy(report)
    count = QUICK_FILES if quick else FILES
    rows: list[Row] = []
    sizes: list[int] = []
    with tempfile.TemporaryDirectory(prefix="garde-restore-") as name:
        base = Path(name)
        for leg, megabytes, part in (
            ("restic", (4_000, 40_000), _Bench.restic_leg),
            ("pre-images", (2_500, 26_000), _Bench.pre_images_leg),
            ("large", (2_500, 26_000), _Bench.large_leg),
        ):
            if only in leg:
                with image("xfs", megabytes[not quick], where=base) as mount:
                    sizes.append(part(_Bench(mount, base, report, rows), count))
    return {"name": "restore", "figures": _figures(rows, count, max(sizes, default=0)), "rows": rows}


def _figures(rows: list[Row], count: int, size: int) -> dict[str, Any]:
    seconds = {str(row["what"]): float(row["seconds"]) for row in rows}
    small, large = f"{count:,} files", f"{LARGE} large files"
    figures: dict[str, Any] = {"files": count, "gb": size / 1e9}
    if "restic: put in place" in seconds:
        figures |= {
            "restic_ratio": seconds["restic: brought by garde"] / seconds["restic: restic restore"],
            "restic_verify_s": seconds["restic: verified"],
            "place_s": seconds["restic: put in place"],
        }
    if f"{small}: put in place" in seconds:
        figures |= {
            "reflink_faster": seconds[f"{small}: copied"] / seconds[f"{small}: brought from pre-images"],
            "reflink_faster_in_place": _in_place(seconds, small),
            "reflink_verify_s": seconds[f"{small}: verified"],
        }
    if f"{large}: put in place" in seconds:
        figures["reflink_faster_large"] = _in_place(seconds, large)
    return figures


def _in_place(seconds: dict[str, float], what: str) -> float:
    """A copy, and then put in place as Garde does it, against pre-images put in place."""
    placed = seconds[f"{what}: put in place"]
    return (seconds[f"{what}: copied"] + placed) / (seconds[f"{what}: brought from pre-images"] + placed)


class _Bench:
    """One file system with a tree on it."""

    def __init__(self, mount: Path, base: Path, report: Report, rows: list[Row]) -> None:
        self._mount = mount
        self._live = mount / "share"
        self._state = Path(tempfile.mkdtemp(prefix="state-", dir=base))
        self._report = report
        self._rows = rows

    # --- the three legs, each on a file system of its own; each returns the bytes of its files ---

    def restic_leg(self, count: int) -> int:
        self._report(f"making {count:,} files")
        size = self.fill(count)
        self.from_restic()
        return size

    def pre_images_leg(self, count: int) -> int:
        self._report("the same files for the vault")
        size = self.fill(count)
        self.from_pre_images(f"{count:,} files")
        return size

    def large_leg(self, count: int) -> int:
        size = BYTES_EACH * count
        self.fill_large(size)
        self.from_pre_images(f"{LARGE} large files")
        return size

    # --- trees -------------------------------------------------------------------------------------------------------

    def fill(self, count: int) -> int:
        """Write the files; returns their bytes."""
        from garde.lab.documents import make_share

        with tempfile.TemporaryDirectory(prefix="garde-kinds-") as kinds:
            make_share(Path(kinds), KINDS, SEED)
            documents = [(path.suffix, path.read_bytes()) for path in sorted(Path(kinds).rglob("*")) if path.is_file()]
        size = 0
        for number in range(count):
            ending, content = documents[number % len(documents)]
            folder = self._live / f"ward-{number // FOLDER:03}"
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / f"document-{number:06}{ending}").open("wb") as file:
                size += file.write(content + b"\n%%%06d\n" % number)
        return size

    def fill_large(self, size: int) -> None:
        """As many bytes in few files: text that no two files share."""
        self._live.mkdir(exist_ok=True)
        for number in range(LARGE):
            line = b"".join(b"patient %d, ward %d, potassium 4.%d\n" % (n, number, n % 10) for n in range(20_000))
            with (self._live / f"export-{number:03}.csv").open("wb") as file:
                while file.tell() < size // LARGE:
                    file.write(b"part %d\n" % file.tell() + line)

    # --- restic ------------------------------------------------------------------------------------------------------

    def from_restic(self) -> None:
        """A repository of the tree; restic's own restore, then Garde's."""
        repository, password = self._mount / "repository", self._state / "password"
        password.write_text("secret\n", encoding="utf-8")
        restic = ["restic", "-q", "-r", str(repository), "--password-file", str(password)]
        self._report("restic: init and backup")
        subprocess.run([*restic, "init"], check=True)
        subprocess.run([*restic, "backup", str(self._live)], check=True)
        self._settings(f'sort = "restic"\nrepository = "{repository}"\npassword_file = "{password}"\n')
        plain = self._mount / "plain"
        self._timed("restic: restic restore", lambda: _call([*restic, "restore", "latest", "--target", str(plain)]))
        shutil.rmtree(plain)
        (point,) = [each["point"] for each in self._garde("list") if each["kind"] == "point"]
        self._steps("restic", "brought by garde", point)

    # --- pre-images --------------------------------------------------------------------------------------------------

    def from_pre_images(self, what: str) -> None:
        """The vault's first pass; a copy of the tree, then the tree brought back and put in place."""
        from garde.clock import SystemClock
        from garde.settings import VaultSettings
        from garde.vault import Vault

        self._report(f"{what}: the vault's first pass")
        with Vault(self._state, [os.fsencode(self._live)], VaultSettings(), clock=SystemClock()) as vault:
            vault.scan([os.fsencode(self._live)])
            vault.hash_some(3600.0)
        self._settings('sort = "vault"\n')
        plain = self._mount / "plain"
        self._timed(f"{what}: copied", lambda: _call(["cp", "-a", "--reflink=never", str(self._live), str(plain)]))
        shutil.rmtree(plain)
        point = next(each for each in self._garde("list") if each["kind"] == "point")
        moment = f"{point['point']}@{point['until']}".replace("Z", "").rpartition(".")[0]
        self._steps(what, "brought from pre-images", f"{moment}.000000Z")

    # --- steps -------------------------------------------------------------------------------------------------------

    def _settings(self, more: str) -> None:
        head = '[[store]]\nid = "files"\ncovers = "files1"\n'
        (self._state / "stores.toml").write_text(f'{head}{more}paths = ["{self._live}"]\n', encoding="utf-8")

    def _steps(self, what: str, brought: str, point: str) -> None:
        """One call of `garde point restore --place`; each of its steps says its own time."""
        self._report(f"{what}: {brought}")
        _sync(self._mount)
        begun = time.monotonic()
        said = {}
        for each in self._garde("restore", "files", point, "--place"):
            said[each["kind"]] = each
        _sync(self._mount)
        whole = time.monotonic() - begun
        steps = {"brought": brought, "verified": "verified", "placed": "put in place"}
        for kind, label in steps.items():
            self._row(f"{what}: {label}", said[kind]["seconds"], said[kind]["files"])
        rest = whole - sum(said[kind]["seconds"] for kind in steps)
        self._row(f"{what}: start of the program, listing, last sync", rest, None)

    def _timed(self, what: str, act: Callable[[], None]) -> None:
        self._report(what)
        _sync(self._mount)
        begun = time.monotonic()
        act()
        _sync(self._mount)
        self._row(what, time.monotonic() - begun, None)

    def _row(self, what: str, seconds: float, files: int | None) -> None:
        self._rows.append({"what": what, "seconds": round(seconds, 3), "files": files})
        self._report(f"  {what}: {seconds:.1f} s")

    def _garde(self, *words: str) -> Iterator[dict[str, Any]]:
        command = [sys.executable, "-m", "garde.cli", "point", *words, "--state", str(self._state), "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        if done.returncode:
            raise UnavailableError(done.stderr.decode(errors="replace").strip()[-300:])
        return (json.loads(line) for line in done.stdout.splitlines())


def _call(words: list[str]) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def _sync(mount: Path) -> None:
    subprocess.run(["sync", "-f", str(mount)], check=True)
