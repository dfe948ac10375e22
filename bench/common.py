"""What every bench shares: the result's form, its tables, and the machine it was run on.

Comes in: figures and rows of plain values. Goes out: a table for the screen, a Markdown table for
`docs/benchmarks.md`, and the JSON object of `--json`. It runs nothing and measures nothing.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from garde.clock import SystemClock, iso

BUSY = 0.7  # load average from which paired timings of two per cent drown
Report = Callable[[str], None]
Row = dict[str, Any]
Figures = dict[str, Any]


class Result(TypedDict):
    """One bench's outcome. A figure that could not be reached is None, and a row says why."""

    name: str
    figures: Figures
    rows: list[Row]


class UnavailableError(Exception):
    """This machine lacks what the bench (or a part of it) needs; the text is the reason, for the row."""


def need_root(what: str) -> None:
    """Raise UnavailableError where the bench is not root."""
    if os.geteuid() != 0:
        raise UnavailableError(f"{what} needs root")


def warn_if_busy(report: Report) -> None:
    """Say so where others use the machine: timings are not to be quoted then."""
    load = os.getloadavg()[0]
    if load > BUSY:
        report(f"the load average is {load:.1f}: timings of this run are not to be quoted")


def show(value: object) -> str:
    """Return one value as a table shows it: three significant digits, a dash for what was not reached."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}" if abs(value) >= 1 else f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return " … ".join(show(item) for item in value)
    return str(value)


def columns_of(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Return every column in the order in which the rows first name it."""
    return list(dict.fromkeys(name for row in rows for name in row))


def markdown(result: Result, command: str, machine: str | None = None) -> str:
    """Return the section of `docs/benchmarks.md`: machine, date, command, figures and the table."""
    figures = " · ".join(f"`{name}` {show(value)}" for name, value in result["figures"].items())
    head = f"### {result['name']}\n\n{machine or machine_line()}\nCommand: `{command}`\n\n{figures}\n"
    return head + "\n" + _markdown_table(result["rows"])


def _markdown_table(rows: list[Row]) -> str:
    names = columns_of(rows)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(show(row.get(name)).replace("|", "\\|") for name in names) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def text_table(result: Result) -> str:
    """Return the table for a terminal, columns aligned, with the figures below it."""
    names = columns_of(result["rows"])
    cells = [names, *([show(row.get(name)) for name in names] for row in result["rows"])]
    widths = [max(len(line[index]) for line in cells) for index in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += [f"{name} = {show(value)}" for name, value in result["figures"].items()]
    return "\n".join(lines)


def machine_line() -> str:
    """Return one line that says where and when: kernel, cores, memory, date."""
    uname = platform.uname()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    day = iso(SystemClock().now())[:10]
    return f"{_distribution()}, kernel {uname.release}, {os.cpu_count()} cores, {memory:.0f} GiB, {day}."


def _distribution() -> str:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.system()
    named = [line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME=")]
    return named[0] if named else platform.system()
