"""The story of each incident: which entries tell it, and how its servers and its cuts fare. A fold.

Comes in: entries. Goes out: `Stories`, made of numbers and ids. Words are never kept here: pages read them from the
journal by their seq, so that words erased there are gone here as well. Rules:

1. What an agent says of a verdict, or of a hold that rests on it, belongs to the incident that the verdict was joined
   to; said before it was joined, it waits and is joined with it.
2. A new picture of the spread is told where spreader, first server or the number of servers changed.
3. A report is told by its verdict; that it was joined is told where the harm came back after an hour of quiet.
4. A silent agent, and one that speaks again after a silence, is told in every open incident.
5. For each machine that carries a cut out the last word counts: asked, applied, proven or not, failed, undone. An
   order that only helps (ending sessions beside a block) is not counted.
6. That a machine undid a cut without the hub (a release code, the apply window) is told; other outcomes are told by
   the cut.
7. A cut is told where its state, or where it lacks, is another one: not each time a further machine has answered.
8. Lists are bounded: the beginning of a story is kept, and its newest part; counts go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.hub.fold import Fold
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload

AGENT = "agent/"  # what `who` begins with where an agent said it
FIRST, LATEST = 100, 400  # entries of a story that are kept
FILES = 5_000  # entries that name files, of one incident
LOOSE = 1_000  # entries of verdicts that have not been joined yet
CHANGES = 100  # of one cut


@dataclass(slots=True)
class Server:
    """How one server fares in an incident."""

    touched: int = 0  # files damaged, as its agent counts them
    restored: int = 0
    failed: int = 0
    held: int = 0  # actors stopped there
    last: float = 0.0  # wall seconds of the last harm


@dataclass(slots=True)
class Story:
    """One incident."""

    first: list[int] = field(default_factory=list)  # seqs, the oldest
    latest: list[int] = field(default_factory=list)  # seqs, the newest
    told: int = 0  # entries of it in all
    files: list[int] = field(default_factory=list)  # seqs of entries that name files
    files_more: int = 0  # such entries that are no longer listed
    servers: dict[str, Server] = field(default_factory=dict)
    last_harm: float = 0.0
    picture: str = ""  # what the last spread told came to
    spread: int = 0  # seq of the last `spread_found`
    closed: bool = False


@dataclass(slots=True)
class Part:
    """One machine's part of a cut."""

    state: str  # asked | applied | proven | not_proven | failed | undone
    asked: float  # wall seconds
    applied: float = 0.0
    proven: float = 0.0
    said: int = 0  # seq of its last word
    survives: bool = True  # a restart of the machine


@dataclass(slots=True)
class Track:
    """How one cut came about."""

    incident: str
    action: str = ""
    proposed: int = 0  # seq of its `cut_proposed`
    at: float = 0.0
    changes: list[tuple[str, float]] = field(default_factory=list)  # told: state and where it lacks, when
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass(slots=True)
class Stories:
    """The state."""

    stories: dict[str, Story] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)  # "machine/verdict" -> incident
    holds: dict[str, str] = field(default_factory=dict)  # "machine/hold" -> "machine/verdict"
    loose: dict[str, list[int]] = field(default_factory=dict)  # "machine/verdict" -> seqs that wait
    counts: dict[str, Server] = field(default_factory=dict)  # the same, what they came to
    commands: dict[str, tuple[str, str, bool]] = field(default_factory=dict)  # command -> (cut, machine, undoing)

    def verdict_of(self, machine: str, name: str) -> str:
        """Return "machine/verdict" for a verdict, or for a hold: what is put back is put back for a hold."""
        key = f"{machine}/{name}"
        return self.holds.get(key, key)


def project(state: Stories, entry: Entry) -> Stories:
    """Fold one entry."""
    payload = entry.payload
    if isinstance(payload, _OF_AN_INCIDENT):
        _incident(state, entry, payload)
    elif isinstance(payload, _OF_A_CUT):
        _cut(state, entry, payload)
    elif isinstance(payload, _OF_A_COMMAND):
        _outcome(state, entry, payload)
    elif isinstance(payload, (h.AgentSilent, h.AgentAlive)):
        if isinstance(payload, h.AgentSilent) or payload.after:
            for story in state.stories.values():
                if not story.closed:
                    _tell(story, entry.seq)
    elif entry.who.startswith(AGENT):
        _report(state, entry)
    return state


# --- incidents --------------------------------------------------------------------------------------------------------

