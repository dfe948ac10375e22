"""Questions to the hub in signed envelopes, and answers that belong to them.

Comes in: a kind and a body. Goes out: the body of the hub's own signed answer to exactly this question. Where the hub
finds our time or number wrong it says so, signed, with the right one: it is put right and asked again at once. Raises
OSError where no hub answers (or something that is not the hub), `HubRefusedError` where it says no. Where a connection
from before broke it asks anew, under another number; it retries nothing else.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from garde.agent.link.http import HubConnection, KeptBrokenError
from garde.agent.link.hubtime import HubTime
from garde.clock import Clock
from garde.trust.envelope import HUB, Code, Envelope, EnvelopeRefusedError, open_sealed, seal
from garde.trust.keys import PublicKey, SigningKey

TTL = 120.0  # seconds that a question counts
_TRIES = 3  # once as it is, once with the right time, once with the right number
_PUT_RIGHT = {Code.EARLY, Code.EXPIRED, Code.REPLAYED}


class HubRefusedError(Exception):
    """The hub (or who stands before it) said no."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


@dataclass(slots=True)
class Numbers:
    """Numbers of questions: rising, and none is used twice, whatever the question is."""

    clock: Clock
    _last: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, above: int = 0) -> int:
        """Return a number above all before it and above `above`. Wall milliseconds carry it over a restart."""
        with self._lock:
            self._last = max(self._last + 1, above + 1, int(self.clock.now() * 1000))
            return self._last


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to the hub, and who it is to us."""

    machine: str
    key: SigningKey
    hub_key: PublicKey

    def key_of(self, sender: str) -> PublicKey | None:
        return self.hub_key if sender == HUB else None


class _Refusal(msgspec.Struct):
    code: str
    reason: str = ""
    last: int = 0


@dataclass(slots=True)
class Channel:
    """One kind of question over one connection; one thread uses it."""

    kind: str
    connection: HubConnection
    identity: Identity
    numbers: Numbers
    time: HubTime
    heard: Callable[[], None] = lambda: None  # called at every sign of the hub that was really its own

    def ask(self, body: bytes, timeout: float) -> bytes:
        """Ask, and return the answer's body."""
        above = 0
        refusal = _Refusal("")
        for _ in itertools.repeat(None, _TRIES):
            try:
                number, status, raw = self._post(above, body, timeout)
            except KeptBrokenError:
                number, status, raw = self._post(above, body, timeout)
            if status not in (200, 409):
                raise _unsigned(status, raw)
            answer = self._open(raw, number)
            self.time.learn(answer.issued)
            self.heard()
            if answer.kind == "answer":
                return answer.body
            refusal = msgspec.json.decode(answer.body, type=_Refusal)
            if refusal.code not in _PUT_RIGHT:
                raise HubRefusedError(refusal.code, refusal.reason)
            above = refusal.last
        raise ConnectionError(f"the hub and this machine do not agree on time and number: {refusal.code}")

    def _post(self, above: int, body: bytes, timeout: float) -> tuple[int, int, bytes]:
        """Post under a number of its own; returns it with the answer's status and bytes."""
        number = self.numbers.next(above)
        return number, *self.connection.post(f"/agent/{self.kind}", self._seal(number, body), timeout)

    def _seal(self, number: int, body: bytes) -> bytes:
        me = self.identity
        return seal(
            me.key, sender=me.machine, recipient=HUB, seq=number, kind=self.kind, body=body,
            now=self.time.now(), ttl=TTL,
        )  # fmt: skip

    def _open(self, raw: bytes, number: int) -> Envelope:
        """Open what must be the hub's answer to this number; its age needs no look: nobody had the number before."""
        me = self.identity
        try:
            answer = open_sealed(
                raw, key_of=me.key_of, recipient=me.machine, now=0.0, last_seq=number - 1, skew=math.inf
            )
        except EnvelopeRefusedError as error:
            raise ConnectionError(f"what answers is not the hub: {error}") from error
        if answer.seq != number or answer.kind not in ("answer", "refused"):
            raise ConnectionError("what answers is not the hub: its answer is to another question")
        return answer


def _unsigned(status: int, raw: bytes) -> Exception:
    """What a refusal without signature comes to: a hub that is busy or broken is as good as away."""
    try:
        said = msgspec.json.decode(raw, type=_Refusal)
    except msgspec.DecodeError:
        said = _Refusal(f"HTTP-{status}")
    if status >= 500:
        return ConnectionError(f"the hub can't answer now ({status} {said.code[:40]})")
    return HubRefusedError(said.code[:40], said.reason[:200])
