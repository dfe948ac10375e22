"""The watcher: activity in, commands out. It decides what is judged, when, and who is held.

Comes in: `Activity` with paths and actor, and the time. Goes out: commands (commands.py). It reads files only through
the `Lookup` it is given, holds nobody, and keeps no clock.

Rules, one test each:

1. A closed file that was written is judged at once; a file kept open 1 ms after its first write (at once with a watch
   list), and again when it has been dirty for `dirty_ms`.
   What another file took the place of before it was looked at is looked at once more, a moment later.
2. The first judgements of a hand are urgent; a hand that writes a lot of honest files is left to the keeper, which
   judges its files when it keeps them.
3. A new file is no damage. Deleting a known file while the same hand writes an unreadable one in its place is.
4. A file that a hand made itself is not missed when the same hand deletes it, and need not be kept any more.
5. Deletes and truncates alone never hold; enough documents of them within seconds are a mass loss.
6. A rename over a file is judged against what the name held before; a plain rename against the file's own past.
7. A foreign write in the vault is a verdict by itself.
8. Small changes are pooled: a hand's changed bytes are read together.
9. A held hand is not judged again: everything it touches goes to its ledger.
10. Lost events lead to a rescan, never to silence.
11. What is on the watch list is said once for a hand, and makes its first damaged file a verdict: where the file's own
    name is on it, or the hand left a note whose name is, whatever proof there is; where the hand is listed otherwise
    (address, account, a tool that it wrote), a strong one. No name, and no deed that leaves a file readable, is a
    verdict. See `sharpened.py`.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from garde.content import Comparison, NewFile, is_recognised, randomness
from garde.model.activity import Activity, What
from garde.model.actor import Actor
from garde.model.finding import Finding, Proof, Verdict
from garde.model.watchlist import WatchList
from garde.settings import WatchSettings
from garde.vault import STORE_NAME, Compared, Known
from garde.watch import notes
from garde.watch.commands import Capture, Command, Dropped, Found, Judged, MassLoss, Moved, Rescan, Sighted
from garde.watch.dirty import OPEN_DELAY, Dirty, DirtyTable
from garde.watch.lookup import Lookup
from garde.watch.masses import Masses
from garde.watch.parties import Deleted, Parties, Party, smb_key
from garde.watch.replaced import candidates, fits_size, shares_stem
from garde.watch.sharpened import Sharpened
from garde.watch.suspicion import Level, PartyKey, Suspicion
from garde.watch.weights import Weights, bound

URGENT_RATE = 60.0  # urgent judgements per second and hand: above the 50 saves/s of a busy office share
URGENT_BURST = 120.0
ALARM_SECONDS = 10.0
BLAMED_SECONDS = 60.0  # what such a client has under way here is judged within a few
WRITTEN_S = 0.02  # for what took a file's place to be written
POOL_BYTES = 512  # pooled chi-square separates from 256 bytes on; twice that for a wide margin
POOL_FILES = 3
_RARE = What.OVERFLOW | What.DIRECTORY
_WRITTEN = What.MODIFY | What.CLOSE_WRITE
STORE_MARK = b"/" + os.fsencode(STORE_NAME)
GONE_KEPT = 20_000
FRESH_KEPT = 50_000


class Watcher:
    """One file server's judge. All times are monotonic seconds but for `wall`, which stamps findings."""

    def __init__(
        self,
        lookup: Lookup,
        settings: WatchSettings,
        weights: Weights,
        trees: Sequence[bytes],
        *,
        wall: Callable[[], float],
        alive: Callable[[int], bool],
        prefix: str = "v",
        stores: Sequence[bytes] = (),
    ) -> None:
        self._lookup = lookup
        self._trees = tuple(trees)
        self._wall = wall
        self._alive = alive
        self.parties = Parties()
        self.suspicion = Suspicion(
            weights, bound(settings.false_alarm, settings.miss), settings.decay_hours * 3600, prefix
        )
        self._weights = weights
        self.sharpened: Sharpened | None = None  # None: there is no watch list, and nothing to look up
        self._dirty = DirtyTable(settings.dirty_ms / 1000)
        self._masses = Masses(settings.mass_delete)
        self._fresh: OrderedDict[bytes, PartyKey] = OrderedDict()
        self._gone: OrderedDict[bytes, float] = OrderedDict()
        self._held: dict[PartyKey, frozenset[int]] = {}
        self._late: set[PartyKey] = set()
        self._blamed: dict[PartyKey, float] = {}  # clients that were judged elsewhere -> until when that counts here
        self._alarm_until = 0.0
        self.bait: set[bytes] = set()
        self._out: list[Command] = []
        self._stores = tuple(store + b"/" for store in stores)

    # ---- activity -------------------------------------------------------------------------------------------------

    def meet(self, actor: Actor, now: float) -> None:
        """Make the hand of a new client before its first write, where there is one tree for it to write to."""
        if len(self._trees) == 1 and self.parties.known(actor) is None:
            self._party(actor, self._trees[0], now)

    def see(self, activity: Activity, path: bytes, new: bytes | None, actor: Actor) -> None:
        """Take one activity. `path` and `new` are whole paths; `new` is None where a rename left the trees."""
        what = activity.what
        if what & _RARE or STORE_MARK in path:
            self._see_rare(activity, path, new, actor)
            return
        party = self.parties.known(actor) or self._party(actor, path, activity.at)
        if what & What.RENAME:
            self._see_rename(activity, path, new, actor, party)
            return
        if what & What.CREATE:
            self._see_create(activity, path, actor, party)
        if what & _WRITTEN:
            self._see_write(activity, path, actor, party)
        if what & What.DELETE:
            self._see_delete(activity, path, party)

    def _see_rare(self, activity: Activity, path: bytes, new: bytes | None, actor: Actor) -> None:
        what = activity.what
        if what & What.OVERFLOW:
            self._out.append(Rescan(b"", "the kernel's queue overflowed"))
        elif STORE_MARK in path:  # another agent's store is its own to guard
            if activity.pid and self._is_ours(what, path) and not _is_old_handle(what, path):
                self._vault_touched(activity, path, actor)
        else:
            self._see_directory(what, path, new)

    def _party(self, actor: Actor, path: bytes, at: float) -> Party:
        party = self.parties.of(actor, self._tree_of(path))
        if self.sharpened is not None:
            self._sighted(party, self.sharpened.hand(party, actor, path), at)
        return party

    def _is_ours(self, what: int, path: bytes) -> bool:
        """Return True inside our own part of a store, and for files laid beside the parts."""
        if path.startswith(self._stores):
            return True
        parent = path.rpartition(b"/")[0]
        return not what & What.DIRECTORY and any(store.startswith(parent + b"/") for store in self._stores)

    def _see_directory(self, what: int, path: bytes, new: bytes | None) -> None:
        if what & What.RENAME and new is not None:
            self._out.append(Moved(path, new, True))
            if not path:
                self._out.append(Rescan(new, "a directory was moved in"))

    def _see_create(self, activity: Activity, path: bytes, actor: Actor, party: Party) -> None:
        party.touch(path, activity.at, activity.pid, created=path not in self._gone)
        directory, _, name = path.rpartition(b"/")
        if self.sharpened is not None:
            self._sighted(party, self.sharpened.name(party, path, name), activity.at)
        if not party.noted and notes.note(party, directory, name):
            party.noted = True
            self._note_spread(party, path, actor, activity.at)
        if path in self._gone:
            return  # made again where a known file was: judged against it when written
        self._fresh[path] = party.key
        if len(self._fresh) > FRESH_KEPT:
            self._fresh.popitem(last=False)

    def _see_write(self, activity: Activity, path: bytes, actor: Actor, party: Party) -> None:
        closed = bool(activity.what & What.CLOSE_WRITE)
        party.touch(path, activity.at, activity.pid, created=path in self._fresh)
        if path in self._fresh:
            if closed:
                del self._fresh[path]
                party.wrote_new(path, activity.at)
                self._out.append(Capture(path, activity.fid, party.key, first=True))
                self._link_new(party, path, actor)
            return
        if path in party.fresh:
            if closed:
                self._out.append(Capture(path, activity.fid, party.key))
                self._link_new(party, path, actor)
            return
        if self._is_held(party.key, activity.pid):
            return
        self._dirty.wrote(path, activity.fid, actor, party.key, activity.at, closed=closed)

    def _see_delete(self, activity: Activity, path: bytes, party: Party) -> None:
        self._dirty.drop(path)
        self._honour(party, path)
        if self._fresh.pop(path, None) is not None:
            return
        mine = party.ledger.get(path)
        if path in party.fresh or (mine is not None and mine.created):
            party.fresh.pop(path, None)
            party.ledger.pop(path, None)
            self._out.append(Dropped(path))
            return
        known = self._lookup.find(path, activity.fid)
        if known is None:
            return
        party.touch(path, activity.at, activity.pid).now_at = b""
        self._gone[path] = activity.at
        if len(self._gone) > GONE_KEPT:
            self._gone.popitem(last=False)
        if not self._is_held(party.key, activity.pid):
            self._missing(party, Deleted(path, activity.at, known.size, known.kind))

    def _honour(self, party: Party, path: bytes) -> None:
        """Somebody else deletes what a held hand had touched: that is their word, and no later restore undoes it."""
        for key in self._held:
            other = self.parties.get(key)
            if other is not None and other is not party:
                other.ledger.pop(path, None)

    def _see_rename(self, activity: Activity, old: bytes, new: bytes | None, actor: Actor, party: Party) -> None:
        if new is None:
            self._see_delete(activity, old, party)
            return
        if self.sharpened is not None:
            self._sighted(party, self.sharpened.name(party, new, activity.new_name), activity.at)
        if not old:  # moved in from outside the trees
            party.touch(new, activity.at, activity.pid)
            self._dirty.wrote(new, activity.fid, actor, party.key, activity.at, closed=True)
            return
        made = self._fresh.pop(old, None) is not None or old in party.fresh
        party.fresh.pop(old, None)
        mine = party.ledger.get(old)
        if made:
            party.ledger.pop(old, None)
            if self._lookup.find(new, b"") is None:
                party.touch(new, activity.at, activity.pid, created=True)
                party.wrote_new(new, activity.at)
                self._out.append(Capture(new, activity.fid, party.key, first=True))
                self._link_new(party, new, actor)
                return
            party.touch(new, activity.at, activity.pid)
        else:
            touched = mine or party.touch(old, activity.at, activity.pid)
            touched.now_at = new
            party.touch(new, activity.at, activity.pid, created=self._lookup.find(new, b"") is None)
        if not self._is_held(party.key, activity.pid):
            self._dirty.moved(old, new, activity.fid, actor, party.key, at=activity.at)
            if made:
                self._dirty_origin(new)

    def _dirty_origin(self, path: bytes) -> None:
        """A temporary file took the name: only what the name held before counts."""
        item = self._dirty.peek(path)
        if item is not None:
            item.origin = path

    # ---- judging --------------------------------------------------------------------------------------------------

    def alarmed(self, now: float) -> bool:
        """Return True while nothing may be waited for: some seconds after anything was found, and with a watch list.

        Three files make a verdict as a rule, so that what comes first may wait a moment; of what is listed, one does.
        """
        return self.sharpened is not None or now < self._alarm_until

    def next_due(self) -> float | None:
        """Return when `work` has something to do next."""
        times = [due for due in (self._dirty.next_due(), self._masses.next_due()) if due is not None]
        return min(times) if times else None

    def work(self, now: float, limit: int) -> None:
        """Judge up to `limit` files whose turn has come, and report mass losses that are due."""
        for _ in range(limit):
            item = self._dirty.pop_due(now)
            if item is None:
                break
            self._judge(item, now)
        while (key := self._masses.pop_due(now)) is not None:
            self._mass_loss(key)

    def take(self) -> list[Command]:
        """Return the commands since the last call, in order."""
        out, self._out = self._out, []
        return out

    def found_later(self, path: bytes, comparison: Comparison, key: PartyKey, now: float) -> None:
        """Take the keeper's word that a file it was asked to keep is damaged."""
        party = self.parties.get(key)
        if party is not None and key not in self._held:
            self._damaged(party, (path, path), comparison, party.actor, now=now, provisional=False)

    def held(self, key: PartyKey, pids: frozenset[int]) -> None:
        """Learn which pids a hold has stopped (empty: the whole hand, or a hand that may not be held)."""
        self._held[key] = pids

    def raise_sensitivity(self, raised: bool) -> None:
        """Ask for less before a hand is judged, or for as much as usual again."""
        self.suspicion.raised = raised

    def blame(self, addresses: Iterable[str], now: float) -> None:
        """Learn that these clients were judged on another machine, and are refused here: one strong finding is enough.

        A cut that comes quickly leaves a server with a file or two that no verdict of its own would ever put back.
        """
        for key in [smb_key(address) for address in addresses]:
            self._blamed[key] = now + BLAMED_SECONDS
            party = self.parties.get(key)
            if party is not None and party.suspected and key not in self._held:
                self._judged(party, self.suspicion.elsewhere(party.levels[0], key, now))

    def watch_for(self, whole: WatchList, now: float) -> None:
        """Watch for what is on this list from now on; an empty one: for nothing. Hands seen lately are looked up."""
        self.sharpened = Sharpened(whole, self._weights, self._wall) if len(whole) else None
        self._dirty.open_delay = OPEN_DELAY if self.sharpened is None else 0.0  # one file is enough: nothing waits
        for party in self.parties:
            party.listed, party.left_note = "", False
            if self.sharpened is not None:
                self._sighted(party, self.sharpened.hand(party, party.actor, b""), now)
                for name, directories in list(party.names.items()):
                    path = next(iter(directories)) + b"/" + name
                    self._sighted(party, self.sharpened.name(party, path, name), now)

    def digest_seen(self, path: bytes, sha256: bytes, now: float) -> None:
        """Learn what a file that was kept lately is, where it is on the list."""
        if self.sharpened is None:
            return
        hands = [party for party in self.parties if path in party.fresh or path in party.ledger]
        for party in hands:
            self._sighted(party, self.sharpened.digest(party, path, sha256), now)

    def _sighted(self, party: Party, sighted: Sighted | None, now: float) -> None:
        """Say it, and judge the hand by what it had damaged before."""
        if sighted is None:
            return
        self._out.append(sighted)
        if party.suspected and party.listed and party.key not in self._held and self.sharpened is not None:
            strongest = self.suspicion.strongest(party.levels[0])
            if strongest is not None and Proof.LISTED not in strongest.proofs:
                again = self.sharpened.sharpen(party, strongest)
                if again is not strongest:
                    self._count(party, again, now)

    def let_go(self, keys: Sequence[PartyKey]) -> None:
        """Forget what was held against hands that were released."""
        self.suspicion.forget(keys)
        for key in keys:
            self._held.pop(key, None)
            self._blamed.pop(key, None)
            party = self.parties.get(key)
            if party is not None:
                party.suspected = False
                party.listed, party.left_note = "", False
                party.pool.clear()

    def _judge(self, item: Dirty, now: float) -> None:
        party = self.parties.get(item.party)
        if party is None or self._is_held(item.party, item.actor.pid):
            return
        if not party.suspected and not party.take_token(now, URGENT_RATE, URGENT_BURST):
            self._leave_to_keeper(item)
            return
        known, origin = self._known(item)
        if known is None:
            if item.closed:
                self._out.append(Capture(item.path, item.fid, item.party, first=True))
            return
        comparison = self._lookup.compare(known, item.path, still_open=not item.closed)
        if comparison is None:
            return
        if comparison.damaged and self._may_be_half_written(item):
            self._dirty.again(item, WRITTEN_S)
            return
        paths = (origin, item.path)
        if not self._damaged(party, paths, comparison, item.actor, now=now, provisional=not item.closed):
            self._unharmed(party, item, origin, known, comparison)

    def _may_be_half_written(self, item: Dirty) -> bool:
        """Whether what was compared is another file than the one that was closed: somebody writes it at this moment.

        A program that unpacks the same archive twice removes a file and makes it anew. It is looked at once more.
        """
        return item.closed and not item.looked and bool(item.fid) and not self._lookup.is_at(item.path, item.fid)

    def _known(self, item: Dirty) -> tuple[Known | None, bytes]:
        if item.replaced and item.origin != item.path:
            over = self._lookup.find(item.path, b"")
            if over is not None:
                return over, item.path
        known = self._lookup.find(item.origin, b"" if item.replaced and item.origin == item.path else item.fid)
        return known, known.path if known is not None else item.origin

    def _leave_to_keeper(self, item: Dirty) -> None:
        if item.closed or item.looked:
            self._out.append(Capture(item.path, item.fid, item.party))
        else:
            self._dirty.again(item)

    def _unharmed(self, party: Party, item: Dirty, origin: bytes, known: Known, comparison: Comparison) -> None:
        if not item.closed:
            if not item.looked:
                self._dirty.again(item)
            elif comparison.size_after * 2 < comparison.size_before:
                self._emptied(party, origin, comparison, item.last)
            return
        party.explained(origin)
        if item.replaced and item.origin != item.path:
            self._out.append(Moved(item.origin, item.path, False))
        compared = Compared(known.version, comparison) if comparison.digest else None
        self._out.append(Capture(item.path, item.fid, item.party, compared))
        self.suspicion.healthy(self._levels(party, origin))

    def _damaged(
        self,
        party: Party,
        paths: tuple[bytes, bytes],
        comparison: Comparison,
        actor: Actor,
        *,
        now: float,
        provisional: bool,
    ) -> bool:
        """Count a comparison's proofs; True when the file is damaged or may prove so with others.

        `paths` are the file's name, and where its content lies now.
        """
        path, path_after = paths
        proofs = comparison.proofs
        if comparison.pool and Proof.RANDOM_CHANGE not in proofs:
            proofs = proofs | self._pooled(party, path, comparison)
        if proofs and proofs <= {Proof.EMPTIED}:
            if comparison.size_after == 0 and provisional:
                return False
            self._emptied(party, path, comparison, now)
            return True
        if not proofs - {Proof.STILL_RANDOM, Proof.EMPTIED}:
            return False
        if path in self.bait or path_after in self.bait:
            proofs = proofs | {Proof.BAIT}
        finding = Finding(
            at=self._wall(),
            path=path,
            path_after=path_after,
            proofs=frozenset(proofs),
            actor=actor,
            kind_before=comparison.kind_before,
            kind_after=comparison.kind_after,
            changed=comparison.changed,
            provisional=provisional,
            detail=comparison.detail,
        )
        if self.sharpened is not None:
            finding = self.sharpened.sharpen(party, finding)
        self._count(party, finding, now)
        return True

    def _count(self, party: Party, finding: Finding, now: float) -> None:
        party.suspected = True
        self._alarm_until = now + ALARM_SECONDS
        party.touch(finding.path, now, finding.actor.pid)
        self._out.append(Found(finding, party.key))
        verdict = self.suspicion.add(finding, party.key, self._levels(party, finding.path), now)
        if verdict is None and now < self._blamed.get(party.key, 0.0):
            verdict = self.suspicion.elsewhere(party.levels[0], party.key, now)
        self._judged(party, verdict)

    def _judged(self, party: Party, verdict: Verdict | None) -> None:
        if verdict is None:
            return
        keys = tuple(key for key in self.suspicion.parties_of(verdict) if key == party.key or key not in self._held)
        for key in keys:
            self._held.setdefault(key, frozenset())
        self.suspicion.explain_away(keys)
        self._out.append(Judged(verdict, keys))

    def _is_held(self, key: PartyKey, pid: int) -> bool:
        """Return True where nothing this pid did needs judging: its hand is held, and the pid with it or gone."""
        pids = self._held.get(key)
        if pids is None or (pids and pid not in pids and self._alive(pid)):
            return False
        self._late.add(key)
        return True

    def take_late(self) -> set[PartyKey]:
        """Return the held hands that something further was seen of since the last call."""
        late, self._late = self._late, set()
        return late

    def _pooled(self, party: Party, path: bytes, comparison: Comparison) -> frozenset[Proof]:
        party.pool[path] = comparison.pool
        joined = b"".join(party.pool.values())
        if len(party.pool) < POOL_FILES or len(joined) < POOL_BYTES or not randomness(joined).is_random:
            return frozenset()
        return frozenset({Proof.POOLED_RANDOM})

    # ---- what is missing ------------------------------------------------------------------------------------------

    def _missing(self, party: Party, deleted: Deleted) -> None:
        for path, named in candidates(deleted.path, party.fresh):
            if self._explains(party, deleted, path, named, party.actor):
                return
        self._masses.count(party, deleted)

    def _link_new(self, party: Party, path: bytes, actor: Actor) -> None:
        if party.key in self._held or not party.deletes:
            return
        for gone in list(party.deletes.values())[::-1][:3]:
            if not gone.emptied and self._explains(party, gone, path, shares_stem(gone.path, path), actor):
                party.explained(gone.path)
                return

    def _explains(self, party: Party, gone: Deleted, path: bytes, named: bool, actor: Actor) -> bool:
        """Return True where the new file at `path` settles what became of `gone`: harm, or a healthy successor."""
        look = self._lookup.look(path)
        if look is None or not (named or fits_size(gone.size, look.size)):
            return False
        if not is_recognised(gone.kind) or not (look.unreadable or (named and look.pool)):
            return named  # what nobody could read before is not missed: backup programs replace their packs all day
        party.fresh.pop(path, None)
        self._damaged(party, (gone.path, path), _replaced(gone, look), actor, now=gone.at, provisional=False)
        return True

    def _emptied(self, party: Party, path: bytes, comparison: Comparison, at: float) -> None:
        party.touch(path, at, party.actor.pid)
        self._masses.count(party, Deleted(path, at, comparison.size_before, comparison.kind_before, emptied=True))

    def _mass_loss(self, key: PartyKey) -> None:
        party = self.parties.get(key)
        if party is None or key in self._held:
            return
        taken = self._masses.take(party)
        if taken:
            self._out.append(MassLoss(key, tuple(item.path for item in taken), min(item.at for item in taken)))

    # ---- helpers --------------------------------------------------------------------------------------------------

    def _vault_touched(self, activity: Activity, path: bytes, actor: Actor) -> None:
        party = self.parties.of(actor, self._tree_of(path))
        if self._is_held(party.key, activity.pid):
            return
        finding = Finding(
            self._wall(), path, path, frozenset({Proof.VAULT_TOUCHED}), actor, "vault", "", 0, False,
            "a foreign process wrote inside the vault",
        )  # fmt: skip
        self._count(party, finding, activity.at)

    def _note_spread(self, party: Party, path: bytes, actor: Actor, now: float) -> None:
        if party.key in self._held:
            return
        finding = Finding(
            self._wall(), path, path, frozenset({Proof.NOTE_SPREAD}), actor, "", "", 0, False,
            f"the same new name in {notes.DIRECTORIES} directories",
        )  # fmt: skip
        if party.suspected:
            self._count(party, finding, now)
        else:
            self.suspicion.add(finding, party.key, party.levels[:1], now)  # a user who installs does it again and again

    def _levels(self, party: Party, path: bytes) -> list[Level]:
        family = Level("family", path.rpartition(b"/")[0].decode("utf-8", "surrogateescape"))
        return [*party.levels[:2], family, *party.levels[2:]]

    def _tree_of(self, path: bytes) -> str:
        best = b""
        for tree in self._trees:
            if path.startswith(tree) and len(tree) > len(best):
                best = tree
        return best.decode("utf-8", "surrogateescape")


def _is_old_handle(what: int, path: bytes) -> bool:
    """Return True for a write through a handle that was opened before its damaged file was moved to the evidence."""
    return b"/evidence/" in path and not what & (What.CREATE | What.RENAME | What.DELETE)


def _replaced(gone: Deleted, look: NewFile) -> Comparison:
    """Return the finding's comparison for a file that went away while an unreadable one took its place."""
    proofs = look.proofs | {Proof.REPLACED}
    if look.unreadable and not look.proofs:
        proofs |= {Proof.RANDOM_CHANGE}
    return Comparison(
        proofs=frozenset(proofs),
        kind_before=gone.kind,
        kind_after=look.kind,
        size_before=gone.size,
        size_after=look.size,
        changed=look.size,
        sampled=False,
        pool=look.pool,
        structure_after=look.structure,
        detail=f"deleted, and in its place: {look.detail}",
    )
