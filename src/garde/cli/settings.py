"""`garde settings`: every setting with its value, default and meaning.

Comes in: a settings file, if any. Goes out: the table; a file that is wrong ends it with the line that is wrong, so it
is also the way to check one.
"""

from __future__ import annotations

from typing import Any

from garde.cli.options import Json, SettingsFile


def settings(*, settings: SettingsFile = None, as_json: Json = False) -> int:
    """List every setting with its value, its default and what it does; checks a settings file on the way.

    Example: garde settings --settings /etc/garde/garde.toml
    """
    from garde.cli.screen import Screen
    from garde.settings import load, table

    chosen = load(settings)
    screen = Screen(as_json)
    rows = []
    for name, default, meaning in table():
        section, key = name.split(".")
        value = getattr(getattr(chosen, section), key)
        rows.append({"name": name, "value": value, "default": default, "help": meaning})
        screen.data({"kind": "setting", **rows[-1]})
    if not as_json:
        _show(rows, screen.line)
    return 0


def _show(rows: list[dict[str, Any]], line: Any) -> None:
    from garde.journal.text import plain

    for row in rows:
        changed = row["value"] != row["default"]
        was = f"   (default {_toml(row['default'])})" if changed else ""
        line(f"{row['name']} = {plain(_toml(row['value']))}{was}", "warn" if changed else "title")
        line(f"    {row['help']}", "dim")


def _toml(value: Any) -> str:
    """Return a value as a settings file would have it."""
    import json

    if isinstance(value, float):
        return repr(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
