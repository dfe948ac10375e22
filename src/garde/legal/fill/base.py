"""What every filler of a field is given, and the small words that several need.

Comes in: the state, the estate, a draft. Goes out: `Ask`, and values: words with the `seq` of the entries behind them.
Values are lines of safe text: what an attacker or a colleague typed was made safe when it was folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from garde.estate.look import Lookup
from garde.journal.speech import Said, Say, mark
from garde.legal.memory import Draft, Incident, State, Thing

Value = tuple[str, list[int]]
NOTHING: Final[Value] = ("", [])
ROLES_OF_CUT: Final = ("applied", "proven", "not_proven")
MOST_LINES: Final = 60

ACTIONS: Final = {
    "block": mark("access of {target} to the servers refused"),
    "kick": mark("open connections of {target} ended"),
    "account": mark("account {target} shut at the servers"),
    "read_only": mark("shares made read-only ({target})"),
    "isolate": mark("{target} cut off from the network"),
    "outside": mark("way to the outside closed"),
    "port": mark("switch port of {target} shut"),
}
UNITS: Final = (mark("{n} B"), mark("{n} kB"), mark("{n} MB"), mark("{n} GB"))
SERVICE_STATES: Final = {
    "degraded": mark("with less"),
    "paper": mark("on paper"),
    "closed": mark("closed"),
    "works": mark("works again"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One draft to be filled."""

    state: State
    look: Lookup
    draft: Draft
    incident: Incident
    say: Say

    @property
    def language(self) -> str:
        """The draft's language."""
        return self.draft.language

    def machine(self, name: str) -> Said:
        """Return a machine by its name for people."""
        return self.say("{name}", name=self.look.label(name, self.language, "machines"))

    def machines(self, names: Iterable[str]) -> Said:
        """Return machines, with commas."""
        return self.say.list([self.machine(each) for each in names])

    def services(self, things: Iterable[Thing]) -> Said:
        """Return services with the worst that was said of each."""
        said = []
        for each in things:
            name = self.look.label(each.about, self.language, "services")
            said.append(self.say("{name} ({state})", name=name, state=self.say.word(SERVICE_STATES, each.what)))
        return self.say.list(said)

    def person(self, login: str) -> Said:
        """Return a person with the role that the estate gives."""
        found = self.look.person(login)
        return self.say("{name}", name=found.name if found is not None else login)

    @property
    def estate(self) -> list[int]:
        """The entry that the hospital's own file is."""
        return [self.state.estate_seq] if self.state.estate_seq else []


Filler = Callable[[Ask], Value]


def when(at: float) -> Said:
    """Return local date and time with the offset of its zone: whoever reads it may be elsewhere."""
    moment = datetime.fromtimestamp(at).astimezone()
    offset = moment.strftime("%z")
    return Said(f"{moment:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:5]})")


def size(count: int, say: Say) -> Said:
    """Return bytes in the unit that fits."""
    value = float(count)
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return say(unit, n=say.tenths(value) if unit != UNITS[0] else count)


def lines(parts: Iterable[tuple[str, Iterable[int]]], most: int = MOST_LINES) -> Value:
    """Return lines as one value, with every entry behind them; too many are cut, and the cut is shown."""
    said = [(text, list(entries)) for text, entries in parts if text]
    shown = said[:most]
    words = "\n".join(text for text, _ in shown)
    if len(said) > len(shown):
        words += f"\n… (+{len(said) - len(shown)})"
    return words, sorted({each for _, entries in shown for each in entries})
