"""What happened in one verdict, in plain words: which files, which proof, which actor, what was done, in order.

Comes in: the journal's entries and the id of a verdict, a hold or a mass delete. Goes out: an `Explanation`: one typed
document that the terminal, JSON and paper render alike. Hostile text in it is escaped already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from garde.clock import iso
from garde.errors import NotFound
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.speech import NOTE, Said, Say
from garde.journal.text import Text
from garde.journal.words import LEVELS, Line, line, who, why

FILES_SHOWN = 40  # a page; how many more there are is said
LATEST = "last"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its sentences, in order."""

    title: Said
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole of it."""

    id: str
    verdict: str
    language: str
    title: Said
    sections: tuple[Section, ...]

    def as_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "id": self.id,
            "verdict": self.verdict,
            "language": self.language,
            "title": str(self.title),
            "sections": [
                {
                    "title": str(section.title),
                    "lines": [
                        {"at": iso(each.at), "text": str(each.text), "tone": each.tone} for each in section.lines
                    ],
                }
                for section in self.sections
            ],
        }


def explain(entries: Iterable[Entry], wanted: str, say: Say) -> Explanation:
    """Explain one id (or "last"); raises NotFound where the journal does not know it."""
    everything = list(entries)
    verdict = _verdict_of(everything, wanted)
    family = {verdict, *(_ids(entry.payload)[1] for entry in everything if _ids(entry.payload)[0] == verdict)} - {""}
    own = [entry for entry in everything if family & {*_ids(entry.payload)}]  # a restore may carry its hold's id
    title = say("What happened: {id}", id=verdict)
    sections = (_who(own, say), _files(own, say), _proof(own, say), _done(own, say))
    return Explanation(wanted, verdict, say.language, title, tuple(each for each in sections if each.lines))


def _ids(payload: Payload) -> tuple[str, str]:
    """Return (verdict, hold) that a payload speaks of, "" where it speaks of none."""
    verdict = payload.id if isinstance(payload, k.MassDeleteSeen) else getattr(payload, "verdict", "")
    return str(verdict), str(getattr(payload, "hold", ""))


def _verdict_of(entries: list[Entry], wanted: str) -> str:
    """Return the verdict that an id stands for: its own, its hold's, or the newest one's for the word "last"."""
    opened = [_ids(entry.payload)[0] for entry in entries if _opens(entry.payload)]
    of_hold = {hold: verdict for verdict, hold in (_ids(entry.payload) for entry in entries) if hold and verdict}
    verdicts = {verdict for verdict, _ in (_ids(entry.payload) for entry in entries) if verdict}
    found = opened[-1] if wanted == LATEST and opened else of_hold.get(wanted, wanted)
    if found not in verdicts:
        raise NotFound(f"the journal knows no verdict or hold {wanted!r}", "`garde status` lists what there is")
    return found


def _opens(payload: Payload) -> bool:
    return isinstance(payload, k.VerdictReached | k.MassDeleteSeen)


def _who(own: list[Entry], say: Say) -> Section:
    lines: dict[str, Line] = {}
    for entry in own:
        for actor in _actors(entry.payload):
            text = who(actor, say)
            lines.setdefault(text, Line(entry.at, text, NOTE))
            if actor.exe:
                told = say("{name} is the program {exe}", name=actor.name, exe=actor.exe)
                lines.setdefault(told, Line(entry.at, told, NOTE))
            if actor.chain:
                told = say("Started by: {chain}", chain=_chain(actor, say))
                lines.setdefault(told, Line(entry.at, told, NOTE))
    return Section(say("Who"), tuple(lines.values()))


def _actors(payload: Payload) -> tuple[k.ActorNote, ...]:
    match payload:
        case k.VerdictReached(actors=actors):
            return actors
        case k.ActorHeld(actor=actor) | k.MassDeleteSeen(actor=actor) | k.HoldRefused(actor=actor):
            return (actor,)
    return ()


def _chain(actor: k.ActorNote, say: Say) -> Said:
    return Said(" ← ".join(say("{name} ({pid})", name=each.name, pid=Said(str(each.pid))) for each in actor.chain))


def _files(own: list[Entry], say: Say) -> Section:
    files: dict[Text, k.FileDamage] = {}
    for entry in own:
        for file in _damage(entry.payload):
            files[file.path] = file  # the latest word on a file is the fullest: it was closed by then
    lines = [_file(file, say) for file in list(files.values())[:FILES_SHOWN]]
    if len(files) > FILES_SHOWN:
        last = list(files.values())[-1]
        rest = say.many("… and {n} more file", "… and {n} more files", len(files) - FILES_SHOWN)
        lines.append(Line(last.at, rest, NOTE))
    return Section(say.many("{n} damaged file", "{n} damaged files", len(files)), tuple(lines))


def _damage(payload: Payload) -> tuple[k.FileDamage, ...]:
    match payload:
        case k.VerdictReached(files=files):
            return files
        case k.FindingMade(file=file):
            return (file,)
    return ()


def _file(file: k.FileDamage, say: Say) -> Line:
    text = say("{path}: {why}", path=file.path, why=why(file, say))
    detailed = bool(file.detail) and say.language == "en"  # the clause with the figures is written in English only
    if not detailed and file.kind_before and file.kind_after and file.kind_before != file.kind_after:
        text = say("{text} ({before} before, {after} after)", text=text, before=file.kind_before, after=file.kind_after)
    if file.path_after and file.path_after != file.path:
        text = say("{text}; it now lies at {place}", text=text, place=file.path_after)
    if detailed:
        text = say("{text} — {detail}", text=text, detail=file.detail)
    elif file.changed:
        text = say.many("{text} — {n} byte changed", "{text} — {n} bytes changed", file.changed, text=text)
    return Line(file.at, text, "warn")


def _proof(own: list[Entry], say: Say) -> Section:
    lines = []
    for entry in own:
        if isinstance(entry.payload, k.VerdictReached):
            verdict = entry.payload
            lines.append(Line(entry.at, _odds(verdict.score, say), NOTE))
            level = say.word(LEVELS, verdict.level)
            told = say("The evidence was added up for {level}: {key}", level=level, key=verdict.key)
            lines.append(Line(entry.at, told, NOTE))
    return Section(say("Why this is called an attack"), tuple(lines))


def _odds(score: float, say: Say) -> Said:
    """The score is a log-likelihood ratio: e to its power is how many times likelier an attack makes what was seen."""
    power = max(0, int(score / math.log(10)))
    return say("What was seen is more than 10^{power} times likelier under an attack than in honest work", power=power)


def _done(own: list[Entry], say: Say) -> Section:
    lines: list[Line] = []
    for entry in own:
        if isinstance(entry.payload, k.FindingMade | k.FileRestored):
            continue  # the files stand above; the end of the restore counts them
        lines.append(line(entry, say))
        lines += _held_details(entry, say)
    return Section(say("What was done, in order"), tuple(lines))


def _held_details(entry: Entry, say: Say) -> list[Line]:
    if not isinstance(entry.payload, k.ActorHeld):
        return []
    held = entry.payload
    pids = Said(", ".join(str(pid) for pid in held.pids[:FILES_SHOWN]))
    told = [
        say.many("{n} process stands still: {pids}", "{n} processes stand still: {pids}", len(held.pids), pids=pids)
    ]
    told += [
        say("Not stopped: {what} — {reason}", what=each.what, reason=say.known(each.reason)) for each in held.skipped
    ]
    return [Line(entry.at, text, NOTE) for text in told]
