"""Accounts and groups as the machine's own files have them.

Comes in: a root. Goes out: `People`: what each account and group is like, and the homes. Of a password it keeps only
whether there is one and a short digest that tells one from another; it never leaves the machine. Accounts of a
directory service are that service's business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from garde.recovery.checks.names import Root, spell

_NO_HOMES: Final = frozenset({b"", b"/", b"/nonexistent", b"/dev/null", b"/bin", b"/sbin", b"/dev", b"/etc", b"/proc"})
_NO_SHELL: Final = frozenset({"/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false", "/bin/sync"})
SYSTEM_IDS: Final = range(100, 1000)  # Debian's policy, 9.2.2: allotted by packages' scripts; `adduser --system`


@dataclass(slots=True)
class People:
    """Who is known here."""

    accounts: dict[str, str] = field(default_factory=dict)  # name -> "uid gid home shell password=…"
    groups: dict[str, str] = field(default_factory=dict)  # name -> "gid member,member"
    homes: list[bytes] = field(default_factory=list)


def read_people(root: Root) -> People:
    """Read passwd, shadow and group; a line that is none is kept as one under its number, so that it can't hide."""
    people = People()
    secrets = {line.split(":")[0]: _secret(line) for line in _lines(root, b"/etc/shadow")}
    for number, line in enumerate(_lines(root, b"/etc/passwd")):
        _account(people, number, line, secrets)
    for number, line in enumerate(_lines(root, b"/etc/group")):
        words = line.split(":")
        name = words[0] if len(words) == 4 and words[0] else f"line {number}"
        value = " ".join([words[2], ",".join(sorted(filter(None, words[3].split(","))))]) if len(words) == 4 else line
        _put(people.groups, name, value)
    return people


def _account(people: People, number: int, line: str, secrets: dict[str, str]) -> None:
    words = line.split(":")
    if len(words) != 7 or not words[0]:
        _put(people.accounts, f"line {number}", line)
        return
    name, marked, uid, gid, _, home, shell = words
    password = secrets.get(name, "password=none") if marked == "x" else _password(marked)
    _put(people.accounts, name, f"{uid} {gid} {_word(home)} {_word(shell)} {password}")
    folder = home.encode("utf-8", "surrogateescape").rstrip(b"/")
    if folder not in _NO_HOMES and folder.startswith(b"/") and folder not in people.homes:
        people.homes.append(folder)


def _put(entries: dict[str, str], name: str, value: str) -> None:
    """A second line of the same name counts as well: who reads the file takes one of them."""
    key = _word(name)
    entries[key] = f"{entries[key]} | {value}" if key in entries else value


def _word(text: str) -> str:
    return spell(text.encode("utf-8", "surrogateescape")) or "-"


def _lines(root: Root, path: bytes) -> list[str]:
    return [line for line in root.text(path).splitlines() if line and not line.startswith("#")]


def _secret(line: str) -> str:
    words = line.split(":")
    return _password(words[1] if len(words) > 1 else "")


def _password(field_: str) -> str:
    if not field_:
        return "password=EMPTY"
    if field_.startswith(("!", "*")):
        return "password=locked"
    return f"password={hashlib.sha256(b'garde ' + field_.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def is_service(value: str) -> bool:
    """Whether an account is one that a package makes for its service: nobody can sign in as it."""
    words = value.split(" ")
    plain = len(words) == 5 and words[0].isdigit()
    return (
        plain
        and int(words[0]) in SYSTEM_IDS
        and words[3] in _NO_SHELL
        and words[4] in ("password=locked", "password=none")
    )
