"""The typed table of modes: what `garde drill --mode` knows.

Comes in: nothing. Goes out: `MODES`, and `find_reason` (why a mode cannot run on this machine).
"""

from __future__ import annotations

import shutil
from functools import partial

from garde.lab.attackers import erase, inplace, replace, shells, tools
from garde.lab.attackers.base import Kind, Mode

_ROWS = (
    Mode("full", "overwrite the whole document in place", partial(inplace.InPlace, inplace.full)),
    Mode("head", "overwrite the first 4 KiB only", partial(inplace.InPlace, inplace.head)),
    Mode("header-kept", "overwrite all but the first 1 KiB", partial(inplace.InPlace, inplace.header_kept)),
    Mode("every-16", "overwrite every other 16 bytes", inplace.Every16),
    Mode("on-off", "4 KiB on, 12 KiB off", partial(inplace.InPlace, inplace.on_off)),
    Mode("percent", "5 per cent: 4 KiB on, 76 KiB off, head kept", partial(inplace.InPlace, inplace.percent)),
    Mode("new-then-delete", "write NAME.locked, delete the original", replace.NewThenDelete, endings=(".locked",)),
    Mode("rename-over", "write a temporary file, rename it over", replace.RenameOver, endings=(".tmp~",)),
    Mode("base64", "encrypt, encode as base64, rewrite", replace.Base64),
    Mode("mmap", "overwrite through a memory map", inplace.Mapped),
    Mode("keep-open", "overwrite and never close the handle", inplace.KeepOpen),
    Mode("many-processes", "18 processes share the work", partial(inplace.InPlace, inplace.full), workers=18),
    Mode(
        "shell-loop", "a shell loop, one short-lived child a file", shells.ShellLoop, needs=("sh", "head"), logged=True
    ),
    Mode(
        "xargs", "xargs -P 4, a new shell for every file", shells.Xargs, needs=("xargs", "sh"), workers=1, logged=True
    ),
    Mode("slow", "one file every few seconds", partial(inplace.InPlace, inplace.full), workers=1, slow=True),
    Mode("wipe", "overwrite with zeros", erase.Wipe),
    Mode("truncate", "cut to nothing", erase.Truncate, kind=Kind.REMOVAL),
    Mode("mass-delete", "delete", erase.MassDelete, kind=Kind.REMOVAL),
    Mode("openssl", "openssl enc, then rm", tools.OpenSsl, needs=("openssl",), endings=(".enc",)),
    Mode("gpg", "gpg --symmetric, then rm", tools.Gpg, needs=("gpg",), endings=(".gpg",)),
    Mode("7z", "7z with a password, then rm", tools.SevenZip, needs=("7z",), endings=(".7z", ".7z.tmp")),
    Mode("ccrypt", "ccrypt in place", tools.Ccrypt, needs=("ccrypt",), endings=(".cpt",)),
)
MODES: dict[str, Mode] = {mode.name: mode for mode in _ROWS}


def find_reason(mode: Mode) -> str | None:
    """Return why the mode cannot run here, None when it can."""
    missing = [name for name in mode.needs if shutil.which(name) is None]
    return f"{', '.join(missing)} not installed" if missing else None
