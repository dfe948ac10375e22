"""Parties: the hands that files are held against, and what each of them did lately.

Comes in: activity with its actor. Goes out: `Party` (one process session, or one SMB connection) with its ledger of
touched files, the new files it wrote and the files it deleted. It judges nothing.

A party is the session id of a process (a shell loop's children are one hand) or one SMB client: all its connections,
for a block is by address as well (where the address is not known, one smbd child). Sums over several parties (user,
share, host) are suspicion.py's.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from garde.model.actor import Actor, ActorKind
from garde.watch.suspicion import Level

LEDGER_SECONDS = 60.0  # how far back an unsuspected hand's touched files are remembered
LEDGER_LIMIT = 200_000  # files; a suspected hand's ledger is kept whole up to here
FRESH_LIMIT = 256  # new files remembered per party for linking with deletes
DELETES_SECONDS = 10.0
ACTORS_KEPT = 1024  # actor objects whose party is known without asking
DOCUMENTS = frozenset({"pdf", "jpeg", "png", "tiff", "dicom", "ole", "sqlite", "zip", "mp3", "mp4", "wav", "eml"})
DOCUMENT_PREFIXES = ("zip.", "text.hl7", "text.csv", "text.rtf")


def is_document(kind: str) -> bool:
    """Return True for kinds that people make and keep."""
    return kind in DOCUMENTS or kind.startswith(DOCUMENT_PREFIXES)


@dataclass(slots=True)
class Touched:
    """One file in a party's ledger. Times are monotonic seconds."""

    first: float
    last: float
    now_at: bytes  # where its content lies now (after renames); b"" when deleted
    created: bool = False  # the party made it: there is nothing to put back
    pids: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Deleted:
    """A known file that this party deleted or emptied, not yet explained by a healthy replacement."""

    path: bytes
    at: float
    size: int
    kind: str
    emptied: bool = False


@dataclass(slots=True)
class Party:
    """One hand."""

    key: tuple[str, int, int]
    actor: Actor
    levels: tuple[Level, ...]
    ledger: OrderedDict[bytes, Touched] = field(default_factory=OrderedDict)
    fresh: OrderedDict[bytes, float] = field(default_factory=OrderedDict)
    deletes: OrderedDict[bytes, Deleted] = field(default_factory=OrderedDict)
    documents: int = 0  # of `deletes`
    pids: dict[int, float] = field(default_factory=dict)  # pid -> last seen
    tokens: float = 40.0  # urgent judgements left, refilled over time
    refilled: float = 0.0
    suspected: bool = False
    noted: bool = False  # a note's spread was counted: once is enough, a package has many names in many folders
    listed: str = ""  # what on the watch list speaks against this hand; "": nothing
    left_note: bool = False  # it wrote a file under a listed note's name
    pool: dict[bytes, bytes] = field(default_factory=dict)  # path -> small change, for pooled randomness
    names: dict[bytes, set[bytes]] = field(default_factory=dict)  # base name -> directories, for note spread
    recent_names: deque[bytes] = field(default_factory=deque)

    def touch(self, path: bytes, at: float, pid: int, *, created: bool = False) -> Touched:
        """Write one touched file into the ledger; the first touch keeps its time."""
        known = self.ledger.get(path)
        if known is None:
            known = self.ledger[path] = Touched(at, at, path, created)
            self._trim(at)
        known.last = at
        known.pids.add(pid)
        self.pids[pid] = at
        return known

    def lost(self, deleted: Deleted) -> None:
        """Add one delete; `documents` is kept beside it, for counting thousands at every delete would be quadratic."""
        self.explained(deleted.path)
        self.deletes[deleted.path] = deleted
        self.documents += is_document(deleted.kind)

    def explained(self, path: bytes) -> None:
        """Take one delete off: something healthy stands in its place, or it is too old to count."""
        deleted = self.deletes.pop(path, None)
        if deleted is not None:
            self.documents -= is_document(deleted.kind)

    def take_deletes(self) -> list[Deleted]:
        """Return all unexplained deletes, and forget them."""
        taken = list(self.deletes.values())
        self.deletes.clear()
        self.documents = 0
        return taken

    def wrote_new(self, path: bytes, at: float) -> None:
        """Remember a file that this party made."""
        self.fresh[path] = at
        self.fresh.move_to_end(path)
        while len(self.fresh) > FRESH_LIMIT:
            self.fresh.popitem(last=False)

    def take_token(self, now: float, rate: float, burst: float) -> bool:
        """Spend one urgent judgement; False when the hand has used up its share (the keeper judges those)."""
        self.tokens = min(burst, self.tokens + (now - self.refilled) * rate)
        self.refilled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def _trim(self, now: float) -> None:
        while self.ledger:
            oldest = next(iter(self.ledger.values()))
            stale = not self.suspected and now - oldest.last > LEDGER_SECONDS
            if not stale and len(self.ledger) <= LEDGER_LIMIT:
                return
            self.ledger.popitem(last=False)


