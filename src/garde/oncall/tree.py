"""The telephone tree: who is called by whom where nothing else is left. The last resort, on paper.

Comes in: the estate, the overrides of the rota, a moment. Goes out: rows, plain lines for a printer, and a page of HTML
that needs nothing from anywhere. Pure. It holds private numbers: print it, lock it away, print it anew when the rota
changes.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from garde.estate.look import Lookup
from garde.journal.oncall_kinds import PageLine
from garde.journal.text import plain
from garde.oncall.duty import on_duty
from garde.oncall.memory import Override
from garde.oncall.pages import speaker


@dataclass(frozen=True, slots=True)
class Branch:
    """One role and whom to ring for it, in order."""

    role: str
    people: tuple[tuple[str, str, bool], ...]  # name, telephones, whether on duty now


def tree(look: Lookup, overrides: Mapping[str, Override], first: Sequence[str], at: float) -> tuple[Branch, ...]:
    """Return every role that has people: those of calling first, then the others in the order of the estate's rota."""
    roles = dict.fromkeys([*first, *(line.role for line in look.estate.rota)])
    roles.update(dict.fromkeys(role for person in look.estate.people for role in person.roles))
    branches = []
    for role in roles:
        now = on_duty(look, overrides, role, at)
        others = [each.id for each in look.estate.people if role in each.roles and each.id not in now]
        rows = [
            (plain(look.people[name].name), ", ".join(map(plain, look.people[name].phones)) or "—", name in now)
            for name in (*now, *others)
        ]
        if rows:
            branches.append(Branch(role, tuple(rows)))
    return tuple(branches)


def tree_lines(
    look: Lookup, overrides: Mapping[str, Override], first: Sequence[str], language: str, at: float
) -> tuple[PageLine, ...]:
    """Return the tree as lines of a page: the roles of calling only."""
    say = speaker(language)
    lines = [PageLine(str(say("NOBODY ANSWERS. Ring by hand, in this order:")))]
    for branch in tree(look, overrides, first, at):
        if branch.role in first:
            lines += [PageLine(f"[ ] {name}: {phones}") for name, phones, _ in branch.people]
    return tuple(lines)


def as_text(look: Lookup, overrides: Mapping[str, Override], first: Sequence[str], language: str, at: float) -> str:
    """Return the whole tree as plain text."""
    say = speaker(language)
    lines = [_title(look, language, at), str(say("Who is reached ticks the box and rings the next.")), ""]
    for branch in tree(look, overrides, first, at):
        lines.append(branch.role.replace("_", " ").upper())
        lines += [f"  [ ] {name:<28} {phones}{'  *' if now else ''}" for name, phones, now in branch.people]
        lines.append("")
    lines.append(str(say("* on duty when this was printed")))
    return "\n".join(lines) + "\n"


def as_html(look: Lookup, overrides: Mapping[str, Override], first: Sequence[str], language: str, at: float) -> str:
    """Return the whole tree as one page that prints."""
    say = speaker(language)
    parts = []
    for branch in tree(look, overrides, first, at):
        rows = "".join(
            f"<tr><td>☐</td><td>{html.escape(name)}{' *' if now else ''}</td><td>{html.escape(phones)}</td></tr>"
            for name, phones, now in branch.people
        )
        parts.append(f"<h2>{html.escape(branch.role.replace('_', ' '))}</h2><table>{rows}</table>")
    title = html.escape(_title(look, language, at))
    return (
        f'<!doctype html><html lang="{say.language}"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:12pt sans-serif;margin:2cm}h1{font-size:16pt}h2{font-size:12pt;margin:1em 0 .2em}"
        "table{border-collapse:collapse;width:100%}td{border-bottom:1px solid #000;padding:.2em .5em}</style>"
        f"<h1>{title}</h1><p>{html.escape(say('Who is reached ticks the box and rings the next.'))}</p>"
        f"{''.join(parts)}<p>{html.escape(say('* on duty when this was printed'))}</p></html>"
    )


def _title(look: Lookup, language: str, at: float) -> str:
    when = datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
    return str(speaker(language)("Telephone tree, {hospital}, {when}", hospital=look.estate.name, when=when))
