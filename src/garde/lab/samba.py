"""A real smbd on a share directory, and client machines in network namespaces, made and removed without a trace.

Comes in: a directory to share, the logins that may use it. Goes out: `SambaServer` (its own config, passdb, state and
addresses on a bridge of its own) and `ClientNamespace` (a machine with addresses of its own on that bridge); both are
context managers with names that no second run shares. It needs root. It creates no unix account: logins are mapped to
accounts that every Debian has, and files belong to the owner of the shared directory: not root, where others can reach
it, for an smbd that acts for somebody else behaves otherwise than one that stays root. It does not attack or judge.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# 198.18.0.0/15 is set aside for tests of network equipment (RFC 2544): no hospital routes it.
_NETWORK4 = "198.18.{number}.{host}"
_NETWORK6 = "fd67:6172:6465:{number:x}::{host:x}"
_START_SECONDS = 15.0
# Base system accounts of Debian and its children; a login is mapped to one of them.
_KEEPER = "www-data"  # whom a share of root's is given to
_UNIX_ACCOUNTS = ("games", "mail", "news", "uucp", "proxy", "backup", "list", "irc")

_CONFIG = """\
[global]
    server role = standalone server
    workgroup = GARDELAB
    netbios name = GARDELAB{number}
    interfaces = {address}/24 {address6}/64
    bind interfaces only = yes
    smb ports = 445
    disable netbios = yes
    server min protocol = SMB2_10
    passdb backend = tdbsam:{base}/private/passdb.tdb
    username map = {base}/users.map
    private dir = {base}/private
    lock directory = {base}/lock
    state directory = {base}/state
    cache directory = {base}/cache
    pid directory = {base}/pid
    ncalrpc dir = {base}/ncalrpc
    log file = {base}/log/smbd.log
    max log size = 0
    load printers = no
    printcap name = /dev/null
    disable spoolss = yes
    rpc start on demand helpers = no
    map to guest = never
    usershare max shares = 0
    unix extensions = no
    {globals}

[{share_name}]
    path = {share}
    read only = no
    force user = {owner}
    veto files = /.garde-vault/
    {options}
"""


@dataclass(frozen=True, slots=True)
class SambaUser:
    """A login as clients use it, the account it is mapped to, and its password."""

    login: str
    account: str
    password: str


class ClientNamespace:
    """A client machine: a network namespace with a veth end on the server's bridge."""

    def __init__(self, bridge: str, number: int, host: int) -> None:
        self.name = f"{bridge}-c{host}"
        self.address = _NETWORK4.format(number=number, host=host)
        self.address6 = _NETWORK6.format(number=number, host=host)
        self._bridge = bridge
        self._outer = f"{bridge}v{host}"

    def __enter__(self) -> Self:
        _ip("netns", "add", self.name)
        try:
            self._wire()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wire(self) -> None:
        _ip("link", "add", self._outer, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._outer, "master", self._bridge, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        # nodad: duplicate address detection would keep the address unusable for a second.
        _ip("-n", self.name, "addr", "add", f"{self.address6}/64", "dev", "eth0", "nodad")
        _ip("-n", self.name, "link", "set", "eth0", "up")

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command that runs `arguments` on this machine. It execs: the pid is that of the program."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--", *arguments]

    def popen(self, arguments: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program on this machine, in a session of its own."""
        return subprocess.Popen(self.command(arguments), start_new_session=True, **options)

    def run(self, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run a program on this machine to its end."""
        return subprocess.run(self.command(arguments), check=False, **options)

    def close(self) -> None:
        """Remove the namespace; programs still in it keep it alive unseen, so end them first."""
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._outer)
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("netns", "del", self.name)