class Parties:
    """All hands seen lately, by key; hands unseen for a while and not suspected are dropped."""

    def __init__(self, limit: int = 4096) -> None:
        self._parties: OrderedDict[tuple[str, int, int], Party] = OrderedDict()
        self._limit = limit
        # By id of the actor, which is held here so that no other gets its id: most events are of the same few actors.
        self._last: dict[int, tuple[Actor, Party]] = {}

    def known(self, actor: Actor) -> Party | None:
        """Return the party of an actor object that `of` was given before; None where it has to be asked."""
        found = self._last.get(id(actor))
        if found is None:
            return None
        self._parties.move_to_end(found[1].key)
        return found[1]

    def of(self, actor: Actor, share: str) -> Party:
        """Return the party of `actor`, made when new. `share` is the watched tree it works in."""
        key = self._same_smbd(actor) or party_key(actor)
        party = self._parties.get(key)
        if party is None:
            party = self._parties[key] = Party(key, actor, levels_of(actor, key, share))
            self._drop_idle()
        else:
            self._parties.move_to_end(key)
            _name_more(party, actor)
        if actor.kind is not ActorKind.SMB or (actor.smb is not None and actor.smb.address):
            if len(self._last) >= ACTORS_KEPT:
                self._last.clear()
            self._last[id(actor)] = (actor, party)
        return party

    def _same_smbd(self, actor: Actor) -> tuple[str, int, int] | None:
        """An smbd child whose client is not known any more is still the hand that it was."""
        if actor.kind is not ActorKind.SMB or (actor.smb is not None and actor.smb.address):
            return None
        found = (key for key, party in self._parties.items() if key[0].startswith("smb ") and actor.pid in party.pids)
        return next(found, None)

    def get(self, key: tuple[str, int, int]) -> Party | None:
        """Return the party with this key, if it is still remembered."""
        return self._parties.get(key)

    def __iter__(self) -> Iterator[Party]:
        return iter(list(self._parties.values()))

    def _drop_idle(self) -> None:
        if len(self._parties) <= self._limit:
            return
        self._last.clear()
        for key, party in list(self._parties.items()):
            if not party.suspected:
                del self._parties[key]
                if len(self._parties) <= self._limit:
                    return


def _name_more(party: Party, actor: Actor) -> None:
    """A client's users may be found after its first write, and each of its connections may bring others."""
    if actor.smb is None or party.actor.smb is None or actor.smb.users == party.actor.smb.users:
        return
    users = tuple(sorted({*party.actor.smb.users, *actor.smb.users}))
    if users != party.actor.smb.users:
        smb = replace(party.actor.smb, users=users)
        party.actor = replace(party.actor, user=smb.user, smb=smb)


def party_key(actor: Actor) -> tuple[str, int, int]:
    """Return what makes two activities one hand's."""
    process = actor.process
    if actor.kind is ActorKind.SMB and process is not None:
        if actor.smb is not None and actor.smb.address:
            return smb_key(actor.smb.address)
        return ("smb", process.pid, process.start)
    if process is not None and process.sid > 0:
        return ("session", process.sid, process.uid)
    if process is not None and process.uid >= 0:
        return ("user", 0, process.uid)
    return ("unknown", 0, -1)


def smb_key(address: str) -> tuple[str, int, int]:
    """Return the key of a client by its address."""
    return (f"smb {address}", 0, 0)


def levels_of(actor: Actor, key: tuple[str, int, int], share: str) -> tuple[Level, ...]:
    """Return the party's levels, narrowest first; the file family is added by the judge, per file."""
    own = Level(
        "session" if key[0].startswith("smb") else "tree", f"{key[1]}:{key[2]}" if key[1] else f"{key[0]}:{key[2]}"
    )
    user = f"smb:{actor.smb.address}" if actor.smb is not None and actor.smb.address else f"local:{actor.user}"
    return (own, Level("user", user), Level("share", share), Level("host", ""))
