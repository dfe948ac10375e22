"""What agents say: the hub's door for them, as a bare ASGI application under /agent/.

Comes in: POST requests with signed envelopes, and enrolments, as docs/link.md lays them down. Goes out: entries,
orders, signed answers. Nothing that an agent says decides anything: it may report the kinds of `REPORTABLE`, and
outcomes of orders that went to itself.

* 200: the answer. 409: a signed refusal (time or number off) from which an agent finds back by itself.
* 400, 403: unsigned, and so worth nothing but a look. 413: too large, refused before it is read.
* 503: the journal cannot be written; nothing was taken, and the agent keeps what it has.

An entry of a report counts once, by its number (cursor `agent/<machine>`); one that cannot be read, or that an agent
may not say, is skipped, counted as refused, and never stands in the way of those behind it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from garde.clock import Clock
from garde.errors import Refused, UsageError
from garde.hub.enrol import Enrolment
from garde.hub.evidence import Custody
from garde.hub.liveness import Beat, Liveness
from garde.hub.loop import Loop
from garde.hub.orders import Orders
from garde.hub.refusals import Refusals
from garde.hub.roster import Known
from garde.hub.watch_lists import WatchLists
from garde.journal import wire
from garde.journal.kinds import REPORTABLE
from garde.journal.payload import Payload
from garde.trust.enrolment import Token
from garde.trust.envelope import HUB, MAX_BYTES, Code, Envelope, EnvelopeRefusedError, open_sealed, seal
from garde.trust.keys import PublicKey, SigningKey

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

ANSWER_TTL = 60.0  # seconds
LONGEST_WAIT_S = 50.0  # of a poll: below what middle boxes cut
BODY_S = 15.0  # for a body to come in whole
ENROL_MOST = BEAT_MOST = 4096  # bytes: a heartbeat is kept in memory for each agent
MOST_ENTRIES = 5_000  # in one report
CLOCK_OFF_S = 2.0  # an agent's times are put right where its clock is off by more
NOT_ALLOWED, UNREADABLE = "NOT-ALLOWED", "UNREADABLE"  # codes of entries that were skipped
_FINDS_BACK = {Code.EARLY, Code.EXPIRED, Code.REPLAYED}  # after the signature was found good


class _Reported(msgspec.Struct):
    seq: int
    at: float
    kind: str
    payload: msgspec.Raw


class _Report(msgspec.Struct):
    entries: list[_Reported]


class _Heartbeat(msgspec.Struct):
    asked: str
    mode: str
    clock: float
    coverage: dict[str, Any] = {}
    orders_seen: int = 0
    waiting: int = 0  # reports in its outbox


class _Poll(msgspec.Struct):
    after: int
    wait: float = 25.0


class _Part(msgspec.Struct):
    """Of a watch list."""

    digest: str
    offset: int = 0


class _Enrol(msgspec.Struct):
    token: str  # the whole text, or its secret alone
    machine: str
    key: str


class _Reply(Exception):
    """Ends a request with this status and these words, unsigned."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = msgspec.json.encode({"code": code, "reason": reason})


