"""Paper goes back into the record: over MLLP, or as files for an engine. Exactly once from our side.

Comes in: the back-entry's state, the census, where to. Goes out: what was taken, what was refused, what still waits.
The rules, beside those of `garde.downtime.entry.outbox`:

1. What is to go is written down (`message_due`) before the first byte leaves, and what was said to it after
   (`message_answered`). Whoever was killed in between sends the same bytes under the same number again.
2. One message is on its way at a time, and one sender: `out.lock`.
3. Nothing is sent while the record is said to be away.
4. AE and AR stop that patient, and no other. Silence, or a connection that breaks, stops everything until the next
   call. What the record cannot take is entered there by hand, and a person says so (`by_hand`).
5. An answer to another number is none.
"""

from __future__ import annotations

import base64
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from garde.desk.back_entry import BackEntry
from garde.downtime.census.view import PatientView
from garde.downtime.entry.bundle import Bundler, with_pictures
from garde.downtime.entry.discrepancies import discrepancies
from garde.downtime.entry.messages import PICTURE, Draft, Parties, Writer
from garde.downtime.entry.outbox import FHIR, FILE, HAND, HL7, Message, waiting
from garde.downtime.entry.sending import Fact, Merge, Subject, facts_due, merges_due
from garde.downtime.entry.state import State
from garde.downtime.entry.switch import place_of
from garde.downtime.hl7.message import Unreadable, parse
from garde.downtime.mllp import Deframer, Frame, frame
from garde.downtime.nouns import Care
from garde.errors import HubAbsent, NotFound, Refused, StateBusy
from garde.journal.paper_kinds import MessageAnswered, MessageDue
from garde.trust.files import write_secret

LOCK: Final = "out.lock"
_ANSWERS: Final = {"AA": "AA", "CA": "AA", "AE": "AE", "CE": "AE", "AR": "AR", "CR": "AR"}  # table 0008, both modes
_ACK_LONGEST: Final = 1 << 20  # bytes


class Content(msgspec.Struct, frozen=True):
    """What lies sealed in the journal of one message."""

    subject: str
    text: str
    picture: str = ""


@dataclass(slots=True)
class Sent:
    """What one call did."""

    taken: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # message, what was said
    stopped: str = ""  # why the call ended early
    left: int = 0  # messages that still wait


Told = Callable[[Message, str], None]


# --- what is due ------------------------------------------------------------------------------------------------------


def prepare(work: BackEntry, form: str) -> int:
    """Write down what may go now; returns how many messages became due."""
    places, before = work.records.places(), len(work.now().out.messages)
    for subject in list(work.now().subjects()):
        view = work.records.view(work.now().person(subject))
        place = place_of(work.now(), subject, places)
        work.book.change(work.fold, partial(_due, work, (subject, view, place), form))
    return len(work.now().out.messages) - before


def _due(work: BackEntry, about: tuple[str, PatientView | None, str], form: str, state: State) -> Iterator[MessageDue]:
    subject, view, place = about
    doubtful = {each.item for each in discrepancies(state, subject, view, place)}
    merges, facts = list(merges_due(state, subject)), facts_due(state, subject, doubtful)
    known = _subject(state.person(subject), view)
    if form == FHIR:
        yield from _bundle(work, known, merges, facts)
        return
    both: list[Merge | Fact] = [*merges, *facts]
    for each in both:
        name = each.match if isinstance(each, Merge) else each.item
        control = _control(work, form, (name,))
        writer = Writer(parties(work), known, control, work.clock.now())
        draft = writer.merge(each) if isinstance(each, Merge) else writer.fact(each)
        yield _message(work, (control, form, (name,)), known, draft)


def _bundle(work: BackEntry, known: Subject, merges: list[Merge], facts: list[Fact]) -> Iterator[MessageDue]:
    names = (*(each.match for each in merges), *(each.item for each in facts))
    if names:
        control = _control(work, FHIR, names)
        found = Bundler(parties(work), known, control, work.clock.now()).bundle(merges, facts)
        draft = Draft("Bundle", msgspec.json.encode(found).decode())
        yield _message(work, (control, FHIR, names), known, draft)


def _message(work: BackEntry, named: tuple[str, str, tuple[str, ...]], known: Subject, draft: Draft) -> MessageDue:
    control, form, items = named
    content = work.book.seal(Content(known.number, draft.text, draft.picture))
    return MessageDue(control, form, draft.about, items, content)


def _control(work: BackEntry, form: str, items: tuple[str, ...]) -> str:
    """MSH-10 has room for 20 characters. Made with the desk's key: two desks never have the same."""
    return f"G{work.book.digest('|'.join((form, *items)).encode())[:19].upper()}"


def _subject(number: str, view: PatientView | None) -> Subject:
    if view is None:
        return Subject(number)
    visit = next((each for each in view.visits if each.here), None)
    if visit is None:
        return Subject(view.number, view.person.value)
    inside = visit.care in (Care.INPATIENT, Care.EMERGENCY)
    return Subject(view.number, view.person.value, visit.place, visit.number, inside)


def parties(work: BackEntry) -> Parties:
    """Return how we and the record are called."""
    config = work.config
    own, record = config.own[0] if config.own else "", config.record
    return Parties(
        config.hospital, own, record.downtime_authority, record.application, record.facility, config.manner.place,
        desk=work.book.digest(b"desk")[:8],
    )  # fmt: skip


# --- going ------------------------------------------------------------------------------------------------------------


