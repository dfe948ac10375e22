"""Names of accounts, and the marks that a tool leaves: how harm is recognised when it comes back.

Comes in: texts of a report. Goes out: names as a snapshot can hold them (reversible, whatever bytes they are), the
key by which two spellings are one account, and short marks of the tool. Marks are hashes: no path and no note's name
is kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Final

from garde.journal.kinds import ActorNote, FileDamage
from garde.journal.text import Text

_HEX: Final = "\x00"  # stands before a name that is not UTF-8: no account's name holds a NUL
# Accounts that everybody is who does not sign in: they join nothing, and are never shut.
_NOBODY: Final = frozenset({"", "nobody", "guest", "anonymous", "anonymous logon"})
# Endings that people give files themselves: they tell nothing of a tool.
_COMMON: Final = frozenset(b"gpg pgp asc age zip 7z gz bz2 xz zst bak tmp old".split())
_OURS: Final = (b"/usr/", b"/bin/", b"/sbin/", b"/lib")  # of the distribution: python3 is no mark of an attacker
_LONGEST: Final = 40  # bytes of an ending
NAMES: Final = 50  # names kept of one trace


def keep(name: Text) -> str:
    """Return a name as it is remembered; "" where it has been erased."""
    if name.value is None:
        return ""
    try:
        text = name.value.decode()
    except UnicodeDecodeError:
        return _HEX + name.value.hex()
    return text if _HEX not in text else _HEX + name.value.hex()


def give(name: str) -> Text:
    """Return the text that `keep` was given."""
    return Text(bytes.fromhex(name[1:])) if name.startswith(_HEX) else Text(name.encode())


def account(name: str) -> str:
    r"""Return the key of an account: `CLINIC\JDoe`, `jdoe@clinic.example` and `jdoe` are one; "" for nobody's."""
    key = name.rpartition("\\")[2].partition("@")[0].strip().casefold()
    return "" if key in _NOBODY else key


def accounts(names: Iterable[str]) -> set[str]:
    """Return the keys of those that are somebody's."""
    return {key for key in map(account, names) if key}


def users_of(actor: ActorNote) -> list[str]:
    """Return who was signed in on a client's connection, each once."""
    named = actor.users or ((actor.user,) if actor.user else ())
    return [each for each in dict.fromkeys(map(keep, named)) if each][:NAMES]


def marks_of(actor: ActorNote, files: Iterable[FileDamage]) -> list[str]:
    """Return what this tool would be known by: its program, the ending it gives, the name of its note."""
    endings: Counter[bytes] = Counter()
    found: dict[str, None] = {}
    for each in files:
        if "note_spread" in each.proofs:
            found[_mark("note", (each.path.value or b"").rpartition(b"/")[2])] = None
        elif ending := _ending(each.path.value or b"", each.path_after.value or b""):
            endings[ending] += 1
    if endings:
        most = max(endings.values())
        found |= dict.fromkeys(_mark("ending", each) for each, count in endings.items() if count == most)
    program = actor.exe.value or b""
    if actor.kind == "process" and program.startswith(b"/") and not program.startswith(_OURS):
        found[_mark("program", program)] = None
    return list(found)[:NAMES]


def by_remote_login(actor: ActorNote) -> bool:
    """Whether a process hangs below a remote login."""
    return any((each.name.value or b"").startswith(b"sshd") for each in actor.chain)


def _ending(path: bytes, after: bytes) -> bytes:
    if not path or not after.startswith(path + b".") or b"/" in after[len(path) :]:
        return b""
    ending = after[len(path) + 1 :].lower()
    return b"" if ending in _COMMON or len(ending) > _LONGEST else ending


def _mark(what: str, value: bytes) -> str:
    return f"{what}:{hashlib.sha256(value).hexdigest()[:16]}"