class Intake:
    """The ASGI application. One for each hub; runs in the event loop's thread."""

    def __init__(
        self,
        loop: Loop,
        *,
        orders: Orders,
        liveness: Liveness,
        enrolment: Enrolment,
        refusals: Refusals,
        key: SigningKey,
        clock: Clock,
        checkpoint: Callable[[], Any] = lambda: None,
        custody: Custody | None = None,
        lists: WatchLists | None = None,
    ) -> None:
        self._loop, self._orders, self._liveness = loop, orders, liveness
        self._enrolment, self._refusals = enrolment, refusals
        self._key, self._clock, self._checkpoint, self._lists = key, clock, checkpoint, lists
        self._started = clock.now()
        self._last: dict[tuple[str, str], int] = {}  # (public key, kind) -> highest number seen
        self._keys: dict[str, PublicKey] = {}
        self._kinds = {
            "report": self._report,
            "heartbeat": self._heartbeat,
            "poll": self._poll,
            "watch-list": self._watch_list,
        }
        if custody is not None:
            self._custody = custody
            self._kinds["evidence"] = self._evidence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"].removeprefix("/agent/")
        address = (scope.get("client") or ("", 0))[0]
        try:
            if scope["method"] != "POST":
                raise _Reply(405, "POST-ONLY", "agents post")
            if path == "enrol":
                await _send(send, 200, await self._enrol(await _body(scope, receive, ENROL_MOST), address))
            elif path in self._kinds:
                status, answer = await self._envelope(path, await _body(scope, receive, MAX_BYTES), address)
                await _send(send, status, answer, "application/octet-stream")
            else:
                raise _Reply(404, "NOT-FOUND", "agents do not ask for this")
        except _Reply as reply:
            if reply.status == 413:
                self._refusals.note("", Code.OVERSIZED, "larger than an envelope", address)
            await _send(send, reply.status, reply.body)

    # --- envelopes ---

    async def _envelope(self, kind: str, raw: bytes, address: str) -> tuple[int, bytes]:
        try:
            question = self._open(kind, raw)
        except EnvelopeRefusedError as refused:
            self._refusals.note(refused.claimed, refused.code, refused.reason, address)
            if refused.code not in _FINDS_BACK:
                raise _Reply(413 if refused.code == Code.OVERSIZED else 403, refused.code, "not believed") from refused
            return 409, self._refused(raw, refused)
        if question.issued < self._started and not self._seen(question):
            # It may be older than this process, which does not remember what it has seen: an agent asks once more.
            return 409, self._refused(raw, EnvelopeRefusedError(Code.EXPIRED, "from before this hub began"))
        self._remember(question)
        self._liveness.touch(question.sender, address)
        try:
            body = await self._kinds[kind](question, address)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:  # signed, and yet no report of ours
            self._refusals.note(question.sender, Code.MALFORMED, f"{kind}: {error}", address)
            raise _Reply(400, Code.MALFORMED, f"this is no {kind}") from error
        except OSError as error:
            raise _Reply(503, "JOURNAL", f"the hub's journal cannot be written: {error}") from error
        return 200, self._seal(question, "answer", {"now": self._clock.now(), **body})

    def _open(self, kind: str, raw: bytes) -> Envelope:
        question = open_sealed(raw, key_of=self._key_of, recipient=HUB, now=self._clock.now(), last_seq=self._last_of)
        if question.kind != kind:
            raise EnvelopeRefusedError(
                Code.WRONG_RECIPIENT, f"a {question.kind} at the door for {kind}", question.sender
            )
        return question

    def _key_of(self, sender: str) -> PublicKey | None:
        known: Known | None = self._loop.look("roster", lambda roster: roster.agents.get(sender))
        if known is None:
            return None
        cached = self._keys.get(sender)
        if cached is None or cached.hex != known.key:
            cached = self._keys[sender] = PublicKey.from_hex(known.key)
        return cached

    def _last_of(self, sender: str, kind: str) -> int:
        return self._last.get((self._keys[sender].hex, kind), 0)

    def _seen(self, question: Envelope) -> bool:
        return (self._keys[question.sender].hex, question.kind) in self._last

    def _remember(self, question: Envelope) -> None:
        # Before it is acted on: a copy that comes while this one is being written is a replay already.
        self._last[self._keys[question.sender].hex, question.kind] = question.seq

    def _seal(self, question: Envelope, kind: str, body: Any) -> bytes:
        return seal(
            self._key,
            sender=HUB,
            recipient=question.sender,
            seq=question.seq,
            kind=kind,
            body=msgspec.json.encode(body),
            now=self._clock.now(),
            ttl=ANSWER_TTL,
        )

    def _refused(self, raw: bytes, refused: EnvelopeRefusedError) -> bytes:
        """Return the signed refusal of what was really signed by an agent, whatever its time and number."""
        question = open_sealed(raw, key_of=self._key_of, recipient=HUB, now=0, skew=float("inf"))
        body = {
            "code": refused.code,
            "reason": refused.reason,
            "now": self._clock.now(),
            "last": self._last_of(question.sender, question.kind),
        }
        return self._seal(question, "refused", body)

    # --- what is said ---

    async def _report(self, question: Envelope, address: str) -> dict[str, Any]:
        entries = msgspec.json.decode(question.body, type=_Report).entries
        if len(entries) > MOST_ENTRIES:
            raise ValueError(f"{len(entries)} entries are more than one report holds")
        return {"upto": await self._loop.in_writer(self._take, question.sender, entries, address)}

    def _take(self, machine: str, entries: Sequence[_Reported], address: str) -> int:
        """Append what is new, in the thread that writes; returns up to which number the hub has it."""
        cursor = f"agent/{machine}"
        upto = self._loop.journal.cursor(cursor)
        new = [each for each in entries if each.seq > upto]
        if not new:
            return upto
        last = max(each.seq for each in new)
        self._loop.append(list(self._readable(machine, new, address)), f"agent/{machine}", (cursor, last))
        return last

    def _readable(
        self, machine: str, entries: Iterable[_Reported], address: str
    ) -> Iterable[tuple[Payload, float | None]]:
        for each in sorted(entries, key=lambda found: found.seq):
            if each.kind not in REPORTABLE:
                self._refusals.note(machine, NOT_ALLOWED, f"an agent does not say {each.kind}", address)
                continue
            try:
                payload = wire.decode(each.kind, bytes(each.payload))
            except ValueError as error:
                self._refusals.note(machine, UNREADABLE, f"{each.kind}: {error}", address)
                continue
            command = getattr(payload, "command", "")
            if command and not self._loop.may_say(f"agent/{machine}", command):
                self._refusals.note(machine, NOT_ALLOWED, "the outcome of an order that went to another", address)
                continue
            yield payload, self._time_of(machine, each.at)

    def _time_of(self, machine: str, at: float) -> float:
        """Return when it happened, in hub time: the agent's own word, put right where its clock is off."""
        now, off = self._clock.now(), self._liveness.clock_off(machine)
        right = at - off if abs(off) > CLOCK_OFF_S else at
        return right if 0 < right <= now else now  # nothing has happened in the future

    async def _heartbeat(self, question: Envelope, address: str) -> dict[str, Any]:
        if len(question.body) > BEAT_MOST:
            raise ValueError("it is larger than a heartbeat")
        said = msgspec.json.decode(question.body, type=_Heartbeat)
        beat = Beat(said.asked[:40], said.mode[:40], said.clock, said.coverage, said.orders_seen, said.waiting)
        self._liveness.beat(question.sender, beat, address)
        return {"checkpoint": self._checkpoint()}

    async def _poll(self, question: Envelope, address: str) -> dict[str, Any]:
        said = msgspec.json.decode(question.body, type=_Poll)
        if said.after < 0:
            raise ValueError("a number below zero")
        waiting = await self._orders.poll(question.sender, said.after, max(0.0, min(said.wait, LONGEST_WAIT_S)))
        now = self._clock.now()
        sealed = [
            seal(
                self._key,
                sender=HUB,
                recipient=question.sender,
                seq=each.seq,
                kind="order",
                body=msgspec.json.encode(each.order),
                now=now,
                ttl=max(each.order.expires - now, 0.0),
            )
            for each in waiting
        ]
        return {"orders": [raw.decode() for raw in sealed]}

    async def _evidence(self, question: Envelope, address: str) -> dict[str, Any]:
        """Take a piece of evidence; its digest stands in the report of the same agent."""
        return await asyncio.to_thread(self._custody.piece, question.sender, question.body)

    async def _watch_list(self, question: Envelope, address: str) -> dict[str, Any]:
        """One part of a list; an agent asks until it has the whole, and checks the digest itself."""
        said = msgspec.json.decode(question.body, type=_Part)
        if said.offset < 0:
            raise ValueError("an offset below zero")
        if self._lists is None:
            return {"total": -1}
        total, data = await asyncio.to_thread(self._lists.part, said.digest, said.offset)
        return {"total": total, "data": base64.b64encode(data).decode()}

    # --- enrolment ---

    async def _enrol(self, raw: bytes, address: str) -> bytes:
        try:
            asked = msgspec.json.decode(raw, type=_Enrol)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise _Reply(400, Code.MALFORMED, "this is no enrolment") from error
        try:
            secret = Token.parse(asked.token).secret
        except UsageError:
            secret = asked.token
        try:
            found = await asyncio.to_thread(self._enrolment.take, secret, asked.machine, asked.key, address)
        except Refused as refused:
            raise _Reply(403, "REFUSED", refused.message) from refused
        except OSError as error:
            raise _Reply(503, "JOURNAL", f"the hub's journal cannot be written: {error}") from error
        return msgspec.json.encode(found)


async def _body(scope: Scope, receive: Receive, most: int) -> bytes:
    """Read the body; what says that it is larger than allowed is not read, what turns out so is read no further."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if length and (not length.isdigit() or int(length) > most):
        raise _Reply(413, Code.OVERSIZED, f"more than {most} bytes")
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Reply(400, Code.MALFORMED, "it ended in the middle")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise _Reply(413, Code.OVERSIZED, f"more than {most} bytes")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError as error:
        raise _Reply(408, "SLOW", "the body did not come") from error


async def _send(send: Send, status: int, body: bytes, kind: str = "application/json") -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    if status in (408, 413):
        headers.append((b"connection", b"close"))  # what is left of the body is not read
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
