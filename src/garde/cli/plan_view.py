"""The plan, the board and the reports on a terminal, and as files.

Comes in: the hub's state directory. Goes out: lines, JSON, pages. It reads the journal, beside a running hub or without
one, and writes nothing there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from garde.cli.fact_view import sentence, tone
from garde.cli.printed import set_page, write_page
from garde.cli.screen import Screen
from garde.clock import Clock
from garde.emergency import board as boards
from garde.emergency import report as reports
from garde.emergency import standdown, state
from garde.emergency.memory import CLOSED, DEGRADED, DIVERTED, FLAGS, LIMITED, OPEN, PAPER, RUNNING, WORKS, State
from garde.emergency.page import static_page
from garde.emergency.sheets import board_sheet, report_sheet
from garde.emergency.words import EMERGENCY_LOCALE, Voice
from garde.errors import NotFound, UsageError
from garde.estate.canonical import from_json
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.config import load_config, open_hub_journal
from garde.journal import heard
from garde.journal.hub_kinds import EstateLoaded
from garde.journal.plan_kinds import ReportMade
from garde.journal.speech import LANGUAGES, say_in, short_time
from garde.trust.facts import DOWNTIME, SWITCHED

if TYPE_CHECKING:
    from garde.journal.text import Text

TONES: Final = {
    WORKS: "good", DEGRADED: "warn", PAPER: "bad", CLOSED: "bad", OPEN: "good", LIMITED: "warn", DIVERTED: "bad",
}  # fmt: skip


class PlanView:
    """One look at the journal, in one language."""

    def __init__(self, screen: Screen, place: Path, clock: Clock, language: str) -> None:
        self._screen, self._now = screen, clock.now()
        self.state, self.look, self._reports, self._heard = _folded(place, clock)
        self.voice = self._voice(language)

    def _voice(self, language: str) -> Voice:
        return Voice(say_in(language, EMERGENCY_LOCALE), self.look, self.state.plan)

    # --- the plan ---

    def show(self) -> None:
        """Show phase, what is proposed, tasks with their clocks, ways in, what keeps the plan from being lifted."""
        self._head()
        self._tasks()
        self._paths()
        self._criteria()
        for flag in FLAGS:
            found = self.state.flags.get(flag)
            if found is not None:
                self._screen.data({"kind": "flag", "flag": flag, "state": found.state, "since": found.since})
                mark, tone = ("[ ]", "note") if found.state == RUNNING else ("[x]", "good")
                self._screen.line(f"{mark} {self.voice.flag(flag)}  ({flag})", tone)

    def _head(self) -> None:
        plan, found, screen = self.state.plan, self.state.activation, self._screen
        screen.data({
            "kind": "plan", "plan": plan.id if plan else "", "phase": found.phase if found else "",
            "activation": found.id if found else "", "held_until": found.held_until if found else 0.0,
            "proposed": [each.phase for each in self.state.proposals.values()],
        })  # fmt: skip
        if plan is None:
            screen.line("No emergency plan is loaded: garde plan load belgium", "warn")
            return
        screen.line(f"{self.voice.words(plan.name)}  ({plan.id})", "title")
        for proposal in self.state.proposals.values():
            screen.line(f"Proposed: {self.voice.phase(proposal.phase)}  ({proposal.phase}, {proposal.trigger})", "bad")
        if found is None:
            screen.line(self.voice.say("The emergency plan is not in force."), "good")
            return
        phase = plan.phase(found.phase)
        marked = f" — {self.voice.verify()}" if phase and phase.verify else ""
        screen.line(f"{self.voice.phase(found.phase)} · {short_time(found.phase_since, self._now)}{marked}", "bad")
        if found.held_until > self._now:
            held = self.voice.say("It is kept until {time}.", time=short_time(found.held_until, self._now))
            screen.line(held, "note")
        for role in found.vacant:
            screen.line(self.voice.say("nobody holds the role {role}", role=self.voice.role(role)), "bad")

    def _tasks(self) -> None:
        found = self.state.activation
        for task in found.tasks.values() if found else ():
            title, owner = self.voice.task(task.id, task.title), self.voice.role(task.owner)
            self._screen.data({
                "kind": "task", "task": task.id, "title": title, "owner": task.owner, "due": task.due,
                "state": task.state, "taken": task.taken, "overdue": task.overdue,
            })  # fmt: skip
            late = task.open and 0 < task.due <= self._now
            due = short_time(task.due, self._now) if task.due else "     "
            mark = {"open": "[ ]", "done": "[x]", "struck": "[-]"}[task.state]
            tone = "bad" if late else "note" if task.open else "dim"
            self._screen.line(f"{mark} {due}  {title} — {owner}  ({task.id})", tone)

    def _paths(self) -> None:
        for name, found in self.state.diversions.items():
            self._screen.data({
                "kind": "path", "path": name, "state": found.state, "since": found.since, "review": found.review,
                "not_told": found.missing(), "not_understood": found.silent(),
            })  # fmt: skip
            text = f"{self.voice.path(name)}: {self.voice.path_state(found.state)}  ({name})"
            self._screen.line(text, TONES.get(found.state, "note"))
            for each in found.silent():
                told = "told, not understood yet" if each not in found.missing() else "NOT TOLD"
                self._screen.line(
                    f"    {self.voice.recipient(each)} {self.voice.phone(each)}  {told}  ({each})", "warn"
                )

    def _criteria(self) -> None:
        if self.state.activation is None:
            return
        for each in standdown.judge(self.state, self.look, self._now):
            name = each.criterion.id
            self._screen.data({
                "kind": "criterion", "criterion": name, "met": each.met, "open": list(each.open), "until": each.until,
            })  # fmt: skip
            mark, tone = ("[x]", "good") if each.met else ("[ ]", "note")
            until = f", until {short_time(each.until, self._now)}" if each.until else ""
            self._screen.line(f"{mark} {self.voice.words(each.criterion.text)}{until}  ({name})", tone)

    # --- the board ---

    def board(self) -> None:
        """Show how each service stands, what needs a look first."""
        made = boards.make_board(self.state, self.voice, self._now)
        for row in made.worst_first:
            self._screen.data({
                "kind": "service", "service": row.id, "name": row.name, "state": row.state, "since": row.since,
                "because": row.because, "instead": row.instead, "by": row.by, "until": row.until, "enter": row.enter,
            })  # fmt: skip
            self._screen.line(f"{row.name}: {row.word}", TONES[row.state])
            if row.enter:
                self._screen.line(f"    {row.enter}", "warn")
            for text in filter(None, (row.because, row.instead, row.why)):
                self._screen.line(f"    {text}", "dim")
        self._paper()

    def _paper(self) -> None:
        """Show what the downtime desk said by file (`garde fact`): where paper counts, who is back."""
        for each in (*self._heard.of(DOWNTIME), *self._heard.of(SWITCHED)):
            said = {"subject": each.subject, "state": each.state, "since": each.since}
            self._screen.data({"kind": "fact", "fact": each.fact, **said, "taken": each.at})
            text = sentence(each.fact, each.subject, each.state, each.since)
            word = f"(the desk’s word of {short_time(each.at, self._now)})"
            self._screen.line(f"{text}  {word}", tone(each.fact, each.state))

    def board_page(self, out: Path) -> None:
        """Write the board as one page: black and white A4, or HTML for a web site."""
        if out.suffix == ".html":
            spoken = [each for each in self.look.estate.languages if each in LANGUAGES] or ["en"]
            page = static_page([boards.make_board(self.state, self._voice(each), self._now) for each in spoken])
            write_page(out, page.encode(), self._screen)
        elif out.suffix == ".pdf":
            made = boards.make_board(self.state, self.voice, self._now)
            write_page(out, set_page(board_sheet(made)), self._screen)
        else:
            raise UsageError(f"{out.name} is neither .pdf nor .html", "name the file so that it says what it is")

    # --- reports ---

    def last_report(self, out: Path, number: int) -> None:
        """Write the report that was just asked for as one page; an older one never stands in for it."""
        found = self._reports.get(number)
        if found is None or found.value is None:
            raise NotFound(
                f"situation report {number} is not there yet", "it is made by the running hub: try again in a moment"
            )
        made = reports.decode(found.value)
        own = made.get(self.voice.language) or next(iter(made.values()))
        write_page(out, set_page(report_sheet(own)), self._screen)


def _folded(place: Path, clock: Clock) -> tuple[State, Lookup, dict[int, Text], heard.State]:
    found, raw = State(), None
    made: dict[int, Text] = {}
    facts = heard.State()
    with open_hub_journal(place, load_config(place).database, clock, read_only=True) as journal:
        for entry in journal.entries(kinds=state.KINDS | heard.KINDS):
            facts = heard.project(facts, entry)
            found = state.project(found, entry)
            if isinstance(entry.payload, EstateLoaded):
                raw = entry.payload.content.value or raw
            if isinstance(entry.payload, ReportMade):
                made[entry.payload.number] = entry.payload.content
    return found, Lookup(from_json(raw) if raw else Estate(name="")), made, facts
