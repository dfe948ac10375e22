"""Warnings on a terminal: versions, the difference that the guard made, who was told; their forms as files.

Comes in: the hub's state directory. Goes out: lines and JSON; files in a folder; pages at a printer. It reads the
journal and the files, beside a running hub or without one, and writes nothing there. What nobody has approved is shown
and can be looked at; it is neither exported nor printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from garde.cli.folded import folded
from garde.cli.printed import find_printers, print_page
from garde.cli.screen import Screen
from garde.clock import Clock
from garde.errors import NotFound, Refused, UsageError
from garde.hub import warning_files
from garde.hub.present import data as plainly
from garde.journal.speech import Said, mark, say_in, short_time
from garde.journal.text import plain
from garde.sharing import state as sharing_state
from garde.sharing.memory import State
from garde.sharing.out import forms, ways
from garde.sharing.out.memory import Out, Sent, Told, Version
from garde.sharing.out.words import FIELDS, SHARING_LOCALE, SORTS
from garde.trust.files import write_secret

LOCALE: Final = Path(__file__).parent / "share_locale"  # the sentences of this module
STATES: Final = {
    "asked": mark("under way"),
    "done": mark("handed over"),
    "failed": mark("NOT sent"),
}
_ELSEWHERE: Final = "export it and print page.pdf elsewhere"


class SharingView:
    """One look at the journal, in one language."""

    def __init__(self, screen: Screen, place: Path, clock: Clock, language: str) -> None:
        self._screen, self._now, self._place = screen, clock.now(), place
        self.state, self.look = folded(place, clock, State(), sharing_state.KINDS, sharing_state.project)
        self._say = say_in(language, SHARING_LOCALE, LOCALE)

    @property
    def _out(self) -> Out:
        return self.state.out

    def show(self, warning: str, version: int) -> None:
        """Show one version's few words and how it stands; without a name every version, and every neighbour."""
        if warning:
            self._one(self._version(warning, version))
            return
        if not self._out.versions:
            self._screen.line(self._say("No warning was drawn yet"), "note")
        for each in self._out.versions:
            self._row(each)
        for neighbour in self.look.estate.neighbours:
            self._neighbour(neighbour.id)

    def changes(self, warning: str, version: int) -> None:
        """Show what would leave, and what the guard took out, part by part."""
        found = self._version(warning, version)
        for part in warning_files.changes(self._place, found):
            self._screen.data({"kind": "part", **plainly(part)})
            label = self._say.word(SORTS | FIELDS, part.field)
            if not part.changed:
                self._screen.line(f"  {label}: {plain(part.before)}", "good")
            else:
                after = f" → {plain(part.after)}" if part.after else ""
                self._screen.line(f"- {label}: {plain(part.before)}{after}  ({self._say(part.why)})", "bad")

    def export(self, warning: str, version: int, folder: Path) -> None:
        """Write every form of an approved version into a folder that somebody carries."""
        found = self._released(warning, version)
        for name in warning_files.names(self._place, found):
            raw = warning_files.read(self._place, found, name)
            try:
                folder.mkdir(parents=True, exist_ok=True)
                write_secret(folder / name, raw, 0o644)
            except OSError as error:
                raise UsageError(f"{folder}: {error.strerror}", "name a folder that can be written") from error
            self._screen.data({"kind": "form", "file": str(folder / name), "bytes": len(raw)})
            self._screen.line(f"{folder / name}: {len(raw):,} bytes", "good")

    def paper(self, warning: str, version: int) -> None:
        """Print the page of an approved version, for whoever carries or faxes it."""
        found = self._released(warning, version)
        name = forms.pdf_name(self._say.language)
        raw = warning_files.read(self._place, found, name)
        printers = find_printers(self._place, _ELSEWHERE)
        print_page(printers, raw, f"{found.warning} v{found.version}", self._screen, _ELSEWHERE, warning=found.warning)

    # --- parts ---

    def _version(self, warning: str, version: int) -> Version:
        drawn = [each for each in self._out.versions if each.drawn and warning in ("", each.warning)]
        fits = [each for each in drawn if version in (0, each.version)]
        if not fits:
            raise NotFound("there is no such warning, or it is not drawn", "see them: garde share show")
        return fits[-1]

    def _released(self, warning: str, version: int) -> Version:
        approved = [each for each in self._out.versions if each.approved and warning in ("", each.warning)]
        fits = [each for each in approved if version in (0, each.version)]
        if not fits:
            found = self._version(warning, version)
            raise Refused("nobody has approved it", f"garde share approve {found.warning} --login YOU")
        return fits[-1]

    def _row(self, each: Version) -> None:
        self._screen.data({"kind": "warning", **plainly(each)})
        known = {"warning": each.warning, "version": each.version, "tlp": each.tlp.upper()}
        if each.approved:
            by = {"by": each.approved_by, "at": short_time(each.approved, self._now)}
            self._screen.line(
                self._say("{warning} v{version} TLP:{tlp}: released by {by}, {at}", **known, **by), "good"
            )
        elif each.drawn:
            many = self._say.many("{n} indicator", "{n} indicators", each.indicators)
            removed = self._say.many("{n} part was taken out", "{n} parts were taken out", each.removed)
            self._screen.line(
                self._say("{warning} v{version} TLP:{tlp}: waits for approval; {many}; {removed}",
                          many=many, removed=removed, **known), "warn",
            )  # fmt: skip
        else:
            fault = each.failed or self._say("it is being made")
            self._screen.line(
                self._say("{warning} v{version} TLP:{tlp}: not drawn: {fault}", fault=fault, **known), "bad"
            )

    def _one(self, each: Version) -> None:
        self._row(each)
        text = warning_files.read(self._place, each, forms.text_name(self._say.language))
        for line in text.decode("utf-8", "replace").splitlines():
            self._screen.line(f"  {plain(line)}" if line else "", "note")
        if not each.approved:
            self._screen.line(
                self._say("What was taken out: garde share changes {warning} --version {version}",
                          warning=each.warning, version=each.version), "warn",
            )  # fmt: skip

    def _neighbour(self, name: str) -> None:
        neighbour = next(each for each in self.look.estate.neighbours if each.id == name)
        reach, (told, sent) = ways.ways_to(self._out, neighbour), self._last(name)
        shown = {"id": name, "name": neighbour.name, "ways": list(reach), "token": name in self._out.keys}
        self._screen.data({"kind": "neighbour", **shown, "told": plainly(told), "sent": plainly(sent)})
        by = self._say.list([self._say("{name}", name=each) for each in reach]) or self._say("telephone, paper, a file")
        text = self._say(
            "{name}: reached by {ways}; {told}", name=neighbour.name, ways=by, told=self._standing(told, sent)
        )
        self._screen.line(text, "good" if told and told.confirmed else "note")

    def _last(self, name: str) -> tuple[Told | None, Sent | None]:
        told = next((each for each in reversed(self._out.told) if each.neighbour == name), None)
        return told, next((each for each in reversed(list(self._out.sent.values())) if each.neighbour == name), None)

    def _standing(self, told: Told | None, sent: Sent | None) -> Said:
        if told is not None:
            known = {"channel": told.channel, "at": short_time(told.at, self._now)}
            if told.confirmed:
                return self._say("has understood ({channel}, {at})", **known)
            return self._say("told ({channel}, {at}), not confirmed", **known)
        if sent is not None:
            state = self._say.word(STATES, sent.state)
            return self._say("{state}: {detail}", state=state, detail=sent.detail or sent.channel)
        return self._say("NOT told")
