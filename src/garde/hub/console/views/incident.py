"""An incident in detail: figures, servers, who is suspected, the drawing of the spread, the timeline, the files.

Comes in: the board's incident, its story, its entries, the hospital's names. Goes out: frozen records for the page.
Lines that say the same twice are joined: cuts proposed together are one line.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from garde.hub.board import Incident
from garde.hub.console.names import Names
from garde.hub.console.sentences import TitleOf, tell
from garde.hub.console.views import graph
from garde.hub.console.views.story import Server, Story
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.speech import NOTE, Said
from garde.journal.words import why


@dataclass(frozen=True, slots=True)
class ServerShown:
    """One server that was hit."""

    id: str
    name: Said
    touched: int
    restored: int
    failed: int
    first: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The incident in numbers."""

    files: int
    restored: int
    failed: int
    servers: int
    reports: int


@dataclass(frozen=True, slots=True)
class SuspectShown:
    """One machine or account that may be the spreader."""

    id: str
    name: Said
    address: str
    users: Said
    percent: int
    why: Said


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline."""

    seq: int
    at: float
    where: Said
    text: Said
    tone: str


@dataclass(frozen=True, slots=True)
class FileShown:
    """One file: what became of it."""

    path: Said
    server: Said
    why: Said
    state: str  # damaged | restored | failed
    note: Said
    at: float


def servers(incident: Incident, story: Story | None, names: Names) -> list[ServerShown]:
    """Return the servers that were hit, in order of time.

    The spread and the agents count the same harm: the larger number is shown.
    """
    hops = incident.spread["hops"] if incident.spread else []
    first: dict[str, float] = {}
    files: dict[str, int] = {}
    for hop in hops:
        first[hop["server"]] = min(first.get(hop["server"], hop["first"]), hop["first"])
        files[hop["server"]] = files.get(hop["server"], 0) + hop["files"]
    counted = story.servers if story else {}
    shown = []
    for name in dict.fromkeys([*sorted(first, key=first.__getitem__), incident.server, *counted]):
        if not name:
            continue
        server = counted.get(name, Server())
        touched = max(files.get(name, 0), server.touched, server.restored + server.failed)
        began = first.get(name, server.last or incident.first_harm)
        shown.append(ServerShown(name, names.machine(name), touched, server.restored, server.failed, began))
    return shown


def figures(incident: Incident, shown: Sequence[ServerShown]) -> Figures:
    """Add up."""
    files = max(incident.spread["files"] if incident.spread else 0, sum(each.touched for each in shown))
    restored, failed = sum(each.restored for each in shown), sum(each.failed for each in shown)
    return Figures(files, restored, failed, len(shown), incident.reports)


def suspects(incident: Incident, names: Names) -> list[SuspectShown]:
    """Return who may be the spreader, the likeliest first."""
    found = incident.spread["suspects"] if incident.spread else []
    return [
        SuspectShown(
            each["machine"] or each["address"],
            names.machine(each["machine"] or each["address"]),
            each["address"],
            names.say.list([names.say("{name}", name=user) for user in each["users"] if user is not None]),
            round(each["confidence"] * 100),
            names.say.known(each["why"]),
        )
        for each in found
    ]


def drawing(incident: Incident, cut: Collection[str] = (), since: float = math.inf) -> graph.Graph | None:
    """Return who wrote harm where, with what is cut off and what is new since then; None where nothing is known."""
    hops = incident.spread["hops"] if incident.spread else []
    if not hops:
        return None
    return graph.draw(
        (graph.Edge(hop["source"], hop["server"], hop["first"], hop["files"]) for hop in hops), cut=cut, since=since
    )


def timeline(entries: Iterable[Entry], names: Names, title_of: TitleOf) -> list[Told]:
    """Return the story in plain words, the newest first."""
    lines: list[Told] = []
    proposed: list[Entry] = []
    for entry in entries:
        if isinstance(entry.payload, h.CutProposed):
            if proposed and entry.at - proposed[0].at > 1.0:
                lines.append(_proposals(proposed, names, title_of))
                proposed = []
            proposed.append(entry)
            continue
        if proposed:
            lines.append(_proposals(proposed, names, title_of))
            proposed = []
        lines.append(_told(entry, names, title_of))
    if proposed:
        lines.append(_proposals(proposed, names, title_of))
    return lines[::-1]


def _told(entry: Entry, names: Names, title_of: TitleOf) -> Told:
    line = tell(entry, names, title_of)
    where = names.speaker(entry.who) if entry.who.startswith("agent/") else Said("")
    return Told(entry.seq, entry.at, where, line.text, line.tone)


def _proposals(entries: list[Entry], names: Names, title_of: TitleOf) -> Told:
    if len(entries) == 1:
        return _told(entries[0], names, title_of)
    first = entries[0]
    words = names.say.many(
        "{n} cut is possible, with its price in care", "{n} cuts are possible, with their price in care", len(entries)
    )
    return Told(first.seq, first.at, Said(""), words, NOTE)


def files(entries: Iterable[Entry], names: Names) -> list[FileShown]:
    """Return every file with its last state, the last touched first."""
    found: dict[tuple[str, object], FileShown] = {}
    for entry in entries:
        for path, shown in _files_of(entry, names):
            key = (entry.who, path)
            before = found.pop(key, None)
            found[key] = shown if before is None or shown.why else _with_why(shown, before.why)
    return list(found.values())[::-1]


def _files_of(entry: Entry, names: Names) -> Iterable[tuple[object, FileShown]]:
    say, server = names.say, names.speaker(entry.who)
    match entry.payload:
        case k.VerdictReached(files=damages):
            for damage in damages:
                yield (
                    damage.path,
                    FileShown(
                        say("{path}", path=damage.path), server, why(damage, say), "damaged", Said(""), damage.at
                    ),
                )
        case k.FindingMade(file=damage):
            yield (
                damage.path,
                FileShown(say("{path}", path=damage.path), server, why(damage, say), "damaged", Said(""), damage.at),
            )
        case k.FileRestored(path=path, verified=verified):
            note = say("checked by its SHA-256") if verified else Said("")
            yield path, FileShown(say("{path}", path=path), server, Said(""), "restored", note, entry.at)
        case k.RestoreFailed(path=path, reason=reason):
            yield (
                path,
                FileShown(
                    say("{path}", path=path), server, Said(""), "failed", say("{reason}", reason=reason), entry.at
                ),
            )


def _with_why(shown: FileShown, reason: Said) -> FileShown:
    return FileShown(shown.path, shown.server, reason, shown.state, shown.note, shown.at)
