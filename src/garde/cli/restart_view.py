"""The way back on a terminal: waves, gates, points, credentials.

Comes in: the hub's state directory. Goes out: lines and JSON. It reads the journal, beside a running hub or without
one, and writes nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from garde.cli.folded import folded
from garde.cli.printed import find_printers, print_page, set_page, write_page
from garde.cli.screen import Screen
from garde.clock import Clock
from garde.errors import NotFound, UsageError
from garde.hub.api_restart import plainly
from garde.hub.restart_paper import Papers
from garde.journal.recovery_words import ANSWERS, COLOURS, SIDES, STAGES, STATUS
from garde.journal.speech import say_in, short_time
from garde.model.restart import Stage
from garde.recovery import credentials, gates, order, over, restore, state, waves, words
from garde.recovery.judged import Gate, ItemView, PointView, Row
from garde.recovery.memory import State
from garde.recovery.reasons import Reason

TONES: Final = {
    Stage.OPEN: "good", Stage.LISTED: "good", Stage.RECUT: "bad", Stage.OBSERVING: "warn", Stage.VERIFIED: "warn",
    Stage.ISOLATED: "warn",
}  # fmt: skip
LOCALE: Final = Path(__file__).parent / "restart_locale"  # the sentences of this module
_COLOURS: Final = {"green": "good", "amber": "warn", "red": "bad"}
_GB: Final = 1e9


class RestartView:
    """One look at the journal, in one language."""

    def __init__(self, screen: Screen, place: Path, clock: Clock, language: str) -> None:
        self._screen, self._now, self._place = screen, clock.now(), place
        self.state, self.look = folded(place, clock, State(), state.KINDS, state.project)
        self._say = say_in(language, words.RECOVERY_LOCALE, LOCALE)

    # --- waves ---

    def status(self) -> None:
        """Show every server on its way with what keeps it, and what is open before the way back is over."""
        if self.state.plan is None:
            self._screen.line(self._say("No waves are decided yet: garde restart plan"), "note")
        for wave in waves.waves_of(self.state, self.look, self._now):
            head = self._say("Wave {number}", number=wave.number) if wave.number else self._say("In no wave")
            self._screen.line(head, "title")
            for row in wave.rows:
                self._row(row)
        found = over.over(self.state, self.look, self._now)
        self._screen.data({"kind": "over", **plainly(found)})
        if found.watch_until:
            until = self._time(found.watch_until)
            self._screen.line(self._say("The watch stays reinforced until {until}", until=until), "note")
        for subject, after in found.reenter.items():
            again = self._say("data after {time} must be entered again", time=self._time(after))
            self._screen.line(f"{self._machine(subject)}: {again}", "warn")
        self._reasons(self._say("still open"), found.reasons)

    def _row(self, row: Row) -> None:
        self._screen.data({"kind": "server", **plainly(row)})
        stage, status = self._say.word(STAGES, row.stage), self._say.word(STATUS, row.status)
        until = self._say("until {until}", until=self._time(row.due)) if row.due else ""
        proven = "" if row.proven or not row.isolation else self._say("isolation not proven")
        known = ", ".join(filter(None, (status, f"{row.fine}/13", proven)))
        text = f"  {', '.join(filter(None, (f'{self._machine(row.machine)} {stage}', until)))}  [{known}]"
        self._screen.line(text, TONES.get(Stage(row.stage), "note"))
        self._reasons("", row.blocked)

    def proposal(self) -> list[list[str]]:
        """Return the waves as they are decided, else as they are proposed."""
        planned = self.state.plan.waves if self.state.plan is not None else order.propose(self.look, self.state)
        return [list(wave) for wave in planned]

    def plan(self, asked: Sequence[Sequence[str]]) -> None:
        """Show an order, and what the graph says against it."""
        decided = self.state.plan is not None and self.state.plan.waves == [list(wave) for wave in asked]
        self._screen.data({"kind": "plan", "decided": decided, "waves": [list(wave) for wave in asked]})
        for number, wave in enumerate(asked, 1):
            self._screen.line(f"{number}. {', '.join(self._machine(each) for each in wave)}", "note")
        if not decided:
            self._screen.line(self._say("Proposed; decide it: garde restart plan a,b c, or --proposed"), "dim")
        self.warnings(asked)

    def warnings(self, asked: Sequence[Sequence[str]] | None = None) -> None:
        """Say what the graph has against an order; without one: against that which is decided."""
        found = order.warn(self.look, self.state, self.proposal() if asked is None else asked)
        for each in found:
            self._screen.data({"kind": "warning", **plainly(each)})
        self._reasons(self._say("the graph warns"), found, "warn")

    # --- the gate ---

    def gate(self, machine: str) -> None:
        """Show the thirteen items of one server, and its signatures."""
        if machine not in self.look.machines:
            raise NotFound(f"the estate has no machine {machine[:64]!r}", "see `garde estate show`")
        found = gates.gate_of(self.state, self.look, machine, self._now)
        stage, status = self._say.word(STAGES, found.stage), self._say.word(STATUS, found.status)
        self._screen.data({"kind": "gate", "machine": machine, "round": found.round, "stage": found.stage,
                           "status": found.status})  # fmt: skip
        number_ = self._say("round {number}", number=found.round)
        self._screen.line(f"{self._machine(machine)} {stage}  [{status}, {number_}]", "title")
        for number, each in enumerate(found.items, 1):
            self._item(number, each)
        self._signatures(found)

    def _item(self, number: int, item: ItemView) -> None:
        self._screen.data({"kind": "item", "number": number, **plainly(item)})
        mark, tone = ("[x]", "good") if item.fine else ("[ ]", "bad" if item.answer == "no" else "note")
        by = ", ".join(words.who(each, self._say, self.look) for each in item.by)
        said = f"{self._say.word(ANSWERS, item.answer)}{f' ({by})' if by else ''}"
        self._screen.line(f"{mark} {number:>2} {words.item(item.item, self._say)}: {said}  ({item.item})", tone)
        if item.excepted_until:
            known = {"until": self._time(item.excepted_until), "by": words.who(item.excepted_by, self._say, self.look)}
            text = self._say("excepted until {until} by {by}", **known)
            if item.expired:
                text = self._say("its time is over: excepted until {until} by {by}", **known)
            self._screen.line(f"       {text}", "warn")
        for line in (*item.found, *([f"… {item.more}"] if item.more else []), *([item.note] if item.note else [])):
            self._screen.line(f"       {line}", "dim")
        self._reasons("", item.reasons)

    def _signatures(self, gate: Gate) -> None:
        for each in gate.signatures:
            self._screen.data({"kind": "signature", **plainly(each)})
            side = self._say.word(SIDES, each.side)
            by = words.who(each.by, self._say, self.look)
            text = self._say("signed {side}: {by}, {at}", side=side, by=by, at=self._time(each.at))
            why = f" — {self._reason(each.why)}" if each.why is not None else ""
            self._screen.line(text + why, "good" if each.counts else "warn")

    # --- points and credentials ---

    def points(self, machine: str) -> None:
        """Show stores with their retention, and restore points, the newest first."""
        for each in restore.stores_of(self.state, self.look):
            if machine in ("", each.covers, each.holder):
                self._screen.data({"kind": "store", **plainly(each)})
                frozen = words.frozen(each.frozen, self._say)
                tone = "good" if each.frozen == "proven" else "bad" if each.frozen == "not_proven" else "note"
                line = self._say(
                    "{store} ({sort}) at {holder}, data of {machine}: {retention}", store=each.store, sort=each.sort,
                    holder=self._machine(each.holder), machine=self._machine(each.covers), retention=frozen,
                )  # fmt: skip
                self._screen.line(line, tone)
        for point in restore.points_of(self.state, self.look, machine):
            self._point(point)

    def _point(self, point: PointView) -> None:
        self._screen.data({"kind": "point", **plainly(point)})
        size = f"{self._say.many('{n} file', '{n} files', point.files)}, {point.bytes / _GB:,.1f} GB"
        done = self._say("in place") if point.placed else self._say("tried") if point.tried else ""
        stale = self._say("to be judged again") if point.stale else ""
        colour = self._say.word(COLOURS, point.colour)
        head = f"{point.store} {point.point}  {self._time(point.taken_at)}  {self._machine(point.covers)}: {colour}"
        self._screen.line(f"{head} ({', '.join(filter(None, (size, done, stale)))})", _COLOURS.get(point.colour, "dim"))
        if point.colour in ("green", "amber"):
            again = self._say("data after {time} must be entered again", time=self._time(point.enter_after))
            self._screen.line(f"    {again}", "note")
        for text in point.reasons:
            self._screen.line(f"    {words.known(text, self._say, self.look)}", "dim")

    def credentials(self, machine: str) -> None:
        """Show what is to be changed before servers return."""
        for each in credentials.list_of(self.state, self.look, self._now, machine):
            self._screen.data({"kind": "credential", **plainly(each), "left": each.left})
            mark, tone = ("[ ]", "note") if each.left else ("[x]", "good")
            times = f" {each.done}/{each.times}" if each.times > 1 else ""
            later = self._say("once more from {at}", at=self._time(each.next_at)) if each.next_at else ""
            name = words.credential(each.credential, self._say, self.look)
            line = ", ".join(filter(None, (f"{mark} {name}{times}", later)))
            self._screen.line(f"{line}  ({each.credential})", tone)

    # --- paper ---

    def paper(self, which: str, machine: str, out: Path | None) -> None:
        """Print the order of restart or the servers' records, or write the PDF to a file."""
        papers = Papers(self.state, self.look, self._now, self._say.language)
        match which:
            case "order":
                document = papers.order(self._decided())
            case "records":
                document = papers.records(machine)
            case _:
                raise UsageError(f"{which[:40]!r} is no paper of the way back", "garde restart print order, or records")
        if out is None:
            elsewhere = "write it with --out FILE.pdf and print that"
            printers = find_printers(self._place, elsewhere)
            print_page(printers, set_page(document), document.title, self._screen, elsewhere, paper=which)
        else:
            write_page(out, set_page(document), self._screen)

    def _decided(self) -> str:
        found = self.state.plan
        return f"{words.who(found.by, self._say, self.look)}, {self._time(found.at)}" if found else ""

    def _machine(self, name: str) -> str:
        return words.machine(name, self._say, self.look)

    def _reason(self, reason: Reason) -> str:
        return words.say_reason(reason, self._say, self.look)

    def _reasons(self, head: str, reasons: Sequence[Reason], tone: str = "dim") -> None:
        for each in reasons:
            self._screen.line(f"      {f'{head}: ' if head else ''}{self._reason(each)}", tone)

    def _time(self, at: float) -> str:
        return short_time(at, self._now)
