"""The legs of a comparison: nothing, Garde, and three programs that watch the same files: fatrace, clamonacc, auditd.

Comes in: the mount and the share below it, and a spare folder outside. Goes out: per leg a context manager that yields
a `Leg` (its programs' CPU time, a way to let it catch up). `LEGS` is the table. A leg that cannot be had raises
UnavailableError; nothing of the machine's own auditd or clamd is touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.common import UnavailableError
from bench.processes import cpu_seconds
from bench.tools import find
from bench.watch import Watch

WAIT_S = 30.0


@dataclass(slots=True)
class Leg:
    """One running leg. `watch` is Garde's own agent where the leg is Garde."""

    name: str
    pids: tuple[int, ...] = ()
    watch: Watch | None = None

    def cpu_s(self) -> float:
        """Return the CPU seconds of the leg's programs so far."""
        return cpu_seconds(*self.pids) if self.pids else 0.0

    def settle(self, seconds: float) -> float:
        """Wait until its programs use less than a twentieth of a core; return how long that took."""
        began = time.monotonic()
        while self.pids and time.monotonic() - began < seconds:
            before = self.cpu_s()
            time.sleep(0.4)
            if self.cpu_s() - before <= 0.02:
                break
        return time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leg watches, and where it may write."""

    mount: Path
    share: Path
    spare: Path


@contextlib.contextmanager
def nothing(place: Place) -> Iterator[Leg]:
    """The A of every pair."""
    yield Leg("nothing")


@contextlib.contextmanager
def garde(place: Place) -> Iterator[Leg]:
    """`garde watch --enforce` on the share, with fresh state and an empty vault."""
    state = place.spare / "state"
    try:
        with Watch([place.share], state) as watch:
            yield Leg("garde", (watch.pid,), watch)
    finally:
        shutil.rmtree(state, ignore_errors=True)
        shutil.rmtree(place.mount / ".garde-vault", ignore_errors=True)


def fatrace_command(output: Path, like_garde: bool) -> list[str]:
    """`-f W+D<>` asks the kernel for what changes files and names only, as Garde does; without it reads come too."""
    wanted = ["--filter=W+D<>"] if like_garde else []
    return [_need("fatrace"), "--current-mount", f"--output={output}", *wanted]


@contextlib.contextmanager
def fatrace(place: Place, *, like_garde: bool = True) -> Iterator[Leg]:
    """fatrace on the whole mount, its lines to a file outside."""
    output = place.spare / "fatrace.log"
    try:
        with _running(fatrace_command(output, like_garde), cwd=place.mount) as process:
            time.sleep(0.3)  # it says nothing when its marks are set
            yield Leg("fatrace", (process.pid,))
    finally:
        output.unlink(missing_ok=True)


CLAMD = """\
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/db
LogFile {folder}/clamd.log
Foreground yes
User clamav
MaxThreads 4
OnAccessMountPath {mount}
OnAccessExcludeUname clamav
OnAccessPrevention no
"""


@contextlib.contextmanager
def clamonacc(place: Place) -> Iterator[Leg]:
    """clamd with two signatures of our own, and clamonacc on the whole mount (reporting only)."""
    folder = place.spare / "clam"
    config = _clam_folder(folder, place.mount)
    try:
        with _running([_need("clamd"), f"--config-file={config}"], cwd=folder) as daemon:
            _wait(lambda: (folder / "clamd.sock").exists() or _ended(daemon), "clamd's socket")
            command = [_need("clamonacc"), "--foreground", "--fdpass", f"--config-file={config}", "--log=/dev/null"]
            with _running(command, cwd=folder) as client:
                time.sleep(1.5)  # it says nothing when its marks are set
                if client.poll() is not None or daemon.poll() is not None:
                    raise UnavailableError("clamonacc ended at once")
                yield Leg("clamonacc", (daemon.pid, client.pid))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clam_folder(folder: Path, mount: Path) -> Path:
    (folder / "db").mkdir(parents=True)
    sample = b"a file that no ward ever had"
    (folder / "db/bench.hdb").write_text(f"{hashlib.md5(sample).hexdigest()}:{len(sample)}:Bench.Test\n", "ascii")
    (folder / "db/bench.ndb").write_text(f"Bench.Test.Body:0:*:{sample.hex()}\n", encoding="ascii")
    config = folder / "clamd.conf"
    config.write_text(CLAMD.format(folder=folder, mount=mount), encoding="utf-8")
    try:
        shutil.chown(folder, "clamav", "clamav")
    except LookupError as error:
        raise UnavailableError("there is no user clamav") from error
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return config


AUDITD = """\
local_events = yes
write_logs = yes
name_format = NONE
plugin_dir = {folder}/plugins
space_left = 2
admin_space_left = 1
log_file = {folder}/audit.log
log_format = RAW
log_group = root
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 512
num_logs = 2
max_log_file_action = IGNORE
space_left_action = IGNORE
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
"""
UNAUDITED = ("never,task",)  # Debian's default rule: new processes carry no audit context


@contextlib.contextmanager
def auditd(place: Place) -> Iterator[Leg]:
    """auditd with `-w SHARE -p wa`; refused where the machine has rules or a daemon of its own."""
    folder = place.spare / "audit"
    (folder / "plugins").mkdir(parents=True, exist_ok=True)
    (folder / "auditd.conf").write_text(AUDITD.format(folder=folder), encoding="utf-8")
    (folder / "auditd.conf").chmod(0o640)
    _refuse_others_audit()
    try:
        with _running([_need("auditd"), "-n", "-c", str(folder)], cwd=folder) as daemon:
            _wait(lambda: f"pid {daemon.pid}" in _auditctl("-s") or _ended(daemon), "auditd")
            _auditctl("-d", *UNAUDITED)
            _auditctl("-b", "8192")
            _auditctl("-e", "1")
            _auditctl("-w", str(place.share), "-p", "wa", "-k", "garde-bench")
            if "garde-bench" not in _auditctl("-l"):
                raise UnavailableError("the kernel takes no audit rule")
            yield Leg("auditd", (daemon.pid,))
            _auditctl("-D", "-k", "garde-bench")
            _auditctl("-e", "0")
    finally:
        _auditctl("-D", "-k", "garde-bench")
        _auditctl("-e", "0")
        # Once enabled, the kernel gives every new process an audit context: keep that out of the other legs.
        _auditctl("-a", *UNAUDITED)
        shutil.rmtree(folder, ignore_errors=True)


def forget_audit() -> None:
    """Take back the rule that the auditd leg leaves for the legs after it."""
    if find("auditctl"):
        _auditctl("-d", *UNAUDITED)


def _refuse_others_audit() -> None:
    _need("auditctl")
    lines = _auditctl("-s").splitlines()
    if not lines:
        raise UnavailableError("the kernel has no audit")
    if "pid 0" not in lines:
        raise UnavailableError("this machine's own auditd runs")
    rules = [
        line for line in _auditctl("-l").splitlines() if line and "No rules" not in line and "never,task" not in line
    ]
    if rules:
        raise UnavailableError("this machine has audit rules of its own")


def _auditctl(*words: str) -> str:
    program = find("auditctl")
    if program is None:
        return ""
    return subprocess.run([program, *words], capture_output=True, text=True, check=False).stdout


LEGS: dict[str, Callable[[Place], AbstractContextManager[Leg]]] = {
    "nothing": nothing,
    "garde": garde,
    "fatrace": fatrace,
    "clamonacc": clamonacc,
    "auditd": auditd,
}


@contextlib.contextmanager
def _running(argv: list[str], cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _need(program: str) -> str:
    path = find(program)
    if path is None:
        raise UnavailableError(f"{program} is not installed")
    return path


def _ended(process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise UnavailableError(f"it ended at once: {process.args!r}")
    return False


def _wait(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_S
    while not done():
        if time.monotonic() > until:
            raise UnavailableError(f"{what} did not come within {WAIT_S:.0f} s")
        time.sleep(0.05)
