"""Release codes: printed, kept in an envelope, typed in where no network is left. Each counts once.

Comes in: the secret that hub and agent shared at enrolment. Goes out: ten codes for a machine and generation (the hub
prints them), and a `CodeBook` (the agent's file) that knows their hashes only, remembers which were used, and makes
whoever guesses wait. It undoes nothing itself.

A code is eleven characters of 5 bits and a check character, in three groups: `7K2M-QX94-0PTC`. The alphabet is
Crockford's: no I, L, O, U; small letters and the look-alikes are understood. The check character catches every wrong
character and every two that were swapped: a typing error costs no waiting.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from garde.errors import NotFound, Refused, StateDamaged, UsageError
from garde.trust.files import read_secret, write_secret

CODES = 10  # in a generation
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET_BYTES = 32
FREE_TRIES = 3  # wrong codes before anybody has to wait
LONGEST_WAIT = 600.0  # seconds
_CHARACTERS = 11  # 55 bits
_LOOK_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SCRYPT_COST = 2**14  # with r=8: 16 MiB and some 50 ms for a guess


def release_secret(master: bytes, machine: str, generation: int) -> bytes:
    """Return a machine's secret from the hub's own: the hub keeps one secret, each agent its own only."""
    return hmac.digest(master, f"garde-release-secret-1\n{machine}\n{generation}".encode(), "sha256")


def release_codes(secret: bytes, machine: str, generation: int) -> tuple[str, ...]:
    """Return the ten codes of a machine and generation."""
    return tuple(_code(secret, machine, generation, index) for index in range(CODES))


def normal_form(typed: str) -> str:
    """Return a code as it is printed, from what was typed. Raises UsageError where its check character is wrong."""
    text = "".join(each for each in typed.upper() if each not in " -–\t\n").translate(_LOOK_ALIKE)
    if len(text) != _CHARACTERS + 1 or any(each not in ALPHABET for each in text) or _check_of(text[:-1]) != text[-1]:
        raise UsageError("that is no release code: a character is wrong", "type it again as it is printed")
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


class _Book(msgspec.Struct):
    machine: str
    generation: int
    salt: str  # hex
    hashes: list[str]
    used: dict[str, float]  # hash -> wall seconds
    wrong: int = 0  # since the last right one
    wait_until: float = 0.0  # wall seconds


class CodeBook:
    """The agent's side, in one file. Times are wall seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, secret: bytes, machine: str, generation: int = 1) -> None:
        """Begin a generation: keep the hashes, forget the secret."""
        salt = os.urandom(16)
        hashes = [_hash(code, salt) for code in release_codes(secret, machine, generation)]
        with self._locked():
            self._save(_Book(machine, generation, salt.hex(), hashes, {}))

    def redeem(self, typed: str, now: float) -> int:
        """Use up a code; returns how many are left. Raises UsageError (typing), Refused (wrong, used, wait), NotFound.

        The code is used up before anything is undone: a code that was seen must not count again.
        """
        code = normal_form(typed)
        with self._locked():
            book = self._load()
            left = min(book.wait_until - now, LONGEST_WAIT)  # a clock that was set back must not bar for years
            if left > 0:
                raise Refused(f"wait {left:.0f} s: too many wrong codes were typed", "type the next printed code then")
            found = _hash(code, bytes.fromhex(book.salt))
            if found in book.used:
                raise Refused("this code was used already", "type the next one of the sheet")
            if not any(hmac.compare_digest(found, each) for each in book.hashes):
                self._count_wrong(book, now)
                raise Refused("this code is not one of this machine's", "look for the sheet with this machine's name")
            book.used[found] = now
            book.wrong, book.wait_until = 0, 0.0
            self._save(book)
            return len(book.hashes) - len(book.used)

    def left(self) -> int:
        """Return how many codes were not used yet."""
        book = self._load()
        return len(book.hashes) - len(book.used)

    def _count_wrong(self, book: _Book, now: float) -> None:
        book.wrong += 1
        if book.wrong >= FREE_TRIES:
            book.wait_until = now + min(2.0 ** min(book.wrong - FREE_TRIES + 1, 20), LONGEST_WAIT)
        self._save(book)

    def _load(self) -> _Book:
        try:
            return msgspec.json.decode(read_secret(self._path), type=_Book)
        except NotFound as error:
            raise NotFound("this machine has no release codes", "it was never enrolled with a hub") from error
        except msgspec.DecodeError as error:
            raise StateDamaged(f"{self._path}: {error}", "enrol this machine again for new codes") from error

    def _save(self, book: _Book) -> None:
        write_secret(self._path, msgspec.json.encode(book))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _code(secret: bytes, machine: str, generation: int, index: int) -> str:
    made = hmac.digest(secret, f"garde-release-code-1\n{machine}\n{generation}\n{index}".encode(), "sha256")
    number = int.from_bytes(made[:8]) >> 9  # 55 bits
    text = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(_CHARACTERS)))
    return normal_form(text + _check_of(text))


def _check_of(text: str) -> str:
    """The sum of character times 2^place in the field of 32 elements: no two places weigh the same."""
    total = 0
    for each in text:
        total = _double(total ^ ALPHABET.index(each))
    return ALPHABET[total]


def _double(value: int) -> int:
    """Multiply by x modulo x^5 + x^2 + 1."""
    return (value << 1) ^ (0b100101 if value & 16 else 0)


def _hash(code: str, salt: bytes) -> str:
    return hashlib.scrypt(code.encode(), salt=salt, n=_SCRYPT_COST, r=8, p=1, dklen=32).hex()