class SambaServer:
    """One smbd with everything it needs under a private directory, listening on a bridge of its own."""

    def __init__(
        self,
        share: Path,
        *,
        share_name: str = "share",
        logins: Sequence[str] = ("nurse", "doctor"),
        options: Mapping[str, str] | None = None,
        global_options: Mapping[str, str] | None = None,
    ) -> None:
        self.share = share.resolve()
        self.share_name = share_name
        self.users = tuple(_users(logins))
        self._options = dict(options or {})
        self._global_options = dict(global_options or {})
        self._clean = contextlib.ExitStack()
        self._hosts = iter(range(11, 250))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.number, self.bridge = _make_bridge()
            stack.callback(_remove_link, self.bridge)
            self.address = _NETWORK4.format(number=self.number, host=1)
            self.address6 = _NETWORK6.format(number=self.number, host=1)
            self.base = Path(tempfile.mkdtemp(prefix="garde-smbd-"))
            stack.callback(shutil.rmtree, self.base, ignore_errors=True)
            self._hand_over()
            self._write_config()
            self._add_users()
            stack.callback(self._stop)
            self._start()
            self._clean = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._clean.close()

    @property
    def pid(self) -> int:
        """The listener. Its children are one process per connection, beside two helpers of its own."""
        assert self._process is not None
        return self._process.pid

    @property
    def config(self) -> Path:
        return self.base / "smb.conf"

    def user(self, login: str) -> SambaUser:
        return next(user for user in self.users if user.login == login)

    @contextlib.contextmanager
    def client(self) -> Iterator[ClientNamespace]:
        """A new client machine on the server's bridge, removed at the end of the `with`."""
        with ClientNamespace(self.bridge, self.number, next(self._hosts)) as client:
            yield client

    def _hand_over(self) -> None:
        """Give a share of root's to an account that is not, where that account can reach it."""
        if self.share.stat().st_uid == 0 and all(each.stat().st_mode & 0o001 for each in self.share.parents):
            keeper = pwd.getpwnam(_KEEPER)
            os.chown(self.share, keeper.pw_uid, keeper.pw_gid)
            self.give(self.share)

    def give(self, folder: Path) -> None:
        """Give what root laid into the share to the account that the share's files belong to."""
        uid, gid = self.share.stat().st_uid, self.share.stat().st_gid
        if not uid:
            return
        for at, _, names in os.walk(folder):
            for path in (at, *(os.path.join(at, name) for name in names)):  # noqa: PTH118 - many of them
                if os.lstat(path).st_uid == 0:
                    os.chown(path, uid, gid, follow_symlinks=False)

    def smbstatus(self) -> str:
        """What `smbstatus --json` says about this server."""
        return _output(["smbstatus", "-s", str(self.config), "--json"])

    def _write_config(self) -> None:
        for part in ("private", "lock", "state", "cache", "pid", "ncalrpc", "log"):
            (self.base / part).mkdir(mode=0o755)
        self.base.chmod(0o755)  # smbd refuses a state directory that its own users cannot pass through
        (self.base / "users.map").write_text("".join(f"!{user.account} = {user.login}\n" for user in self.users))
        self.config.write_text(
            _CONFIG.format(
                number=self.number,
                address=self.address,
                address6=self.address6,
                base=self.base,
                share_name=self.share_name,
                share=self.share,
                owner=pwd.getpwuid(self.share.stat().st_uid).pw_name,
                options=_lines(self._options),
                globals=_lines(self._global_options),
            )
        )

    def _add_users(self) -> None:
        for user in self.users:
            _output(
                ["smbpasswd", "-c", str(self.config), "-a", "-s", user.account],
                stdin=f"{user.password}\n{user.password}\n",
            )

    def _start(self) -> None:
        arguments = ["smbd", "-F", "--no-process-group", "-s", str(self.config), "-l", str(self.base / "log")]
        with open(self.base / "log" / "stderr", "wb") as log:
            self._process = subprocess.Popen(
                arguments, start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while not all(_listens(address) for address in (self.address, self.address6)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"smbd does not listen on {self.address}: {self._log()}")
            time.sleep(0.02)

    def _log(self) -> str:
        return " / ".join(path.read_text(errors="replace")[-500:] for path in sorted((self.base / "log").iterdir()))

    def _stop(self) -> None:
        if self._process is None:
            return
        # The whole group: a child that a test stopped would outlive its listener's TERM.
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)


def missing() -> str:
    """Why no smbd can be run here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root: network namespaces and an smbd of its own"
    lacking = [tool for tool in ("smbd", "smbpasswd", "ip", "nsenter") if shutil.which(tool) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def _users(logins: Sequence[str]) -> Iterator[SambaUser]:
    present = {entry.pw_name for entry in pwd.getpwall()}
    accounts = [name for name in _UNIX_ACCOUNTS if name in present]
    if len(logins) > len(accounts):
        raise ValueError(f"{len(logins)} logins, but only {len(accounts)} accounts to map them to")
    for login, account in zip(logins, accounts, strict=False):
        yield SambaUser(login, account, f"{login}-pass")


def _make_bridge() -> tuple[int, str]:
    """Reserve a network: the bridge's name carries its number, and the kernel refuses a second of that name."""
    numbers = list(range(256))
    random.SystemRandom().shuffle(numbers)
    refused = _refused_addresses()
    for number in numbers:
        name = f"garde{number}"
        if _NETWORK4.format(number=number, host="") in refused:
            continue  # an agent before us still refuses clients of this network
        try:
            _ip("link", "add", name, "type", "bridge")
        except subprocess.CalledProcessError as error:
            if "exists" in str(error.stderr).lower():
                continue
            raise
        _ip("addr", "add", f"{_NETWORK4.format(number=number, host=1)}/24", "dev", name)
        _ip("addr", "add", f"{_NETWORK6.format(number=number, host=1)}/64", "dev", name, "nodad")
        _ip("link", "set", name, "up")
        return number, name
    raise RuntimeError("all 256 lab networks are in use: remove bridges named garde<N>")


def _refused_addresses() -> str:
    """What Garde's own table refuses on this machine, as nft says it; "" where there is none."""
    if shutil.which("nft") is None:
        return ""
    asked = subprocess.run(["nft", "list", "table", "inet", "garde"], capture_output=True, text=True, check=False)
    return asked.stdout


def _remove_link(name: str) -> None:
    with contextlib.suppress(subprocess.CalledProcessError):
        _ip("link", "del", name)


def _listens(address: str) -> bool:
    try:
        socket.create_connection((address, 445), timeout=1.0).close()
    except OSError:
        return False
    return True


def _ip(*arguments: str) -> None:
    _output(["ip", *arguments])


def _output(arguments: Sequence[str], stdin: str = "") -> str:
    return subprocess.run(arguments, input=stdin, capture_output=True, text=True, check=True).stdout


def _lines(options: Mapping[str, str]) -> str:
    return "\n    ".join(f"{key} = {value}" for key, value in options.items())
