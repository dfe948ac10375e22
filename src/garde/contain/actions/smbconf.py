"""Garde's own paragraph at the end of an smbd's configuration: shares read-only, users barred from them.

Comes in: a configuration file, and what all cuts in force want of it. Goes out: `Wanted`, `change` (write it, or take
it out), `holds` (ask Samba whether it is in effect). The paragraph opens every share's section once more, and Samba
lets the later value win; what the administrator wrote stays as it is, and is edited by nobody but them. It stays in
force through a restart of smbd and of the machine. It ends no session.

Found by trial on Samba 4.17: a share that is already open keeps its rights after `reload-config`, open files as well,
until its tree connection is closed (`read_only.py`). `write list` beats `read only`, so it is emptied as well. Shares
that people made themselves (`net usershare`) can't be reopened from here and are shut for as long."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.contain.actions.smbd import Tool, control

_BEGIN: Final = "# Garde: begin. Made by Garde's cuts and taken out when they are undone; do not edit."
_END: Final = "# Garde: end."
_PARAGRAPH: Final = re.compile(rf"\n?^{re.escape(_BEGIN)}$.*?^{re.escape(_END)}$\n?", re.MULTILINE | re.DOTALL)
_YES: Final = frozenset({"yes", "true", "1"})

Sections = Mapping[str, Mapping[str, str]]  # section -> parameter -> value, as testparm prints them


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the cuts in force want of one configuration, together."""

    read_only: bool = False
    barred: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.read_only or bool(self.barred)


def effective(config: str, run: Tool) -> Sections:
    """What Samba itself makes of a configuration: includes read, synonyms resolved, defaults left out."""
    told = run(["testparm", "-s", "--suppress-prompt", config])
    if told.code:
        raise OSError(f"testparm {config}: {told.why}")
    return parse_testparm(told.out)


def parse_testparm(text: str) -> dict[str, dict[str, str]]:
    """Read testparm's print-out: sections in brackets, parameters indented below them."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]") and not line[:1].isspace():
            section = found.setdefault(stripped[1:-1], {})
        elif "=" in stripped and not stripped.startswith(("#", ";")):
            name, _, value = stripped.partition("=")
            section[name.strip().casefold()] = value.strip()
    return found


def shares_of(sections: Sections) -> tuple[str, ...]:
    """The shares that hold files."""
    return tuple(
        name
        for name, parameters in sections.items()
        if name.casefold() not in ("global", "ipc$") and parameters.get("printable", "no").casefold() not in _YES
    )


def without(text: str) -> str:
    """A configuration as the administrator wrote it."""
    return _PARAGRAPH.sub("", text)


def with_paragraph(text: str, sections: Sections, wanted: Wanted) -> str:
    """A configuration with our paragraph. `sections` is what Samba makes of it without."""
    text = without(text)
    return f"{text}\n{_paragraph(sections, wanted)}" if wanted else text


def _paragraph(sections: Sections, wanted: Wanted) -> str:
    lines = [_BEGIN]
    for share in shares_of(sections):
        lines.append(f"[{share}]")
        if wanted.read_only:
            lines += ["\tread only = yes", "\twrite list ="]
        if wanted.barred:
            before = sections[share].get("invalid users", sections.get("global", {}).get("invalid users", ""))
            lines.append(f"\tinvalid users = {' '.join(filter(None, [before, *map(_quoted, wanted.barred)]))}")
    lines += ["[global]", "\tusershare max shares = 0", _END, ""]
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return f'"{name}"'


def is_plain_user(name: str) -> bool:
    """Whether a name may stand in a configuration: one user, no group, no macro, no second line."""
    return (
        0 < len(name) <= 256
        and name.isprintable()
        and name[0] not in "@+&-"
        and not name.endswith("\\")
        and name == name.strip()
        and not set(name) & set('%",;#=[]/:*?<>|')
    )


def change(config: str, wanted: Wanted, run: Tool) -> bool:
    """Make a configuration say what is wanted, and tell smbd. False where it said so already.

    OSError with the reason means that nothing was changed: also where Samba, asked again, does not take it (a
    configuration kept in the registry ignores its file).
    """
    path = Path(config).resolve()
    before = path.read_bytes().decode(errors="surrogateescape")
    after = with_paragraph(before, _base_sections(path, before, run), wanted) if wanted else without(before)
    if after == before:
        control(config, run, "reload-config")  # whoever wrote it may have been killed before saying so
        return False
    _replace(path, after)
    try:
        if wanted and not holds(config, wanted, run):
            raise OSError(f"Samba takes no change from {path}; is its configuration in the registry?")
        control(config, run, "reload-config")
    except OSError:
        _replace(path, before)
        raise
    return True


def holds(config: str, wanted: Wanted, run: Tool) -> bool:
    """Whether Samba, asked now, would apply all that is wanted, to every share."""
    sections = effective(config, run)
    shares = shares_of(sections)
    return bool(shares) and all(_fits(sections[share], wanted) for share in shares)


def _fits(parameters: Mapping[str, str], wanted: Wanted) -> bool:
    if wanted.read_only and (
        parameters.get("read only", "yes").casefold() not in _YES or parameters.get("write list", "").strip('" ')
    ):
        return False
    named = parameters.get("invalid users", "").casefold()
    return all(user.casefold() in named for user in wanted.barred)


def _base_sections(path: Path, text: str, run: Tool) -> Sections:
    """What Samba makes of the configuration without our paragraph."""
    with tempfile.NamedTemporaryFile("wb", prefix="garde-smb-", suffix=".conf") as file:
        file.write(without(text).encode(errors="surrogateescape"))
        file.flush()
        return effective(file.name, run)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, on the disk, with the owner and rights that the file had."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    fresh = Path(name)
    try:
        with open(handle, "wb") as file:
            file.write(text.encode(errors="surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        state = path.stat()
        os.chown(fresh, state.st_uid, state.st_gid)
        shutil.copymode(path, fresh)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def together(read_only: Iterable[str], barred: Iterable[tuple[str, str]], config: str) -> Wanted:
    """What is wanted of one configuration, of all that is wanted of any."""
    users: Sequence[str] = [user for place, user in barred if place == config]
    return Wanted(config in set(read_only), tuple(sorted(set(users))))