_OF_AN_INCIDENT = (
    h.IncidentOpened, h.IncidentRaised, h.HarmJoined, h.SpreadFound, h.IncidentAnswered, h.IncidentClosed,
    h.IncidentJoined,
)  # fmt: skip


def _incident(state: Stories, entry: Entry, payload: Payload) -> None:
    assert isinstance(payload, _OF_AN_INCIDENT)
    story = state.stories.setdefault(payload.incident, Story())
    match payload:
        case h.HarmJoined(incident, server, verdict):
            if payload.recurrence:
                _tell(story, entry.seq)
            _join(state, story, incident, f"{server}/{verdict}")
            story.last_harm = max(story.last_harm, entry.at)
            story.servers.setdefault(server, Server()).last = entry.at
            return
        case h.SpreadFound():
            story.spread = entry.seq
            servers = len({hop.server for hop in payload.hops})
            picture = f"{payload.spreader} {payload.first_server} {servers}"
            if picture == story.picture:
                return
            story.picture = picture
        case h.IncidentOpened(_, first_harm, server):
            story.last_harm = max(story.last_harm, first_harm)
            story.servers.setdefault(server, Server()).last = first_harm
        case h.IncidentClosed():
            story.closed = True
        case h.IncidentJoined(incident, into) if into in state.stories:
            _go_on(state, story, incident, into)
            _tell(state.stories[into], entry.seq)
            return
    _tell(story, entry.seq)


def _go_on(state: Stories, young: Story, incident: str, into: str) -> None:
    """The earlier incident's story has all of it from here on."""
    old = state.stories[into]
    for seq in (*young.first, *young.latest):
        _tell(old, seq)
    for seq in young.files:
        _name_files(old, seq)
    old.told += young.told - len(young.first) - len(young.latest)  # told, and no longer listed
    old.files_more += young.files_more
    for name, server in young.servers.items():
        known = old.servers.setdefault(name, Server())
        _add(known, server)
        known.last = max(known.last, server.last)
    old.last_harm = max(old.last_harm, young.last_harm)
    state.verdicts = {key: into if of == incident else of for key, of in state.verdicts.items()}
    for track in state.tracks.values():
        track.incident = into if track.incident == incident else track.incident
    young.closed = True


def _join(state: Stories, story: Story, incident: str, key: str) -> None:
    if key in state.verdicts:
        return
    state.verdicts[key] = incident
    for seq in state.loose.pop(key, ()):
        _tell(story, seq)
    for seq in state.loose.pop(f"{key} files", ()):
        _name_files(story, seq)
    counts = state.counts.pop(key, None)
    if counts is not None:
        _add(story.servers.setdefault(key.partition("/")[0], Server()), counts)


def _tell(story: Story, seq: int) -> None:
    story.told += 1
    if len(story.first) < FIRST:
        story.first.append(seq)
        return
    story.latest.append(seq)
    del story.latest[:-LATEST]


def _name_files(story: Story, seq: int) -> None:
    if len(story.files) < FILES:
        story.files.append(seq)
    else:
        story.files_more += 1


def _add(server: Server, more: Server) -> None:
    server.touched += more.touched
    server.restored += more.restored
    server.failed += more.failed
    server.held += more.held


# --- what agents say of verdicts --------------------------------------------------------------------------------------

_TOLD = (k.VerdictReached, k.MassDeleteSeen, k.ActorHeld, k.HoldRefused, k.HoldReleased, k.RestoreFinished)
_NAMES_FILES = (k.VerdictReached, k.FindingMade, k.FileRestored, k.RestoreFailed)


def _report(state: Stories, entry: Entry) -> None:
    payload = entry.payload
    verdict = getattr(payload, "verdict", "") or (payload.id if isinstance(payload, k.MassDeleteSeen) else "")
    if not verdict:
        return
    machine = entry.who.removeprefix(AGENT)
    key = state.verdict_of(machine, verdict)
    if isinstance(payload, k.ActorHeld):
        state.holds[f"{machine}/{payload.hold}"] = key
    incident = state.verdicts.get(key)
    if incident is None:
        _wait(state, entry, key)
        return
    story = state.stories[incident]
    if isinstance(payload, _TOLD):
        _tell(story, entry.seq)
    if isinstance(payload, _NAMES_FILES):
        _name_files(story, entry.seq)
    _count(story.servers.setdefault(machine, Server()), payload)


