"""What says nothing: endings, names and accounts that honest files, programs and houses have.

Comes in: a value in small letters. Goes out: whether it is one of them. The lists of endings and of programs are those
of the way out (`out/lists.py`): what we would not tell a neighbour we do not believe of one either.
"""

from __future__ import annotations

from typing import Final

from garde.sharing.out.lists import HONEST, SYSTEM

_SHORTEST: Final = 3  # characters of an ending without its dot, or of a name: shorter ones are everywhere
NAMES: Final = frozenset({
    "readme", "readme.txt", "readme.md", "readme.html", "license", "license.txt", "licence.txt", "changelog.txt",
    "index.html", "index.htm", "thumbs.db", "desktop.ini", "autorun.inf", "document.pdf", "document.docx", "new.txt",
    "notes.txt", "todo.txt", "test.txt", ".ds_store", "setup.exe", "install.exe", "update.exe", "makefile",
})  # fmt: skip
USERS: Final = frozenset({
    "root", "admin", "administrator", "administrateur", "guest", "invite", "user", "users", "test", "nobody", "system",
    "local", "network", "everyone", "anonymous", "www-data", "backup", "operator", "daemon", "service", "postgres",
    "mysql",
})  # fmt: skip


def is_ending(text: str) -> bool:
    """Whether honest files have this ending (given with its dot). An ending of several dots is judged by its last."""
    last = text.rpartition(".")[2]
    return last in HONEST or len(text.strip(".")) < _SHORTEST or last.isdigit()


def is_name(text: str) -> bool:
    """Whether honest files or programs are called this."""
    return text in NAMES or text in SYSTEM or len(text) < _SHORTEST


def is_user(text: str) -> bool:
    """Whether every house has such an account."""
    return text in USERS or len(text) < _SHORTEST
