"""A ward's PC, opened: keys, packs and journal held together.

Comes in: a state directory that was set up; parcels, cards. Goes out: packs for whoever may see them, receipts for the
desk, how fresh it all is. Several processes may have it open (the running program, a command beside it): whatever
follows from the state is decided under the journal's write lock. Safe to share between threads. It owns no socket.

A parcel is taken in this order: every check; then, under the lock, once more whether it is newer; the file, down to the
disk; the entry. A file without its entry (killed in between, a full disk) is taken or shredded by the next `settle`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from garde.clock import Clock
from garde.downtime.book import Book, Fold
from garde.downtime.packs.shelf import Manifest
from garde.downtime.parcel import envelope
from garde.downtime.parcel.envelope import Code, Header, ParcelRefusedError, header_of, unwrap, wrap
from garde.downtime.parcel.goods import unpacked
from garde.downtime.parcel.keys import Card, Keys
from garde.downtime.parcel.receipt import MOST_RUNS, Kept, Receipt, write_receipt
from garde.downtime.store.seal import Seal
from garde.errors import GardeError, NotSetUp, Refused, UsageError
from garde.journal import Payload
from garde.journal.paper_kinds import DeskTrusted, PackKept, PackOpened, PackShredded, PackStale
from garde.trust.keys import PublicKey
from garde.ward.config import Config, load_config
from garde.ward.cupboard import Cupboard
from garde.ward.fresh import Fresh, freshness
from garde.ward.state import Held, State, check_parcel, data_packs, is_known, project, to_shred

WHO: Final = "ward"
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a parcel."""

    held: Held
    again: bool  # it was here already