def _wait(state: Stories, entry: Entry, key: str) -> None:
    """Its verdict has not been joined yet, or never will be."""
    if isinstance(entry.payload, _TOLD):
        state.loose.setdefault(key, []).append(entry.seq)
    if isinstance(entry.payload, _NAMES_FILES):
        state.loose.setdefault(f"{key} files", []).append(entry.seq)
    _count(state.counts.setdefault(key, Server()), entry.payload)
    while len(state.loose) > LOOSE:
        del state.loose[next(iter(state.loose))]
    while len(state.counts) > LOOSE:
        del state.counts[next(iter(state.counts))]


def _count(server: Server, payload: Payload) -> None:
    match payload:
        case k.VerdictReached():
            server.touched += len(payload.files)
        case k.FindingMade():
            server.touched += 1
        case k.MassDeleteSeen():
            server.touched += payload.files
        case k.ActorHeld():
            server.held += 1
        case k.FileRestored():
            server.restored += 1
        case k.RestoreFailed():
            server.failed += 1


# --- cuts -------------------------------------------------------------------------------------------------------------

_OF_A_CUT = (h.CutProposed, h.CutChanged, h.CutDecided, h.OrderAsked, h.PortAsked)
_OF_A_COMMAND = (h.OrderApplied, h.OrderRefused, h.CutTried, h.CutUndone, h.CommandDone, h.CommandFailed)


def _cut(state: Stories, entry: Entry, payload: Payload) -> None:
    match payload:
        case h.CutProposed(cut, incident):
            track = state.tracks.setdefault(cut, Track(incident, payload.action, at=entry.at))
            if track.proposed:
                track.proposed = entry.seq
                return
            track.proposed = entry.seq
            _tell(state.stories.setdefault(incident, Story()), entry.seq)
        case h.OrderAsked() | h.PortAsked():
            _ask(state, entry, payload)
        case h.CutChanged(cut) | h.CutDecided(cut) if cut in state.tracks:
            track = state.tracks[cut]
            if isinstance(payload, h.CutChanged) and not _is_news(track, entry, payload):
                return
            _tell(state.stories.setdefault(track.incident, Story()), entry.seq)


def _is_news(track: Track, entry: Entry, changed: h.CutChanged) -> bool:
    """Rule 7."""
    now = f"{changed.state} {' '.join(changed.lacking)}"
    if track.changes and track.changes[-1][0] == now:
        return False
    track.changes = [*track.changes, (now, entry.at)][-CHANGES:]
    return True


def _ask(state: Stories, entry: Entry, asked: h.OrderAsked | h.PortAsked) -> None:
    track = state.tracks.get(asked.cut)
    if track is None:
        return
    undoing = asked.up if isinstance(asked, h.PortAsked) else asked.verb == "undo"
    helps = isinstance(asked, h.OrderAsked) and asked.verb not in ("undo", track.action)  # a kick beside a block
    state.commands[asked.command] = ("" if helps else asked.cut, asked.machine, undoing)
    if not undoing and not helps:
        track.parts[asked.machine] = Part("asked", entry.at, said=entry.seq)


def _outcome(state: Stories, entry: Entry, payload: Payload) -> None:
    assert isinstance(payload, _OF_A_COMMAND)
    cut, machine, undoing = state.commands.get(payload.command, (getattr(payload, "cut", ""), "", False))
    machine = machine or entry.who.removeprefix(AGENT)
    part = state.tracks[cut].parts.get(machine) if cut in state.tracks else None
    if part is None:
        return
    part.said = entry.seq
    match payload:
        case h.OrderApplied() | h.CommandDone() if undoing:
            part.state = "undone"
        case h.OrderApplied():
            part.state, part.applied, part.survives = "applied", entry.at, payload.survives_reboot
        case h.CommandDone():
            part.state, part.applied = "applied", entry.at
        case h.CutTried():
            part.state = "proven" if payload.proven else "not_proven"
            part.proven = entry.at if payload.proven else 0.0
        case h.CutUndone():
            part.state = "undone"
        case _ if not undoing:
            part.state = "failed"
    if isinstance(payload, h.CutUndone) and payload.by != "hub":
        _tell(state.stories.setdefault(state.tracks[cut].incident, Story()), entry.seq)


STORIES = Fold(
    name="console_stories",
    shape=Stories,
    project=project,
    version=4,
    kinds=frozenset(
        k.NAMES[kind]
        for kind in (
            *_OF_AN_INCIDENT, *_OF_A_CUT, *_OF_A_COMMAND, *_TOLD, *_NAMES_FILES, h.AgentSilent, h.AgentAlive,
        )
    ),
)  # fmt: skip
