"""An estate as a `hospital.yaml` that people read and go on editing.

Comes in: an `Estate`. Goes out: text: one section after the other with a line on what it is, one field a line, short
lists on one line, what has its default left out. Reading it gives the same estate. Comments of a former file are not
kept; `replace_file` keeps that file beside the new one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import yaml

from garde.estate.convert import part_of, types_of
from garde.estate.nouns import Estate
from garde.estate.vocabulary import HELP

_WIDTH = 110
_HEAD = "# What this file may hold is described in docs/estate.md; `garde estate check` says what is wrong in it."


class _Short(list[Any]):
    """A list on one line."""


class _ShortTable(dict[str, Any]):
    """A table on one line."""


class _Dumper(yaml.SafeDumper):
    """Indents lists below their name, and writes no anchors: read.py refuses them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _short(dumper: yaml.SafeDumper, data: _Short) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


def _short_table(dumper: yaml.SafeDumper, data: _ShortTable) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


_Dumper.add_representer(_Short, _short)
_Dumper.add_representer(_ShortTable, _short_table)


def to_yaml(estate: Estate) -> str:
    """Return the file's text."""
    parts = [_HEAD, _dump({"name": estate.name, "languages": _Short(estate.languages)})]
    for name, declared in types_of(Estate).items():
        kind = part_of(declared)
        items = getattr(estate, name)
        if kind is not None and items:
            parts.append(f"# {HELP[name]}\n{_dump({name: [_fields(item) for item in items]})}")
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _fields(item: Any) -> dict[str, Any]:
    """Return the fields of a noun that say something."""
    shown: dict[str, Any] = {}
    for each in dataclasses.fields(item):
        value = getattr(item, each.name)
        default = each.default_factory() if each.default_factory is not dataclasses.MISSING else each.default
        if value == default:
            continue
        shown[each.name] = _Short(value) if isinstance(value, tuple) else _words(value)
    return shown


def _words(value: Any) -> Any:
    if isinstance(value, dict):
        return _ShortTable(value) if sum(map(len, value.values())) < _WIDTH // 2 else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _dump(body: dict[str, Any]) -> str:
    return yaml.dump(body, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False)


def replace_file(path: Path, text: str) -> Path | None:
    """Write the file, whole or not at all; returns where the former one lies now (`FILE~`), if there was one.

    A link stays a link; owner and rights stay as they were, so that whoever could read it still can.
    """
    target = path.resolve()
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with new.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        former = None
        if target.exists():
            _same_rights(target, new)
            former = target.with_name(f"{target.name}~")
            shutil.copy2(target, former)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    return former


def _same_rights(old: Path, new: Path) -> None:
    found = old.stat()
    with contextlib.suppress(PermissionError):  # only root gives a file away
        os.chown(new, found.st_uid, found.st_gid)
    new.chmod(found.st_mode & 0o777)