class House:
    """See the module."""

    def __init__(self, state: Path, clock: Clock) -> None:
        self.state_dir, self.clock = state, clock
        self.config: Config = load_config(state)
        self.keys = Keys.load(state)
        self.cupboard = Cupboard(state)
        self._lock = threading.RLock()
        self._manifests: dict[str, Manifest] = {}
        self._book = Book(state, Seal(self.keys.own(b"ward journal")), clock, who=WHO)
        self._fold = Fold(State(), project)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._book.close()

    # --- the state ---

    def state(self) -> State:
        """Return the state as it is now, also after what others wrote."""
        with self._lock:
            return self._book.follow(self._fold)

    def add(self, *payloads: Payload, who: str = "") -> None:
        """Write entries that depend on nothing."""
        with self._lock:
            self._book.add(*payloads, who=who)

    @contextmanager
    def _following(self) -> Iterator[State]:
        with self._lock:
            yield self._book.follow(self._fold)

    # --- trust ---

    def card(self) -> Card:
        """Return this PC as the desk comes to know it."""
        host, port = self.config.bind or ("", 0)
        everywhere = host in ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
        named = "" if everywhere else f"http://{host}:{port}"
        sign, seal = self.keys.sign.public.hex, self.keys.seal
        return Card("ward", self.config.name, sign, seal, self.config.places, named)

    def trust(self, card: Card, by: str, *, replace: bool = False) -> None:
        """Take packs from this desk from now on; Refused where it is another than before and nobody said so."""
        if card.to != self.keys.sign.public.hex:
            raise Refused("this card was made for another PC", "enrol this PC at the desk: garde ward enrol ward.card")

        def decide(state: State) -> list[Payload]:
            known = state.desk
            if known and known.sign != card.sign and not replace:
                raise Refused(
                    f"this PC takes packs from the desk of {known.hospital}, and this is another one",
                    "compare the fingerprints; with --replace the new one takes its place",
                )
            if known and (known.sign, known.epoch) == (card.sign, card.epoch):
                return []
            return [DeskTrusted(card.name, card.sign, card.seal, card.epoch, card.places, by)]

        with self._lock:
            self._book.change(self._fold, decide)

    # --- taking ---

    def take(self, raw: bytes) -> Taken:
        """Keep a pack: on the disk when this returns. ParcelRefusedError, OSError where there is no room."""
        state = self.state()

        def look(header: Header) -> None:
            if not is_known(state, header):
                check_parcel(state, header)

        header, content = unwrap(raw, self.keys, envelope.PACK, self._sender, look)
        manifest, _ = unpacked(header, content)
        return self._keep(raw, header, manifest)

    def _keep(self, raw: bytes, header: Header, manifest: Manifest) -> Taken:
        kept = PackKept(
            manifest.pack, manifest.pages, manifest.sha256, manifest.as_of, manifest.made_at, manifest.place,
            manifest.about, manifest.language, header.counter, header.epoch,
        )  # fmt: skip

        def decide(state: State) -> list[Payload]:
            if is_known(state, header):
                return []
            check_parcel(state, header)
            self.cupboard.put(header.pack, raw)
            return [kept]

        with self._lock:
            try:
                new = self._book.change(self._fold, decide)
            except OSError:
                if header.pack not in self._fold.state.held:
                    self.cupboard.shred(header.pack)  # the journal took no entry: the pack is not here
                raise
            held = self._fold.state.held[header.pack]
            if not new and header.pack not in self.cupboard.names():
                self.cupboard.put(header.pack, raw)  # somebody removed the file by hand
        return Taken(held, again=not new)

    def _sender(self, sender: str) -> PublicKey | None:
        return PublicKey.from_hex(sender) if sender in self.state().senders else None

    # --- opening ---

    def open(self, pack: str) -> tuple[Manifest, bytes]:
        """Return a pack's manifest and PDF; GardeError where it is not there or not what was kept."""
        raw = self.cupboard.read(pack)
        try:
            header, content = unwrap(raw, self.keys, envelope.PACK, self._sender)
            manifest, pdf = unpacked(header, content)
            if manifest.pack != pack:
                raise ParcelRefusedError(Code.DIFFERENT, "its file bears another's name")
        except ParcelRefusedError as error:
            raise Refused(f"pack {pack} cannot be used: {error.reason}", "take it again from the desk") from error
        self._manifests[pack] = manifest
        return manifest, pdf

    def manifest(self, pack: str) -> Manifest:
        """Return what a pack is."""
        return self._manifests.get(pack) or self.open(pack)[0]

    def shown(self, pack: str, by: str) -> bytes:
        """Return a pack's PDF for somebody's eyes; that they looked is written down before."""
        self.add(PackOpened(pack, by))
        return self.open(pack)[1]

    def pick(self, pack: str) -> Held:
        """Return a pack that is here; NotFound-like Refused where it is not."""
        held = self.state().held.get(pack.upper())
        if held is None:
            raise UsageError(f"there is no pack {pack[:20]} here", "look at garde ward packs")
        return held

    # --- freshness and tidying ---

    def fresh(self, held: Held | None) -> Fresh:
        """Return how old a pack's data are; of None: there is no pack."""
        as_of = held.as_of if held else None
        return freshness(as_of, self.clock.now(), self.config.late_min * 60, self.config.stale_min * 60)

    def worst(self) -> Fresh:
        """Return the worst of what counts: the newest pack with patients of each place."""
        state = self.state()
        packs = data_packs(state)
        missing = not packs or set(self.config.places) - {each.place for each in packs}
        found = [self.fresh(each) for each in packs] + ([self.fresh(None)] if missing else [])
        return max(found, key=lambda fresh: ("good", "warn", "bad").index(fresh.tone))

    def tell_stale(self) -> list[PackStale]:
        """Write down which packs have become too old, or are no longer; returns what is new."""

        def decide(state: State) -> list[Payload]:
            if state.desk is None:
                return []
            now_stale = {each.pack: self.fresh(each).alarm for each in data_packs(state)} or {"": True}
            known = {pack: held.as_of for pack, held in state.held.items()}
            before = {pack: pack in state.stale if stale else bool(state.kin(pack) & state.stale)
                      for pack, stale in now_stale.items()}  # fmt: skip
            changed = {pack: stale for pack, stale in now_stale.items() if stale != before[pack]}
            if "" in state.stale and "" not in now_stale:
                changed[""] = False
            return [PackStale(pack, stale, known.get(pack, 0.0)) for pack, stale in changed.items()]

        with self._lock:
            entries = self._book.change(self._fold, decide)
        return [each.payload for each in entries if isinstance(each.payload, PackStale)]

    def tidy(self) -> list[PackShredded]:
        """Shred what is too old or has been followed; returns what went."""

        def decide(state: State) -> Iterator[Payload]:
            days, hours = self.config.keep_days * _DAY_S, self.config.previous_h * 3600
            for pack, reason in list(to_shred(state, self.clock.now(), hours, days)):
                self.cupboard.shred(pack)
                self._manifests.pop(pack, None)
                yield PackShredded(pack, reason)

        with self._lock:
            entries = self._book.change(self._fold, decide)
        return [each.payload for each in entries if isinstance(each.payload, PackShredded)]

    def settle(self) -> list[str]:
        """After a start: take or shred files without an entry; returns the packs whose files are gone or damaged."""
        self.cupboard.sweep()
        for pack in self.cupboard.names():
            if pack not in self.state().held:
                self._settle_one(pack)
        bad = []
        for pack in list(self.state().held):
            try:
                self.open(pack)
            except GardeError:
                bad.append(pack)
        return bad

    def _settle_one(self, pack: str) -> None:
        try:
            raw = self.cupboard.read(pack)
            if header_of(raw).pack != pack:
                raise ParcelRefusedError(Code.DIFFERENT, "its file bears another's name")
            self.take(raw)
        except (ParcelRefusedError, GardeError):
            self.cupboard.shred(pack)

    # --- receipts ---

    def receipt(self, printer: str = "") -> bytes:
        """Return a parcel for the desk with all that it may know; Refused where no desk is known."""
        with self._following() as state:
            desk, seen = state.desk, self._fold.seen
            if desk is None:
                raise NotSetUp("no desk is known here", "take the desk's card: garde ward take FILE")
            runs = sorted(state.runs.values(), key=lambda run: run.at)[-MOST_RUNS:]
            kept = tuple(
                Kept(each.pack, each.place, each.as_of, each.made_at, each.kept_at, self._stale(each))
                for each in state.held.values()
            )
        now = self.clock.now()
        content = write_receipt(Receipt(self.config.name, now, kept, tuple(runs), printer))
        sign = self.keys.sign.public.hex
        header = Header(envelope.RECEIPT, sign, desk.seal, seen, now, desk.epoch, ward=self.config.name)
        return wrap(header, content, self.keys)

    def _stale(self, held: Held) -> bool:
        return held.about != "blanks" and self.fresh(held).alarm
