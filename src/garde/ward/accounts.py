"""Who may look and print at the page of a ward's PC: PINs of its own, and one in a sealed envelope.

Comes in: a name and a PIN as typed. Goes out: whether they fit. Only argon2id hashes are kept, in `accounts.json`. The
rules:

1. Five wrong PINs are free; then each makes everybody who uses this name wait, twice as long each time, up to a minute:
   a PIN of six digits lasts for years, and nobody is kept from the paper for long.
2. The envelope's PIN counts until a new envelope is made; who comes in by it is `envelope` in every record.
3. A name that there is not takes as long as a wrong PIN.
4. A file that cannot be written (a full disk) keeps nobody out.

The page is on loopback, so whoever tries stands before this PC. Commands ask for no PIN: whoever may read the state
directory has the key itself.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from garde.clock import Clock
from garde.errors import NotFound, StateDamaged, UsageError
from garde.trust.files import read_secret, write_secret

FILE_NAME: Final = "accounts.json"
ENVELOPE: Final = "envelope"
SHORTEST: Final = 6  # characters of a PIN
LONGEST: Final = 128
FREE_TRIES: Final = 5
LONGEST_WAIT_S: Final = 60.0
_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U to be misread
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class _Account(msgspec.Struct):
    hash: str
    wrong: int = 0
    wait_until: float = 0.0  # wall seconds


class Accounts:
    """All of one PC's. Safe between threads and processes."""

    def __init__(self, state: Path, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._path, self._clock = state / FILE_NAME, clock
        self._argon2 = hasher or PasswordHasher()
        self._nobody = self._argon2.hash(secrets.token_hex())

    def names(self) -> list[str]:
        return sorted(self._load())

    def set_pin(self, name: str, pin: str) -> str:
        """Make an account, or give it another PIN; returns its name as it is kept."""
        kept = check_name(name)
        if not SHORTEST <= len(pin) <= LONGEST or len(set(pin)) < 3:
            raise UsageError(f"a PIN has {SHORTEST} characters at least, of three kinds", "digits will do")
        self._set(kept, pin)
        return kept

    def new_envelope(self) -> str:
        """Return a new PIN for the sealed envelope; the one before counts no more."""
        pin = "".join(secrets.choice(_SIGNS) for _ in range(12))
        self._set(ENVELOPE, pin)
        return "-".join(pin[at : at + 4] for at in range(0, 12, 4))

    def remove(self, name: str) -> None:
        with self._changing() as found:
            if found.pop(name, None) is None:
                raise NotFound(f"there is no account {name[:64]}")

    def wait_s(self, name: str) -> float:
        """Return how long this name has to wait; 0: it may try now."""
        account = self._load().get(name.strip().lower())
        left = account.wait_until - self._clock.now() if account else 0.0
        return min(max(left, 0.0), LONGEST_WAIT_S)  # a clock that was set back must not bar for years

    def enter(self, name: str, pin: str) -> str | None:
        """Return the account's name where the PIN is right, else None; counts the try."""
        kept = name.strip().lower()
        account = self._load().get(kept)
        if self.wait_s(kept):
            return None
        typed = normal(pin) if kept == ENVELOPE else pin
        right = self._fits(account.hash if account else self._nobody, typed) and account is not None
        if account is not None and (not right or account.wrong):
            with suppress(OSError), self._changing() as found:
                self._count(found.get(kept, account), right)
        return kept if right else None

    # --- keeping ---

    def _fits(self, kept: str, pin: str) -> bool:
        try:
            return len(pin) <= LONGEST and self._argon2.verify(kept, pin)
        except (VerificationError, InvalidHashError):
            return False

    def _count(self, account: _Account, right: bool) -> None:
        account.wrong = 0 if right else account.wrong + 1
        over = account.wrong - FREE_TRIES
        account.wait_until = self._clock.now() + min(2.0 ** min(over + 1, 10), LONGEST_WAIT_S) if over >= 0 else 0.0

    def _set(self, name: str, pin: str) -> None:
        hashed = self._argon2.hash(pin)
        with self._changing() as found:
            found[name] = _Account(hashed)

    def _load(self) -> dict[str, _Account]:
        try:
            return msgspec.json.decode(read_secret(self._path), type=dict[str, _Account])
        except NotFound:
            return {}
        except msgspec.DecodeError as error:
            raise StateDamaged(f"{self._path}: {error}", "move it aside and make the accounts anew") from error

    @contextmanager
    def _changing(self) -> Iterator[dict[str, _Account]]:
        lock = os.open(self._path.with_name(f".{FILE_NAME}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self._load()
            yield found
            write_secret(self._path, msgspec.json.encode(found))
        finally:
            os.close(lock)


def check_name(name: str) -> str:
    """Return a name as it is kept; UsageError where it cannot be one."""
    kept = name.strip().lower()
    if not _NAME.fullmatch(kept):
        raise UsageError("a name has 1 to 64 letters, digits, dots, dashes or underscores", "for example: nina.d")
    if kept == ENVELOPE:
        raise UsageError(f"{ENVELOPE} is who opens the sealed envelope: choose another name")
    return kept


def normal(pin: str) -> str:
    """Return the envelope's PIN as it was made, from what was typed."""
    return "".join(sign for sign in pin.upper() if sign.isalnum()).translate(_MISREAD)