class Outgoing:
    """One call's pass over what waits: in order for each patient, nothing behind what was refused."""

    def __init__(self, work: BackEntry, form: str) -> None:
        self._work, self._form = work, form
        self.done = Sent()

    def run(self, give: Callable[[Message, bytes], tuple[str, str]], told: Told) -> Sent:
        """Give each to the record. `give` returns its answer and words; "" where nobody answered."""
        state, blocked = self._work.now(), set[str]()
        gone = {item.item for item in state.items.values() if item.replaced_by}
        for message in list(waiting(state.out, self._form, gone)):
            content = self._work.book.open(message.content, Content)
            if message.refused:
                self.done.refused.append((message.message, f"{message.answer} {message.detail}".strip()))
            if self.done.stopped or message.refused or content.subject in blocked:
                blocked.add(content.subject)
                self.done.left += 1
                continue
            answer = self._give(message, content, give)
            told(message, answer)
            if not message.accepted:
                blocked.add(content.subject)
                self.done.left += 1
        return self.done

    def _give(self, message: Message, content: Content, give: Callable[[Message, bytes], tuple[str, str]]) -> str:
        answer, detail = give(message, self._bytes(content))
        self._work.book.add(MessageAnswered(message.message, answer, detail))
        self._work.now()
        if not answer:
            self.done.stopped = detail
        elif message.accepted:
            self.done.taken.append(message.message)
        else:
            self.done.refused.append((message.message, f"{answer} {detail}".strip()))
        return answer

    def _bytes(self, content: Content) -> bytes:
        if self._form == FHIR:
            found = msgspec.json.decode(content.text)
            return msgspec.json.encode(with_pictures(found, self._work.scans.picture))
        text = content.text
        if content.picture:
            picture = base64.b64encode(self._work.scans.picture(content.picture)).decode()
            text = text.replace(PICTURE, picture)
        return text.encode("utf-8", "replace")


def send(work: BackEntry, address: tuple[str, int], told: Told) -> Sent:
    """Send what is due over MLLP. Refused while the record is away; HubAbsent, StateBusy where another sends."""
    state = work.now()
    if state.began and not state.ended:
        raise Refused("the record is said to be away: nothing is sent", "say that it is back: garde pack end")
    with _alone(work.state):
        prepare(work, HL7)
        if not any(True for _ in waiting(work.now().out, HL7)):
            return Sent()
        with Line(address, work.config.record.wait_s) as line:
            return Outgoing(work, HL7).run(lambda message, data: line.exchange(message.message, data), told)


def export(work: BackEntry, folder: Path, form: str, told: Told) -> Sent:
    """Write what is due as files, one for each message, in an order that their names tell."""
    with _alone(work.state):
        prepare(work, form)
        order = {name: number for number, name in enumerate(work.now().out.messages, 1)}
        ending = "json" if form == FHIR else "hl7"

        def give(message: Message, data: bytes) -> tuple[str, str]:
            path = folder / f"{order[message.message]:06d}-{message.message}.{ending}"
            try:
                write_secret(path, data)
            except OSError as error:
                return "", f"{path}: {error.strerror}"
            return FILE, path.name

        return Outgoing(work, form).run(give, told)


def again(work: BackEntry, message: str) -> None:
    """A message that was refused may go once more: what stood in its way in the record is mended."""

    def decide(state: State) -> Iterator[MessageDue]:
        known = _refused(state, message)
        yield MessageDue(known.message, known.form, known.about, known.items, known.content)

    work.book.change(work.fold, decide)


def by_hand(work: BackEntry, message: str) -> None:
    """What a refused message says was entered in the record by hand."""

    def decide(state: State) -> Iterator[MessageAnswered]:
        yield MessageAnswered(_refused(state, message).message, HAND, work.by)

    work.book.change(work.fold, decide)


def _refused(state: State, message: str) -> Message:
    known = state.out.messages.get(message.strip().upper())
    if known is None:
        raise NotFound(f"there is no message {message}", "see garde sheet send")
    if not known.refused:
        raise Refused(f"{known.message} was not refused", "what waits goes by itself: garde sheet send")
    return known


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    handle = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StateBusy("another command sends already", "wait for it") from error
    finally:
        os.close(handle)


# --- the line ---------------------------------------------------------------------------------------------------------


class Line:
    """One MLLP connection to the record."""

    def __init__(self, address: tuple[str, int], wait_s: float) -> None:
        try:
            self._sock, self._wait_s = socket.create_connection(address, wait_s), wait_s
        except OSError as error:
            host, port = address
            raise HubAbsent(
                f"nobody takes messages at {host}:{port}: {error.strerror}", "is the record back?"
            ) from error
        self._stream = Deframer(_ACK_LONGEST)
        self._broken = ""

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def exchange(self, control: str, data: bytes) -> tuple[str, str]:
        """Send one message and wait for its answer; "" and the reason where there is none."""
        if self._broken:
            return "", self._broken
        try:
            self._sock.sendall(frame(data))
            until = time.monotonic() + self._wait_s
            while time.monotonic() < until:  # answers to other messages do not prolong it
                for piece in self._stream.feed(self._received()):
                    if isinstance(piece, Frame) and (found := _answer(piece.data, control)):
                        return found
            raise TimeoutError("timed out")
        except OSError as error:  # a timeout is one
            self._broken = error.strerror or str(error) or type(error).__name__
            return "", self._broken

    def _received(self) -> bytes:
        data = self._sock.recv(1 << 16)
        if not data:
            raise ConnectionError("the other side closed the connection")
        return data


def _answer(data: bytes, control: str) -> tuple[str, str] | None:
    """Read an acknowledgement of this message; None for one of another."""
    try:
        found = parse(data)
    except Unreadable:
        return None
    if found.get("MSA", 2) != control:
        return None
    code = _ANSWERS.get(found.get("MSA", 1).upper(), "AE")
    words = " ".join(filter(None, (found.get("MSA", 3), found.get("ERR", 8), found.get("ERR", 3, 2))))
    return code, words[:200]
