"""What speaks against a hand because a neighbour has said so: names, endings, addresses and accounts on the watch list.

Comes in: new names, hands, files found to be damaged. Goes out: `Hit`, each sort and value once for a hand. Only
look-ups by hash; it opens no file, holds nobody and decides nothing. Rules, one test each:

1. Nothing here is a verdict: a name on the list, on a file that can be read, harms nobody. It makes the first file
   *damaged* by that hand enough (`watcher.py`).
2. A list takes the place of the one before in one step.
3. What was said of a hand is not said again, and a flood of names says no more than there are on the list.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from garde.journal.text import plain
from garde.model.actor import Actor
from garde.model.watchlist import NAMES, Sort, WatchList, address
from garde.watch.suspicion import PartyKey

TOLD_KEPT = 4096  # hits that are remembered as said


@dataclass(frozen=True, slots=True)
class Hit:
    """Something on the list."""

    sort: Sort
    value: bytes
    source: str

    @property
    def words(self) -> str:
        """One plain English clause, safe to show."""
        return f"{self.sort.replace('_', ' ')} {plain(self.value)} is on a watch list ({plain(self.source)})"


class Listed:
    """One list in force, as the watcher asks it. Another list is another one of these (rule 2)."""

    def __init__(self, whole: WatchList) -> None:
        self._whole = whole
        self._told: OrderedDict[tuple[Sort, bytes, PartyKey], None] = OrderedDict()
        self._names = {value: sort for sort in reversed(NAMES) for value in whole.tables[sort]}  # one look-up for both
        self._endings = whole.tables[Sort.ENDING]
        self._deep = any(value.count(b".") > 1 for value in self._endings)  # endings with several dots

    def name(self, name: bytes) -> Hit | None:
        """Look a new file's name up. Asked for every new name: two look-ups by hash where nothing is found."""
        name = name.lower()
        sort = self._names.get(name)
        if sort is not None:
            return self._find(sort, name)
        at = name.rfind(b".")
        while at > 0:  # a name that is nothing but its ending has none
            if name[at:] in self._endings:
                return self._find(Sort.ENDING, name[at:])
            at = name.rfind(b".", 0, at) if self._deep else -1
        return None

    def hand(self, actor: Actor) -> Hit | None:
        """Look a hand up: the client's address, the names of its users."""
        smb = actor.smb
        users = (*smb.users, actor.user) if smb is not None else (actor.user,)
        if smb is not None and smb.address and (found := self._find(Sort.ADDRESS, _address(smb.address))):
            return found
        names = (each.encode("utf-8", "surrogateescape").lower().rpartition(b"\\")[2] for each in users)
        return next((found for each in names if (found := self._find(Sort.USER, each))), None)

    def digest(self, sha256: bytes) -> Hit | None:
        """Look a file's SHA-256 up."""
        return self._find(Sort.SHA256, sha256.hex().encode())

    def _find(self, sort: Sort, value: bytes) -> Hit | None:
        source = self._whole.source(sort, value)
        return None if source is None else Hit(sort, value, source)

    def is_news(self, hit: Hit, party: PartyKey) -> bool:
        """Whether it has to be said (rule 3)."""
        key = (hit.sort, hit.value, party)
        if key in self._told:
            return False
        self._told[key] = None
        if len(self._told) > TOLD_KEPT:
            self._told.popitem(last=False)
        return True


def _address(text: str) -> bytes:
    try:
        return address(text).encode()
    except ValueError:
        return text.encode("utf-8", "surrogateescape")
