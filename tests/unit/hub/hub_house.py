"""A whole hub but for its port: real journal, keys and envelopes; requests go straight to the application."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from garde.clock import VirtualClock
from garde.estate.nouns import Estate, Machine
from garde.hub.board import BOARD
from garde.hub.enrol import Enrolment, Secrets
from garde.hub.evidence import Custody
from garde.hub.fold import Fold
from garde.hub.intake import Intake
from garde.hub.keeping import estate_loaded
from garde.hub.liveness import Liveness
from garde.hub.loop import Loop
from garde.hub.orders import Orders
from garde.hub.performer import Performer
from garde.hub.refusals import Refusals
from garde.hub.roster import ROSTER
from garde.hub.wakes import Wakes
from garde.hub.watch_lists import WatchLists
from garde.journal import open_journal, wire
from garde.journal.entry import Entry
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.trust.envelope import HUB, open_sealed, seal
from garde.trust.keys import SigningKey

ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.0.5",)),
        Machine("files-1", "Files 1", "server", ("10.0.0.11",), agent=True),
        Machine("files-2", "Files 2", "server", ("10.0.0.12",), agent=True),
        Machine("ws-9", "Workstation 9", "workstation", ("10.0.0.109",)),
    ),
)
SECRETS = Secrets(SigningKey.generate(), b"r" * 32, "", "0" * 64)


class HubHouse:
    """Make it in a `with`; `agent(...)` gives enrolled agents."""

    def __init__(
        self,
        state: Path,
        clock: VirtualClock,
        capabilities: Sequence[Fold[Any]] = (),
        at_end: ExitStack | None = None,
        performers: Sequence[Performer] = (),
    ) -> None:
        self.state, self.clock = state, clock
        self.at_end = at_end or ExitStack()
        self.complaints: list[str] = []
        self.journal = self.at_end.enter_context(open_journal(state, who="hub", clock=clock))
        self.orders = Orders(clock)
        self.loop = Loop(
            self.journal, capabilities, [Wakes(clock), self.orders, *performers], clock, views=[ROSTER, BOARD],
            complain=self.complaints.append,
        )  # fmt: skip
        self.loop.start()
        self.at_end.callback(self.loop.close)
        self.liveness = Liveness(
            lambda: self.loop.look("roster", lambda roster: dict(roster.agents)), self.loop.append, clock
        )
        self.refusals = Refusals(self.loop.say, clock)
        self.enrolment = Enrolment(self.loop, SECRETS, "10.0.0.5", 8443, clock)
        self.intake = Intake(
            self.loop, orders=self.orders, liveness=self.liveness, enrolment=self.enrolment, refusals=self.refusals,
            key=SECRETS.key, clock=clock, custody=Custody(self.loop, state, clock), lists=WatchLists(state),
        )  # fmt: skip

    def __enter__(self) -> HubHouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.at_end.close()

    def load_estate(self) -> None:
        self.loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])

    def agent(self, machine: str = "files-1") -> FakeAgent:
        if not self.loop.estate.machines:
            self.load_estate()
        token = self.enrolment.make_token(machine, "carla")
        key = SigningKey.generate()
        self.enrolment.take(token.secret, machine, key.public.hex, "10.0.0.11")
        self.liveness.tick()
        return FakeAgent(self, machine, key)

    def post(self, path: str, body: bytes, **more: Any) -> tuple[int, bytes]:
        return asyncio.run(call(self.intake, "POST", path, body, **more))

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.journal.entries()]

    def payloads(self, kind: str) -> list[Any]:
        return [entry.payload for entry in self.journal.entries(kinds=(kind,))]


class FakeAgent:
    """What an agent sends, and how it reads the answer: the envelopes are real."""

    def __init__(self, house: HubHouse, machine: str, key: SigningKey) -> None:
        self.house, self.machine, self.key = house, machine, key
        self.seq = {"report": 0, "heartbeat": 0, "poll": 0, "evidence": 0, "watch-list": 0}
        self.upto = 0
        self.after = 0

    def envelope(self, kind: str, body: Any, **more: Any) -> bytes:
        self.seq[kind] += 1
        words = {
            "sender": self.machine, "recipient": HUB, "seq": self.seq[kind], "kind": kind,
            "body": body if isinstance(body, bytes) else msgspec.json.encode(body),
            "now": self.house.clock.now(), "ttl": 60.0, **more,
        }  # fmt: skip
        return seal(self.key, **words)

    def say(self, kind: str, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
        raw = self.envelope(kind, body, **more)
        status, answer = self.house.post(f"/agent/{kind}", raw)
        if status not in (200, 409):
            return status, msgspec.json.decode(answer)
        opened = open_sealed(
            answer, key_of=lambda name: SECRETS.key.public if name == HUB else None, recipient=self.machine,
            now=self.house.clock.now(),
        )  # fmt: skip
        assert opened.kind == ("answer" if status == 200 else "refused")
        assert opened.seq == self.seq[kind]
        return status, msgspec.json.decode(opened.body)

    def entry(self, seq: int, payload: Payload, at: float | None = None) -> dict[str, Any]:
        moment = self.house.clock.now() if at is None else at
        return {"seq": seq, "at": moment, "kind": NAMES[type(payload)], "payload": msgspec.Raw(wire.encode(payload))}

    def report(self, *payloads: Payload) -> tuple[int, dict[str, Any]]:
        entries = [self.entry(self.upto + number, payload) for number, payload in enumerate(payloads, 1)]
        status, answer = self.say("report", {"entries": entries})
        self.upto = answer.get("upto", self.upto)
        return status, answer

    def beat(self, mode: str = "enforce", off: float = 0.0) -> tuple[int, dict[str, Any]]:
        clock = self.house.clock.now() + off
        return self.say("heartbeat", {"asked": "enforce", "mode": mode, "coverage": {"files": 9}, "clock": clock})

    def poll(self, wait: float = 0.0) -> list[tuple[int, Any]]:
        status, answer = self.say("poll", {"after": self.after, "wait": wait})
        assert status == 200
        return [self.open_order(raw.encode()) for raw in answer["orders"]]

    def open_order(self, raw: bytes) -> tuple[int, Any]:
        opened = open_sealed(
            raw, key_of=lambda name: SECRETS.key.public, recipient=self.machine, now=self.house.clock.now(),
            last_seq=self.after,
        )  # fmt: skip
        assert opened.kind == "order"
        self.after = opened.seq
        return opened.seq, msgspec.json.decode(opened.body)

    def said(self) -> list[Entry]:
        return [entry for entry in self.house.journal.entries() if entry.who == f"agent/{self.machine}"]


async def call(
    app: Any,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
    pieces: int = 1,
    length: int | None = None,
    reads: list[int] | None = None,
) -> tuple[int, bytes]:
    """One request to an ASGI application. `length` is what the header claims; `reads` counts what was read."""
    path, _, query = path.partition("?")
    given = [(name.lower().encode(), value.encode()) for name, value in headers]
    given.append((b"content-length", str(len(body) if length is None else length).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": given,
        "client": ("10.0.0.77", 4711), "server": ("hub", 8443), "state": {},
    }  # fmt: skip
    step = max(1, -(-len(body) // pieces))
    waiting = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        part = waiting.pop(0)
        if reads is not None:
            reads.append(len(part))
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)
