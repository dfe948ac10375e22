"""A hub that draws, serves and sends warnings, with its API, its people and neighbours: real files, our channel."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from hub_house import call
from test_api import Site

from garde.clock import VirtualClock
from garde.estate.nouns import Estate, Gateway, Machine, Neighbour, Person, Segment
from garde.hub.capabilities import CAPABILITIES
from garde.hub.events import Events
from garde.hub.guard import Door
from garde.hub.keeping import estate_loaded
from garde.hub.server import build_app
from garde.hub.warnings import Warnings
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import oncall_kinds as o
from garde.journal import sharing_kinds as s
from garde.journal.text import Text
from garde.paper import Document, Printed
from garde.sharing.out.memory import Version

ROLES = {
    "dir": "it_director",
    "cleo": "crisis_coordinator",
    "dora": "dpo",
    "op": "operator",
    "vic": "viewer",
    "w": "ward",
}
ESTATE = Estate(
    name="Clinique Example",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.0.5",)),
        Machine("files-1", "Files 1", "server", ("10.0.0.11",), agent=True),
        Machine("gw", "Gateway", "gateway", ("10.0.0.254",), agent=True),
    ),
    segments=(Segment("all", "All", ("10.0.0.0/24",)),),
    people=(Person("cleo", "Cleo Maes", ("crisis_coordinator",), ("+32 470 00 00 02",)),),
    gateways=(Gateway("gw", ("wan0",)),),
    neighbours=(Neighbour("nord", "Clinique du Nord", "+32 4 000 09 01"), Neighbour("sud", "Sud", "it@sud.example")),
    languages=("fr", "en"),
)
CHANNELS = (
    o.ChannelNote("modem", "modem", "person", "phone"),
    o.ChannelNote("mail", "mail", "person", "mail", outside=True),
)


class ShareHouse(Site):
    """See the module. `pages`: what a channel was handed. A warning is drawn when `settle` returns."""

    def __init__(self, state: Path, clock: VirtualClock) -> None:
        self.pages: list[o.PageAsked] = []
        self.warnings = Warnings(
            state, lambda: self.loop, clock, self._give, where="https://10.0.0.5:8443/taxii2/",
            typesetter=_printed,
        )  # fmt: skip
        needed = [each for each in CAPABILITIES if each.name in ("contain", "oncall", "sharing")]
        super().__init__(state, clock, needed, performers=[self.warnings])
        self.runner = self.at_end.enter_context(asyncio.Runner())
        self.app: Any = None
        self.loop.append(
            [estate_loaded(ESTATE, Path("hospital.yaml")), o.CallingSet("c" * 64, CHANNELS, o.CallRules())]
        )

    def ask(self, *words: Any, by: str = "token", **more: Any) -> tuple[int, Any]:
        if by in ROLES and by not in self.cookies:  # a password takes a moment: made where it is used
            self.account(by, ROLES[by])
        return super().ask(*words, by=by, **more)

    def _give(self, page: o.PageAsked) -> bool:
        self.pages.append(page)
        return page.channel in ("modem", "mail")

    def settle(self) -> None:
        """Wait until the performer has done what was asked."""
        self.warnings._threads.submit(lambda: None).result(30)

    def attack(self, ending: str = ".nightfall") -> None:
        """Harm is reported and confirmed by an agent; the first warning is drawn."""
        actor = k.ActorNote("smb", address="10.0.0.99", users=(Text("jdoe"),))
        files = tuple(
            k.FileDamage(Text(f"/srv/{n}.docx"), Text(f"/srv/{n}.docx{ending}"), self.clock.now(), ("random_change",))
            for n in range(3)
        )
        verdict = k.VerdictReached("v1", "session", Text("10.0.0.99"), 20.0, 18.0, files, (actor,))
        note = f.NoteTaken("", "n1", Text("RECOVER.txt"), Text("pay"), "ab" * 32, 3, 2, 0.0)
        self.loop.append([verdict, note], who="agent/files-1")
        self.loop.append([k.HoldConfirmed("h1", "v1", 3)], who="agent/files-1")
        self.settle()

    def say(self, *payloads: Any) -> None:
        self.loop.append(payloads)
        self.settle()

    def post(self, path: str, body: Any = None, *, by: str = "cleo") -> tuple[int, Any]:  # type: ignore[override]
        status, answer = self.ask("POST", f"/sharing{path}", {} if body is None else body, by=by)
        self.settle()
        return status, answer

    def get(self, path: str = "", *, by: str = "cleo") -> Any:
        return self.ask("GET", f"/sharing{path}", by=by)

    @property
    def versions(self) -> list[Version]:
        found: list[Version] = self.loop.look("sharing", lambda state: list(state.out.versions))
        return found

    @property
    def warning(self) -> str:
        return self.versions[0].warning

    def approve(self, by: str = "cleo") -> Version:
        """Approve the newest version."""
        newest = self.versions[-1]
        body = {"version": newest.version, "sha256": newest.sha256}
        assert self.post(f"/warnings/{newest.warning}/approve", body, by=by)[0] == 201
        return self.versions[-1]

    def token(self, neighbour: str = "nord") -> str:
        status, answer = self.post("/keys", {"neighbour": neighbour})
        assert status == 201
        return str(answer["token"])

    def taxii(
        self,
        path: str,
        token: str = "",
        *,
        name: str = "",
        method: str = "GET",
        accept: str = "*/*",
        kind: str = "Basic",
    ) -> tuple[int, Any]:
        headers = [("accept", accept), ("host", "hub")]
        if token and kind == "Basic":
            headers.append(
                ("authorization", "Basic " + base64.b64encode(f"{name or 'nord'}:{token}".encode()).decode())
            )
        elif token:
            headers.append(("authorization", f"{kind} {token}"))

        status, answer = self.request(method, f"/taxii2{path}", b"", headers)
        return status, msgspec.json.decode(answer)

    def request(self, method: str, path: str, raw: bytes, headers: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
        """Hand one request to the application, which is built once."""
        return self.runner.run(self._request(method, path, raw, headers))

    async def _request(
        self, method: str, path: str, raw: bytes, headers: Sequence[tuple[str, str]]
    ) -> tuple[int, bytes]:
        if self.app is None:
            live = Events(self.loop)
            self.at_end.callback(live.close)
            door = Door(self.accounts, self.state)
            self.app = build_app(self.deps, intake=self.intake, door=door, keeper=self.keeper, live=live)
        return await call(self.app, method, path, raw, headers)

    def payloads(self, kind: type[Any]) -> list[Any]:
        return [entry.payload for entry in self.journal.entries() if isinstance(entry.payload, kind)]

    def cut_outside(self) -> None:
        cut = h.CutProposed("c9", "i1", "outside", "gw", (), (), ("gw",), 1, (), (), (), "", "one", "")
        self.say(cut, h.CutChanged("c9", "proven", 1, 1, 1))


def _printed(document: Document) -> Printed:
    return Printed(b"%PDF " + document.title.encode(), 1)


__all__ = ["ESTATE", "ShareHouse", "s"]
