"""How one hub was set up: its state directory and the few things that `garde hub init` was told.

Comes in: `<state>/hub.json`. Goes out: `Config`, frozen. What a hospital is stands in its estate, not here.

    ca.pem ca.key server.pem server.key   the hub's own CA, and its certificate (garde.trust.ca)
    hub.key  hub.pub                      what it signs with, and what others check that by
    facts.key                             what its facts for the downtime half are signed with (garde.trust.facts)
    release.key                           the secret behind every machine's release codes
    operator.token                        for commands of root on this machine
    journal.db  accounts.db  hub.json     the record; local accounts; this
    serving                               where a running hub is reached from here
    snmp.toml                             users of the switches, where ports are cut
    reserve                               room for a night on a full disk
"""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec

from garde.clock import Clock
from garde.errors import NotFound, SettingsError, StateBusy, StateDamaged
from garde.hub.enrol import Secrets
from garde.journal.chain import ChainStore
from garde.journal.store import open_journal
from garde.trust.ca import Ca
from garde.trust.codes import SECRET_BYTES
from garde.trust.enrolment import DEFAULT_PORT, split_address
from garde.trust.files import make_secret, read_secret, write_secret
from garde.trust.keys import SigningKey

FILE_NAME = "hub.json"
TOKEN_FILE = "operator.token"  # noqa: S105 - a file's name
SERVING = "serving"  # where the running hub is reached from this machine: host:port
LISTEN = f"0.0.0.0:{DEFAULT_PORT}"


@dataclass(frozen=True, slots=True)
class Config:
    """What `garde hub init` was told."""

    estate: str  # path of hospital.yaml
    listen: str = LISTEN  # where the hub listens
    address: str = ""  # by which agents and people reach it, without a port
    names: tuple[str, ...] = ()  # further names and addresses in its certificate
    database: str = ""  # postgresql://...; "": SQLite in the state directory

    @property
    def bind(self) -> tuple[str, int]:
        """Host and port to listen on."""
        return split_address(self.listen)


def load_config(state: Path) -> Config:
    """Read it; raises NotFound where there is no hub, SettingsError where it cannot be used."""
    try:
        raw = (state / FILE_NAME).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no hub in {state}", "make one: garde hub init --estate hospital.yaml") from error
    except OSError as error:
        raise SettingsError(f"{state / FILE_NAME}: {error.strerror}", "run it as the user that runs the hub") from error
    try:
        return msgspec.json.decode(raw, type=Config)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{state / FILE_NAME}:1: {error}", "restore it from a copy, or set the hub up anew"
        ) from error


def save_config(state: Path, config: Config) -> None:
    """Write it."""
    write_secret(state / FILE_NAME, msgspec.json.format(msgspec.json.encode(config)) + b"\n")


def make_secrets(state: Path, hospital: str, clock: Clock) -> tuple[Ca, Secrets]:
    """Make what is not there yet, and load all of it."""
    ca = Ca.load_or_make(state, hospital=hospital, now=clock.now())
    SigningKey.load_or_make(state / "hub.key")
    make_secret(state / "release.key", secrets.token_hex(SECRET_BYTES).encode())
    make_secret(state / TOKEN_FILE, secrets.token_urlsafe(32).encode())
    made = load_secrets(state, ca)
    write_secret(state / "hub.pub", f"{made.key.public.hex}\n".encode(), 0o644)
    return ca, made


def load_secrets(state: Path, ca: Ca) -> Secrets:
    """Load them; raises NotFound or StateDamaged."""
    try:
        release = bytes.fromhex(read_secret(state / "release.key").decode("ascii"))
    except ValueError as error:
        raise StateDamaged(f"{state / 'release.key'} is no secret of ours", "restore it from a copy") from error
    return Secrets(SigningKey.load(state / "hub.key"), release, ca.pem, ca.pin)


def open_hub_journal(
    state: Path, database: str, clock: Clock, *, read_only: bool = False, sole: bool = False
) -> ChainStore:
    """Open the hub's journal. An agent forgets what the hub has acknowledged: every append waits for the disk.

    `sole`: as the hub itself, of which there is one at a time. In a file the lock of the state directory sees to that
    (`take_lock`); a database may be named by hubs on two machines, and raises StateBusy for the second.
    """
    if not database:
        return open_journal(state, who="hub", clock=clock, read_only=read_only, durable=True)
    from garde.journal.sqlalchemy_store import PostgresStore  # half a second and 40 MB: only where it is wanted

    return PostgresStore(database, who="hub", clock=clock, read_only=read_only, sole=sole)


def take_lock(state: Path) -> int:
    """Hold the state directory for this process; the kernel lets go when it dies, however it dies."""
    handle = os.open(state / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        os.close(handle)
        raise StateBusy(f"{state} is held by the hub with pid {holder}", "stop it, or name another --state") from error
    try:
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        pass  # a full disk: the lock holds without its pid
    return handle
