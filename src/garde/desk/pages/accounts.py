"""The accounts of the desk's pages and their sessions, in `<state>/pages.db`.

Comes in: what the desk's keeper changes by command, what `entrance` has found right. Goes out: accounts, sessions. It
shares nothing with the hub's accounts, which may burn. Rules:

1. Only hashes are kept: of passwords (argon2id), of cookies (SHA-256 of 256 random bits).
2. A password changed or an account shut ends every session of that account; a role counts from the next request on.
3. A session ends after twelve hours without a request, after three days, or when told.
4. A login is one person's: two logins are two people when a match is confirmed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garde.clock import Clock
from garde.errors import NotFound, StateDamaged, UsageError
from garde.private import make_private
from garde.trust.passwords import Hasher, check_password

FILE: Final = "pages.db"
CLERK, LAB, LEAD = "clerk", "lab", "lead"
ROLES: Final = (CLERK, LAB, LEAD)
IDLE_S: Final = 12 * 3600.0
LONGEST_S: Final = 72 * 3600.0
_SEEN_EVERY_S: Final = 60.0  # a session's last request is written no more often
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SIGNS: Final = "23456789abcdefghjkmnpqrstvwxyz"  # of a password that is made: none is taken for another
_SCHEMA: Final = """
create table if not exists accounts (
    login text primary key, role text not null, password text not null, shut integer not null default 0,
    changed real not null
) strict;
create table if not exists sessions (
    hash text primary key, login text not null, csrf text not null, made real not null, seen real not null
) strict;
"""


@dataclass(frozen=True, slots=True)
class Account:
    """One login."""

    login: str
    role: str
    shut: bool


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    login: str
    role: str
    csrf: str

    def may(self, act: str) -> bool:
        """Whether their role has this right."""
        return act in RIGHTS[self.role]


# look: census and numbers. give: issue, change, match, refuse a match. confirm: as a second person. void: make useless,
# take a link back. key: from paper, account for sheets, look as a second person. sign: a patient is switched back.
RIGHTS: Final[dict[str, frozenset[str]]] = {
    LAB: frozenset({"look", "key"}),
    CLERK: frozenset({"look", "give", "confirm", "key"}),
    LEAD: frozenset({"look", "give", "confirm", "key", "void", "sign"}),
}


class Accounts:
    """Safe to share between threads, and with a command beside the desk."""

    def __init__(self, state: Path, clock: Clock, hasher: Hasher | None = None) -> None:
        self._clock, self.hasher = clock, hasher or Hasher()
        self._lock = threading.Lock()
        path = state / FILE
        try:
            make_private(path)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
            self._db.execute("pragma journal_mode = wal")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StateDamaged(f"{path}: {error}", "move it away: accounts are made anew") from error

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: Any) -> int:
        """Write or raise OSError (a full disk): for what must not be taken for done."""
        try:
            with self._lock:
                return self._db.execute(sql, values).rowcount
        except sqlite3.OperationalError as error:
            raise OSError(f"{FILE}: {error}") from error

    # --- accounts ---

    def all(self) -> list[Account]:
        rows = self._rows("select login, role, shut from accounts order by login")
        return [Account(login, role, bool(shut)) for login, role, shut in rows]

    def make(self, login: str, role: str, password: str) -> None:
        """Make an account; UsageError where it cannot be, or is there."""
        name = check_login(login)
        _check_role(role)
        check_password(password, name)
        hashed, now = self.hasher.hash(password), self._clock.now()
        sql = "insert into accounts values (?, ?, ?, 0, ?) on conflict do nothing"
        if not self._write(sql, name, role, hashed, now):
            raise UsageError(f"there is an account {name} already", "garde account password, role or open")

    def set_password(self, login: str, password: str) -> None:
        """Change a password: all its sessions end."""
        check_password(password, login)
        self._change(login, "password = ?", self.hasher.hash(password))
        self._write("delete from sessions where login = ?", check_login(login))

    def set_role(self, login: str, role: str) -> None:
        _check_role(role)
        self._change(login, "role = ?", role)

    def set_shut(self, login: str, *, shut: bool) -> None:
        """Shut an account, or open it again; its sessions end."""
        self._change(login, "shut = ?", int(shut))
        self._write("delete from sessions where login = ?", check_login(login))

    def _change(self, login: str, column: str, value: Any) -> None:
        name = check_login(login)
        sql = f"update accounts set {column}, changed = ? where login = ?"  # noqa: S608 - the column is ours
        if not self._write(sql, value, self._clock.now(), name):
            raise NotFound(f"there is no account {name}", "garde account list")

    def password_of(self, login: str) -> str:
        """Return the hash; "" for a login that there is not, or that is shut."""
        rows = self._rows("select password from accounts where login = ? and shut = 0", login)
        return str(rows[0][0]) if rows else ""

    # --- sessions ---

    def begin(self, login: str) -> str:
        """Begin a session; returns its cookie."""
        token, now = secrets.token_urlsafe(32), self._clock.now()
        self._write("delete from sessions where seen < ? or made < ?", now - IDLE_S, now - LONGEST_S)
        values = (_hash(token), login, secrets.token_urlsafe(24), now, now)
        self._write("insert into sessions values (?, ?, ?, ?, ?)", *values)
        return token

    def session(self, token: str) -> Session | None:
        """Return the session of a cookie; None where there is none, or it has ended."""
        rows = self._rows(
            "select s.login, a.role, s.csrf, s.made, s.seen from sessions s join accounts a on a.login = s.login"
            " where s.hash = ? and a.shut = 0",
            _hash(token),
        )
        if not token or not rows:
            return None
        login, role, csrf, made, seen = rows[0]
        now = self._clock.now()
        if now - seen > IDLE_S or now - made > LONGEST_S or role not in RIGHTS:
            return None
        if now - seen > _SEEN_EVERY_S:
            self._see(token, now)
        return Session(login, role, csrf)

    def _see(self, token: str, now: float) -> None:
        try:
            self._write("update sessions set seen = ? where hash = ?", now, _hash(token))
        except OSError:
            pass  # a full disk keeps nobody out

    def end(self, token: str) -> None:
        self._write("delete from sessions where hash = ?", _hash(token))


def new_password() -> str:
    """Return a password to hand over: 80 random bits, in groups that can be read out."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(16))
    return "-".join(signs[at : at + 4] for at in range(0, 16, 4))


def check_login(login: str) -> str:
    """Return the login as it is kept; UsageError where it cannot be one."""
    name = login.strip().lower()
    if not _LOGIN.fullmatch(name):
        raise UsageError("a login has 1 to 64 letters, digits, dots, dashes or underscores", "for example: c.moreau")
    return name


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"there is no role {role or 'of no name'}", f"one of {', '.join(ROLES)}")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
