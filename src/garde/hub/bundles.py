"""Making bundles of evidence: everything that is known of an incident in one folder that anybody can check.

Comes in: `bundle_asked` commands. Goes out: `evidence_moved` for each item that goes into it, then `bundle_made`; the
folder `<state>/bundles/<incident>-<n>`. The rules, one test each:

1. An item whose bytes are not those that were taken does not go into it, and that is said.
2. The journal in it goes to the entry that its signed checkpoint covers, with the items' last change of hands.
3. What somebody typed as a login and was refused is not in it: it may be a password in the wrong field.
4. Where no page can be set or no time authority stamps, the bundle stands all the same, with the reason.
5. Whole or not at all: killed in between, or on a full disk, nothing is left that looks like one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from garde.clock import Clock, iso
from garde.errors import SettingsError
from garde.forensics.custody import contents, stamp
from garde.forensics.custody.bag import STAMP, Bag, Part, Writer, read_chunks
from garde.forensics.custody.form import CUSTODY_LOCALE, Form, custody_form
from garde.forensics.custody.store import FOLDER as EVIDENCE
from garde.forensics.custody.store import Evidence
from garde.forensics.custody.store import Item as Kept
from garde.forensics.memory import Case, Item, State
from garde.hub.performer import Say
from garde.hub.threaded import Threaded
from garde.journal.backend import StoredText, View
from garde.journal.chain import ChainStore
from garde.journal.entry import Entry, Head
from garde.journal.export import Export
from garde.journal.forensic_kinds import BundleAsked, BundleMade, EvidenceMoved, NoteTaken
from garde.journal.hub_kinds import SignInRefused
from garde.journal.payload import Command, Payload
from garde.journal.speech import say_in
from garde.journal.text import Text
from garde.paper import Document, NotTypeset, Printed, typeset
from garde.trust.files import write_secret
from garde.trust.keys import SigningKey

if TYPE_CHECKING:
    from garde.hub.loop import Loop

FOLDER: Final = "bundles"
BUNDLE: Final = "bundle"
_TRIES: Final = 50  # to read the journal in a moment in which nobody writes
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(slots=True)
class _Left:
    """What the bundle is without, in words."""

    words: list[str]

    def out(self, what: str) -> None:
        self.words.append(what)


class _Unsaid:
    """A journal at one moment without these words: what was typed as a login may be a password in the wrong field."""

    def __init__(self, view: View, refs: frozenset[str]) -> None:
        self._view, self._refs = view, refs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def texts(self) -> Iterator[StoredText]:
        return (each for each in self._view.texts() if each.ref not in self._refs)


class Bundles(Threaded):
    """The performer of `bundle_asked`. See `garde.hub.performer.Performer`."""

    kinds = ("bundle_asked",)

    def __init__(
        self,
        state: Path,
        loop: Callable[[], Loop],
        key: SigningKey,
        clock: Clock,
        typesetter: Callable[[Document], Printed] = typeset,
    ) -> None:
        super().__init__("bundles")
        self._state, self._loop, self._key, self._clock, self._typeset = state, loop, key, clock, typesetter
        self._store = Evidence(state / EVIDENCE)

    def open(self, say: Say) -> None:
        super().open(say)
        for each in (self._state / FOLDER).glob(".*.new"):
            shutil.rmtree(each, ignore_errors=True)  # of a hub that was killed

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _carry_out(self, command: Command) -> Iterator[list[Payload]]:
        assert isinstance(command, BundleAsked)
        yield [self._made(command)]

    def _made(self, asked: BundleAsked) -> BundleMade:
        folder, left = self._place(asked.incident), _Left([])
        writer = Writer(folder)
        try:
            here = self._add_items(writer, asked, folder.name, left)
            head = self._add_journal(writer)
            self._add_words(writer, asked, head, here, left)
            info = self._info(asked, head)
            bag = writer.finish(info, self._key.public.hex, self._key.sign, self._clock.now())
        finally:
            writer.drop()
        how = self._stamp(bag, left)
        detail = "; ".join(left.words)[:500]
        return BundleMade(asked.command, asked.incident, Text(str(bag.folder)), bag.manifest, len(here), bag.size,
                          head.seq, how, detail)  # fmt: skip

    def _place(self, incident: str) -> Path:
        top = self._state / FOLDER
        top.mkdir(mode=0o700, exist_ok=True)
        stem = _ODD.sub("_", incident)[:60] or "incident"
        return next(path for number in range(1, 100_000) if not (path := top / f"{stem}-{number}").exists())

    def _snapshot(self, incident: str) -> tuple[State, Case]:
        state: State = self._loop().look("forensics", deepcopy)
        case = state.case(incident)
        if case is None:
            raise ValueError("there is no such incident")
        return state, case

    # --- what goes into it --------------------------------------------------------------------------------------------

    def _add_items(self, writer: Writer, asked: BundleAsked, name: str, left: _Left) -> dict[str, Kept]:
        """Rules 1 and 2."""
        state, case = self._snapshot(asked.incident)
        here: dict[str, Kept] = {}
        for item in contents.of_case(state, case):
            kept = self._store.find(item.item)
            if kept is None:
                continue
            if same := self._add_item(writer, item, kept):
                here[item.item] = kept
            else:
                left.out(f"{item.item} is not the same any more")
            moved = EvidenceMoved(item.item, item.sha256, BUNDLE, asked.by, f"{BUNDLE} {name}", same)
            self._loop().append([moved])
        return here

    def _add_item(self, writer: Writer, item: Item, kept: Kept) -> bool:
        if kept.sha256 != item.sha256 or not self._store.is_same(kept):
            return False
        digest = writer.add(Part(f"evidence/{item.item}", read_chunks(partial(self._store.open, kept))))
        if digest != item.sha256:
            raise OSError(f"{item.item} changed while it was read")
        return True

    def _add_journal(self, writer: Writer) -> Head:
        """Write the journal as it was signed last; returns up to which entry."""
        journal = self._loop().journal
        assert isinstance(journal, ChainStore)  # every store is one
        secret = frozenset(
            each.payload.login.ref
            for each in journal.entries(kinds=("sign_in_refused",))
            if isinstance(each.payload, SignInRefused)
        )
        for _ in range(_TRIES):
            signed = journal.checkpoint(self._key.sign)
            with journal.reading() as view:
                seq, _, digest = view.meta("head").decode("ascii").partition(":")
                if int(seq) == signed.size:
                    lines = Export(cast(View, _Unsaid(view, secret)), journal.keys, self._clock.now(), words=True)
                    writer.add(Part("journal.jsonl", lines))
                    return Head(int(seq), digest)
        raise OSError("the journal is written faster than it can be signed")

    def _add_words(self, writer: Writer, asked: BundleAsked, head: Head, here: dict[str, Kept], left: _Left) -> None:
        state, case = self._snapshot(asked.incident)
        say, items = say_in(asked.language, CUSTODY_LOCALE), contents.of_case(state, case)
        words = contents.words_of(self._entries(head, ("evidence_taken", "evidence_referred")))
        listed = contents.listed(items, words, here)
        notes = {each.seq: each.payload for each in self._entries(head, ("note_taken",))
                 if isinstance(each.payload, NoteTaken)}  # fmt: skip
        own = {seq: note for seq, note in notes.items() if seq in {each.seq for each in state.notes}}
        hospital = self._loop().estate.estate.name
        parts = (
            Part("README.txt", [contents.readme(hospital, case.id, self._clock.now())]),
            Part("evidence.json", [contents.as_json(listed)]),
            Part("timeline.csv", contents.timeline(self._entries(head), say)),
            Part("people.csv", contents.timeline(self._entries(head), say, people=True)),
            Part("indicators.csv", contents.indicators(state, case, own, words)),
        )
        for part in parts:
            writer.add(part)
        form = Form(hospital, case.id, asked.by, self._clock.now(), self._key.public.hex, head.seq, head.hash)
        try:
            writer.add(Part("custody.pdf", [self._typeset(custody_form(form, listed, say)).pdf]))
        except NotTypeset as error:
            left.out(f"no form: {error.reason}")

    def _entries(self, head: Head, kinds: tuple[str, ...] = ()) -> Iterator[Entry]:
        for entry in self._loop().journal.entries(kinds=kinds):
            if entry.seq > head.seq:
                return
            yield entry

    def _info(self, asked: BundleAsked, head: Head) -> dict[str, str]:
        now = iso(self._clock.now())
        return {
            "Source-Organization": self._loop().estate.estate.name,
            "Bagging-Date": now[:10],
            "External-Identifier": asked.incident,
            "External-Description": f"Evidence of an attack, exported by {asked.by}",
            "Garde-Made-At": now,
            "Garde-Journal-Head": f"{head.seq}:{head.hash}",
            "Garde-Key": self._key.public.hex,
        }

    def _stamp(self, bag: Bag, left: _Left) -> str:
        """Rule 4."""
        try:
            raw = stamp.ask(stamp.load_authority(self._state), bag.signature)
            write_secret(bag.folder / STAMP, raw)
        except (stamp.NoStamp, SettingsError, OSError) as error:
            left.out(str(error))
            return "none"
        return "rfc3161"
