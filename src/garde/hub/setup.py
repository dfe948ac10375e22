"""Setting a hub up: `garde hub init`, in one step that can be repeated.

Comes in: a state directory, the hospital's file, the addresses. Goes out: CA, keys, the journal with the estate as an
entry, the first account and the break-glass codes, both shown this once. Run again it makes what is missing and
leaves the rest as it is: keys are never made anew (agents pin them), passwords neither.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from garde.clock import Clock
from garde.emergency.canonical import plan_loaded
from garde.emergency.read import DEFAULT, PLANS
from garde.emergency.read import load as load_plan
from garde.errors import NotPermitted, UsageError
from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine
from garde.estate.read import load
from garde.estate.write import replace_file, to_yaml
from garde.hub.config import (
    FILE_NAME,
    Config,
    load_config,
    make_secrets,
    open_hub_journal,
    save_config,
    take_lock,
)
from garde.hub.console.accounts import open_accounts
from garde.hub.keeping import digest_of, estate_loaded
from garde.journal.chain import ChainStore
from garde.journal.hub_kinds import AccountChanged, EstateLoaded

OWN_FILE = "hospital.yaml"  # in the state directory, where no other was named
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper
_GROUPS, _GROUP = 4, 5  # 20 characters, 98 bits
BY = "local"  # who made them, in the journal: root on the hub's machine


@dataclass(frozen=True, slots=True)
class Made:
    """What was set up."""

    state: Path
    config: Config
    hospital: str
    machines: int
    services: int
    pin: str
    login: str
    password: str  # "" where the account was there already
    break_glass: tuple[str, ...]  # empty where there were accounts already
    warnings: tuple[str, ...]  # of the hospital's file


def set_up(
    state: Path, wanted: Config, clock: Clock, *, login: str = "admin", role: str = "admin", hospital: str = ""
) -> Made:
    """Make the hub, or what is missing of it. SettingsError for an estate that cannot be used: nothing is made then.

    Where no estate is named, one is made that holds the hub alone: the console fills it from lists.
    """
    path = Path(wanted.estate).absolute() if wanted.estate else state / OWN_FILE
    if not wanted.estate and not path.exists():
        text = to_yaml(empty_estate(wanted.address, hospital))
        _make_directory(state)
        replace_file(path, text)
    loaded = load(path)
    _make_directory(state)
    handle = take_lock(state)
    try:
        config = _config(state, wanted, path, loaded.estate)
        ca, _ = make_secrets(state, loaded.estate.name, clock)
        save_config(state, config)
        with open_hub_journal(state, config.database, clock) as journal:
            if _estate_in(journal) != digest_of(loaded.estate):
                journal.append(estate_loaded(loaded.estate, path))
            if next(journal.entries(kinds=("plan_loaded",)), None) is None:
                journal.append(plan_loaded(load_plan(PLANS[DEFAULT]), DEFAULT))
            password, codes = _first_account(state, clock, journal, login, role)
    finally:
        os.close(handle)
    return Made(
        state, config, loaded.estate.name, len(loaded.estate.machines), len(loaded.estate.services), ca.pin,
        login, password, codes, tuple(str(each) for each in loaded.warnings),
    )  # fmt: skip


def empty_estate(address: str, hospital: str = "") -> Estate:
    """Return a hospital of which nothing is known but where its hub is; UsageError for what is no address."""
    named = address or own_address()
    if not named:
        raise UsageError(
            "this machine has no address by which others reach it", "say which it will have: --address 10.0.0.5"
        )
    try:
        found = str(ipaddress.ip_address(named))
    except ValueError:
        raise UsageError(
            f"{address} is a name: a cut resolves none", "name the hub's own IP address: --address 10.0.0.5"
        ) from None
    return Estate(hospital or "Hospital", machines=(Machine("hub", "Garde", "hub", (found,)),))


def own_address() -> str:
    """Return the address by which this machine speaks to others; "" where it has no way to them.

    Nothing is sent: the kernel only chooses a way.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # an address that is nobody's (RFC 5737)
            return str(sock.getsockname()[0])
        except OSError:
            return ""


def _make_directory(state: Path) -> None:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.chmod(0o700)
    except OSError as error:
        raise NotPermitted(f"{state}: {error.strerror}", "name another directory with --state DIR") from error


def _config(state: Path, wanted: Config, path: Path, estate: Estate) -> Config:
    """Return what was asked for; what was not said stays as it was."""
    before = load_config(state) if (state / FILE_NAME).exists() else Config("")
    found = Lookup(estate).hub_addresses
    usual = found[0] if found else os.uname().nodename
    return Config(
        estate=str(path),
        listen=wanted.listen or before.listen,
        address=wanted.address or before.address or usual,
        names=wanted.names or before.names,
        database=wanted.database or before.database,
    )


def _estate_in(journal: ChainStore) -> str:
    digest = ""
    for entry in journal.entries(kinds=("estate_loaded",)):
        assert isinstance(entry.payload, EstateLoaded)
        digest = entry.payload.sha256
    return digest


def _first_account(
    state: Path, clock: Clock, journal: ChainStore, login: str, role: str
) -> tuple[str, tuple[str, ...]]:
    accounts = open_accounts(state, clock)
    try:
        if accounts.all():
            return "", ()
        password = new_password()
        accounts.make(login, role, password)
        codes = tuple(accounts.make_break_glass())
    finally:
        accounts.close()
    journal.append(AccountChanged(login, role, "made", BY))
    return password, codes


def new_password() -> str:
    """Return a password that can be read out on the telephone."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)
