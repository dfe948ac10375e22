"""Local accounts, their sessions and the codes of the break-glass envelope, in `<state>/accounts.db`.

Comes in: what an administrator changes and what `entrance.py` has found right. Goes out: accounts, sessions, callers.
It writes no journal entry (the caller does) and counts no tries. Rules:

1. Only hashes are kept: of passwords (argon2id), of cookies and codes (SHA-256 of 80 random bits and more).
2. A password changed or an account shut ends every session of that account; a role counts from the next request on.
3. A session ends after twelve hours without a request (an open page makes some), after three days, or when told.
4. A code counts once; making new ones voids the old ones.
5. Who comes in by a code is `break-glass`, whichever code it was: two codes are not two people.
6. A full disk keeps nobody out: what cannot be written is remembered until the process ends.
7. Of an account at most `SESSIONS` sessions live; the oldest goes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from garde.clock import Clock
from garde.errors import NotFound, StateDamaged, UsageError
from garde.hub.deps import ROLES, Account, Caller
from garde.private import make_private
from garde.trust.passwords import Hasher, check_password
from garde.trust.throttle import place_of

FILE_NAME = "accounts.db"
COOKIE = "__Host-garde"  # the prefix makes the browser refuse it from anywhere but this host over TLS
BREAK_GLASS = "break-glass"  # the login, and how somebody came in
BREAK_GLASS_ROLE = "it_director"  # may decide and may mend accounts
IDLE_S = 12 * 3600.0
LONGEST_S = 72 * 3600.0  # the night, the day and the night after it
SEEN_EVERY_S = 60.0  # a session's last request is written no more often
SESSIONS = 20
KNOWN_S = 30 * 86400.0  # how long a place counts as known
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_CODE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U to be misread
_CODE_LENGTH = 16
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


@dataclass(frozen=True, slots=True)
class Session:
    """One session as the console needs it."""

    caller: Caller
    how: str  # password | break-glass
    csrf: str
    made: float


@dataclass(frozen=True, slots=True)
class Secrets:
    """What `entrance.py` compares with."""

    login: str
    password: str
    totp: str
    totp_last: int


class LocalAccounts:
    """See `garde.hub.deps.Accounts`. Safe to share between threads, and with a command beside the hub."""

    def __init__(self, path: Path, clock: Clock, hasher: Hasher | None = None) -> None:
        self._clock, self.hasher = clock, hasher or Hasher()
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, str, str, float, float]] = {}  # sessions that the disk did not take
        self._spent: set[str] = set()  # codes, likewise
        self._steps: dict[str, int] = {}  # last steps of apps, likewise
        try:
            make_private(path)
            self._base = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.executescript(_SCHEMA.read_text(encoding="utf-8"))
        except sqlite3.DatabaseError as error:
            raise StateDamaged(
                f"{path}: {error}", "put the file back from a copy, or delete it and make accounts anew"
            ) from error

    # --- accounts ---

    def make(self, login: str, role: str, password: str) -> None:
        name = check_login(login)
        _check_role(role)
        check_password(password, name)
        if self._row("SELECT 1 FROM accounts WHERE login = ?", name):
            raise UsageError(f"there is an account {name} already")
        hashed, now = self.hasher.hash(password), self._clock.now()
        try:
            self._write(
                "INSERT INTO accounts (login, role, password, made, changed) VALUES (?, ?, ?, ?, ?)",
                name, role, hashed, now, now,
            )  # fmt: skip
        except sqlite3.IntegrityError:
            raise UsageError(f"there is an account {name} already") from None

    def set_password(self, login: str, password: str) -> None:
        name = self._known(login)
        check_password(password, name)
        self._change("password = ?, shut = 0", name, self.hasher.hash(password))
        self._end_all(name)

    def set_role(self, login: str, role: str) -> None:
        _check_role(role)
        self._change("role = ?", self._known(login), role)

    def shut(self, login: str) -> None:
        name = self._known(login)
        self._change("shut = 1", name)
        self._end_all(name)

    def all(self) -> Sequence[Account]:
        rows = self._rows("SELECT login, role, shut, totp <> '' FROM accounts ORDER BY login")
        return [Account(login, role, bool(shut), bool(totp)) for login, role, shut, totp in rows]

    def set_totp(self, login: str, secret: str, last: int = 0) -> None:
        """Ask for codes of an app from now on; "" asks for none."""
        self._change("totp = ?, totp_last = ?", self._known(login), secret, last)

    # --- break-glass codes ---

    def make_break_glass(self, count: int = 5) -> Sequence[str]:
        codes = ["".join(secrets.choice(_CODE_SIGNS) for _ in range(_CODE_LENGTH)) for _ in range(count)]
        with self._lock, self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.execute("DELETE FROM codes")
            self._base.executemany("INSERT INTO codes (hash) VALUES (?)", [(_hash(code),) for code in codes])
        return ["-".join(code[i : i + 4] for i in range(0, _CODE_LENGTH, 4)) for code in codes]

    def codes_left(self) -> int:
        """Return how many codes of the envelope have not been used."""
        left = self._rows("SELECT hash FROM codes WHERE used = 0")
        return sum(row[0] not in self._spent for row in left)

    def spend_code(self, typed: str) -> bool:
        """Whether the code counts; it does not a second time."""
        hashed = _hash("".join(sign for sign in typed.upper() if sign.isalnum()).translate(_MISREAD))
        with self._lock:
            if hashed in self._spent:
                return False
            if not self._base.execute("SELECT 1 FROM codes WHERE hash = ? AND used = 0", (hashed,)).fetchone():
                return False
            self._spent.add(hashed)
            try:
                done = self._base.execute(
                    "UPDATE codes SET used = ? WHERE hash = ? AND used = 0", (self._clock.now(), hashed)
                )
            except sqlite3.OperationalError:
                return True  # rule 6
            return done.rowcount == 1

    # --- what the entrance needs ---

    def secrets(self, login: str) -> Secrets | None:
        """Return what to compare with; None for a login that there is not, or that is shut."""
        row = self._row("SELECT login, password, totp, totp_last FROM accounts WHERE login = ? AND shut = 0", login)
        if row is None:
            return None
        return Secrets(row[0], row[1], row[2], max(row[3], self._steps.get(row[0], 0)))

    def use_step(self, login: str, step: int) -> bool:
        """Whether this step of the app's counts; it does not a second time."""
        with self._lock:
            if step <= self._steps.get(login, 0):
                return False
            self._steps[login] = step
            try:
                done = self._base.execute(
                    "UPDATE accounts SET totp_last = ? WHERE login = ? AND totp_last < ?", (step, login, step)
                )
            except sqlite3.OperationalError:
                return True  # rule 6
            return done.rowcount == 1

    def renew_hash(self, login: str, old: str, password: str) -> None:
        """Keep the same password under today's parameters."""
        self._try(
            "UPDATE accounts SET password = ? WHERE login = ? AND password = ?", self.hasher.hash(password), login, old
        )

    def is_known_place(self, login: str, address: str) -> bool:
        """Whether this login has signed in from there in the last thirty days."""
        since = self._clock.now() - KNOWN_S
        sql = "SELECT 1 FROM places WHERE login = ? AND place = ? AND at > ?"
        return self._row(sql, login, place_of(address), since) is not None

    # --- sessions ---

    def begin(self, login: str, how: str, address: str) -> str:
        """Begin a session; returns its cookie."""
        token, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(24), self._clock.now()
        row = (login, how, csrf, now, now)
        if not self._try("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", _hash(token), *row):
            with self._lock:
                self._kept[_hash(token)] = row
            return token
        self._try("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", login, place_of(address), now)
        self._try("DELETE FROM places WHERE at < ?", now - KNOWN_S)
        self._try("DELETE FROM sessions WHERE seen < ? OR made < ?", now - IDLE_S, now - LONGEST_S)
        self._try(
            "DELETE FROM sessions WHERE login = ?1 AND hash NOT IN"
            " (SELECT hash FROM sessions WHERE login = ?1 ORDER BY made DESC, rowid DESC LIMIT ?2)",
            login, SESSIONS,
        )  # fmt: skip
        return token

    def session(self, cookies: Mapping[str, str]) -> Session | None:
        """Return the session of these cookies; None where there is none, or it has ended."""
        token = cookies.get(COOKIE, "")
        if not token:
            return None
        hashed = _hash(token)
        row = self._row("SELECT login, how, csrf, made, seen FROM sessions WHERE hash = ?", hashed)
        row = row or self._kept.get(hashed)
        if row is None:
            return None
        login, how, csrf, made, seen = row
        now = self._clock.now()
        role = self._role_of(login)
        if not role or now - seen > IDLE_S or now - made > LONGEST_S:
            self.end(cookies)
            return None
        if now - seen > SEEN_EVERY_S:
            self._see(hashed, now)
        return Session(Caller(login, role, "session"), how, csrf, made)

    def caller(self, cookies: Mapping[str, str]) -> Caller | None:
        found = self.session(cookies)
        return found.caller if found else None

    def end(self, cookies: Mapping[str, str]) -> None:
        """End the session of these cookies."""
        hashed = _hash(cookies.get(COOKIE, ""))
        with self._lock:
            self._kept.pop(hashed, None)
        self._try("DELETE FROM sessions WHERE hash = ?", hashed)

    def close(self) -> None:
        with self._lock:
            self._base.close()

    # --- inside ---

    def _role_of(self, login: str) -> str:
        """Return the role of an account that is open; "" where there is none."""
        if login == BREAK_GLASS:
            return BREAK_GLASS_ROLE
        row = self._row("SELECT role FROM accounts WHERE login = ? AND shut = 0", login)
        return row[0] if row else ""

    def _known(self, login: str) -> str:
        name = check_login(login, new=False)
        if self._row("SELECT 1 FROM accounts WHERE login = ?", name) is None:
            raise NotFound(f"there is no account {name}")
        return name

    def _change(self, columns: str, login: str, *values: Any) -> None:
        sql = f"UPDATE accounts SET {columns}, changed = ? WHERE login = ?"  # noqa: S608 - columns are ours
        self._write(sql, *values, self._clock.now(), login)

    def _end_all(self, login: str) -> None:
        with self._lock:
            self._kept = {key: row for key, row in self._kept.items() if row[0] != login}
        self._write("DELETE FROM sessions WHERE login = ?", login)

    def _see(self, hashed: str, now: float) -> None:
        with self._lock:
            if hashed in self._kept:
                self._kept[hashed] = (*self._kept[hashed][:4], now)
                return
        self._try("UPDATE sessions SET seen = ? WHERE hash = ?", now, hashed)

    def _row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        with self._lock:
            found: tuple[Any, ...] | None = self._base.execute(sql, values).fetchone()
        return found

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: Any) -> None:
        """Write or raise OSError (a full disk): for what must not be taken for done."""
        try:
            with self._lock:
                self._base.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise OSError(f"{FILE_NAME}: {error}") from error

    def _try(self, sql: str, *values: Any) -> bool:
        """Write where the disk lets us."""
        try:
            with self._lock:
                self._base.execute(sql, values)
        except sqlite3.OperationalError:
            return False
        return True


def open_accounts(state: Path, clock: Clock) -> LocalAccounts:
    """Open (or make) the accounts of a hub's state directory."""
    return LocalAccounts(state / FILE_NAME, clock)


def check_login(login: str, *, new: bool = True) -> str:
    """Return the login as it is kept; UsageError where it cannot be one."""
    name = login.strip().lower()
    if not _LOGIN.match(name):
        raise UsageError("a login has 1 to 64 letters, digits, dots, dashes or underscores", "for example: c.moreau")
    if new and name == BREAK_GLASS:
        raise UsageError(f"{name} is who comes in by a code of the envelope: choose another login")
    return name


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"there is no role {role}", f"choose one of {', '.join(ROLES)}")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


_SCHEMA = Path(__file__).with_name("accounts_schema.sql")
