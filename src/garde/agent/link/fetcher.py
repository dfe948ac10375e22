"""The thread that fetches a watch list of the hub, part by part, over the link.

Comes in: digests that the errands' process wants. Goes out: the list in the state directory, or why it is not there.
Every part is a signed answer to a question of ours; the whole must have the digest that a signed order named, or it is
thrown away. One list at a time, each question in seconds; who wants it asks again where the hub was away.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from garde.agent import watch_list
from garde.agent.errands.wire import Got
from garde.agent.link.channel import Channel, HubRefusedError

ANSWER_SECONDS = 10.0


class _Part(msgspec.Struct):
    total: int  # bytes of the list; -1: the hub has no such list
    data: str = ""  # base64


@dataclass(slots=True)
class Fetcher:
    """`run` in a thread; `want` from any."""

    channel: Channel
    state: Path
    say: Callable[[Got], None]
    _wanted: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)

    def want(self, digest: str) -> None:
        """Fetch it."""
        self._wanted.put(digest)

    def end(self) -> None:
        """Let the thread end; what it waits for is asked for again at the next start."""
        self._wanted.put(None)
        self.channel.connection.interrupt(for_good=True)

    def run(self) -> None:
        """Fetch until ended."""
        while (digest := self._wanted.get()) is not None:
            self.say(self._fetch(digest))
        self.channel.connection.hang_up()

    def _fetch(self, digest: str) -> Got:
        place = watch_list.fetched(self.state, digest)
        if watch_list.is_whole(place, digest):
            return Got(digest)
        try:
            raw = self._parts(digest)
            if hashlib.sha256(raw).hexdigest() != digest:
                return Got(digest, "what the hub sent is not the list that it named")
            watch_list.put(place, raw)
        except HubRefusedError as error:
            return Got(digest, f"the hub refused: {error}", again=True)
        except OSError as error:
            return Got(digest, str(error), again=True)
        except (msgspec.DecodeError, binascii.Error, ValueError) as error:
            return Got(digest, f"what the hub sent can't be read: {error}")
        return Got(digest)

    def _parts(self, digest: str) -> bytes:
        found = bytearray()
        while True:
            question = msgspec.json.encode({"digest": digest, "offset": len(found)})
            part = msgspec.json.decode(self.channel.ask(question, ANSWER_SECONDS), type=_Part)
            if part.total < 0 or part.total > watch_list.LARGEST:
                raise ValueError("the hub has no such list" if part.total < 0 else "it is larger than a list may be")
            data = base64.b64decode(part.data, validate=True)
            found += data
            if len(found) >= part.total:
                return bytes(found)
            if not data:
                raise ValueError("a part is missing")
