"""A journal as lines of JSON that anybody can keep, read and check without the database.

Comes in: one moment of a journal; or the lines of an export, which anybody may have made. Goes out: lines; or a record
that `verify.py` checks like the journal itself. One object a line, told apart by `line`: first `journal`, then the
`checkpoint`s, the entries in order (`entry`: exactly what is hashed, and the hash), the words if they were asked for
(`key`, then a `text` each: reference, salt, words), and `end`, so that an export that was cut off shows. Without the
words it holds no path and no name of anybody. It is read once, front to back, however long it is.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from garde.clock import iso
from garde.errors import UsageError
from garde.journal import checkpoint as cp
from garde.journal.backend import PAGE, Stored, StoredText, View
from garde.journal.entry import Head, origin
from garde.journal.keys import Keys
from garde.journal.verify import Record, changed_words

FORMAT = 1
LONGEST_LINE = 64 * 2**20  # bytes: the description of a whole hospital is under one


class JournalLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="journal"):
    """Which journal, and what is to come."""

    format: int
    identity: str
    at: str
    entries: int
    words: bool


class EntryLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="entry"):
    """One entry; `payload` is kept to the byte, since it is hashed."""

    seq: int
    at: str
    who: str
    kind: str
    payload: msgspec.Raw
    previous: str
    hash: str


class CheckpointLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="checkpoint"):
    """One checkpoint."""

    size: int
    root: str
    at: str
    signature: str


class KeyLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="key"):
    """What references are keyed with: without it nobody could say that words are those of the chain."""

    key: str


class TextLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="text"):
    """Words that were not erased: as text, and where they are no UTF-8 as base64."""

    ref: str
    salt: str
    words: str = ""
    b64: str = ""


class EndLine(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="end"):
    """The head, as it stood beside the entries."""

    head: str


Line = JournalLine | EntryLine | CheckpointLine | KeyLine | TextLine | EndLine


@dataclass(frozen=True, slots=True)
class Counts:
    """What an export holds."""

    entries: int
    head: str
    checkpoints: int
    texts: int


# --- writing ----------------------------------------------------------------------------------------------------------


class Export:
    """The lines of a journal at one moment; iterate it once, then `counts` has what it held."""

    def __init__(self, view: View, keys: Keys, at: float, *, words: bool) -> None:
        self._view, self._keys, self._at, self._words = view, keys, at, words
        self.counts = Counts(0, "", 0, 0)

    def __iter__(self) -> Iterator[bytes]:
        encode = msgspec.json.Encoder().encode
        for line in self._lines():
            yield encode(line) + b"\n"

    def _lines(self) -> Iterator[Line]:
        head = self._view.meta("head").decode("ascii", "replace")
        size = int(head.partition(":")[0] or 0)
        yield JournalLine(FORMAT, self._keys.identity.hex(), iso(self._at), size, self._words)
        checkpoints = self._view.checkpoints()
        for kept in checkpoints:
            yield CheckpointLine(*kept[:4])
        entries = texts = 0
        for stored in self._entries():
            entries += 1
            yield EntryLine(*stored[:4], msgspec.Raw(stored.payload), stored.previous, stored.hash)
        if self._words:
            yield KeyLine(self._keys.key.hex())
            for text in self._view.texts():
                texts += 1
                yield _text_line(text)
        yield EndLine(head)
        self.counts = Counts(entries, head, len(checkpoints), texts)

    def _entries(self) -> Iterator[Stored]:
        after = 0
        while page := self._view.page(after):
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].seq


def _text_line(text: StoredText) -> TextLine:
    salt, words = (text.salt or b"").hex(), bytes(text.words)
    try:
        return TextLine(text.ref, salt, words=words.decode())
    except UnicodeDecodeError:
        return TextLine(text.ref, salt, b64=base64.b64encode(words).decode())


# --- reading ----------------------------------------------------------------------------------------------------------


class ExportRecord(Record):
    """An export as a record."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = _read(lines)
        self._identity = _identity(next(self._lines, None))
        self.journal = origin(self._identity)
        self._next = next(self._lines, None)  # the line in hand
        self._keys: Keys | None = None
        self._changed: list[str] = []
        self._end = "none"
        self.last, self.signed = Head(0, self.journal), 0  # what was read of it so far

    def checkpoints(self) -> Iterable[cp.Checkpoint]:
        found: list[cp.Checkpoint] = []
        while isinstance(self._next, CheckpointLine):
            line = self._next
            found.append(cp.stored(line.size, line.root, line.at, line.signature, self.journal))
            self._next = next(self._lines, None)
        self.signed = len(found)
        return found

    def pages(self) -> Iterator[Collection[Stored]]:
        page: list[Stored] = []
        while isinstance(self._next, EntryLine):
            line = self._next
            payload = bytes(line.payload).decode("utf-8", "surrogateescape")
            page.append(Stored(line.seq, line.at, line.who, line.kind, payload, line.previous, line.hash))
            self.last = Head(line.seq, line.hash)
            if len(page) == PAGE:
                yield page
                page = []
            self._next = next(self._lines, None)
        if page:
            yield page
        self._read_rest()

    def _read_rest(self) -> None:
        """Look at the words in passing, so that they need no room, and take the end."""
        ended = 0
        while self._next is not None:
            match self._next:
                case KeyLine():
                    self._keys = Keys(self._identity, cp.exact_hex(self._next.key))
                case TextLine():
                    self._changed += self._check_text(self._next)
                case EndLine():
                    self._end, ended = self._next.head, ended + 1
                case _:
                    ended += 2
            self._next = next(self._lines, None)
        if ended != 1:
            self._end = "no end, two of them, or lines out of order"

    def _check_text(self, line: TextLine) -> Iterable[str]:
        try:
            words = base64.b64decode(line.b64, validate=True) if line.b64 else line.words.encode()
            text = StoredText(line.ref, cp.exact_hex(line.salt), words)
            if self._keys is None or msgspec.structs.astuple(_text_line(text)) != msgspec.structs.astuple(line):
                return [line.ref]
            return list(changed_words(self._keys, [text]))
        except ValueError:
            return [line.ref]

    def end(self) -> str:
        return self._end

    def removed(self, refs: Collection[str]) -> Collection[str]:
        return ()  # an export may be without the words

    def changed_words(self) -> Iterator[str]:
        return iter(self._changed)


def _read(lines: Iterable[bytes]) -> Iterator[Line]:
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
    for number, line in enumerate(lines, 1):
        try:
            if len(line) > LONGEST_LINE:
                raise ValueError("it is too long")
            yield decoder.decode(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"line {number} of the export cannot be read: {error}", "`garde journal export --to FILE` makes one"
            ) from error


def _identity(first: Line | None) -> bytes:
    if not isinstance(first, JournalLine):
        raise UsageError("this is not an export of a journal", "`garde journal export --to FILE` makes one")
    if first.format != FORMAT:
        raise UsageError(f"this export has the form {first.format}, which is newer", "check it with a newer Garde")
    return cp.exact_hex(first.identity)
