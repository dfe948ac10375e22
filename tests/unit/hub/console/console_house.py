"""A whole hub with its console, as `garde.hub.program` assembles it: real journal, real capabilities, real accounts.

`ConsoleHouse` answers requests in the test's own thread; `serving` puts it behind a TLS port for a browser. With
`calling` it calls people as a hub does: into the outbox of a modem whose daemon is not there, and by a mail relay that
does not answer. `Night` plays what agents would say: reports, and outcomes of the orders that the hub really asked for.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from argon2 import PasswordHasher

from garde.clock import Clock, VirtualClock
from garde.estate.nouns import Estate
from garde.estate.read import SAMPLE
from garde.hub import program
from garde.hub.bundles import Bundles
from garde.hub.config import Config
from garde.hub.console.accounts import COOKIE, LocalAccounts
from garde.hub.identify import Identifier
from garde.hub.liveness import Beat
from garde.hub.reports import Reports
from garde.hub.server import App, listening, server_of
from garde.hub.setup import Made, set_up
from garde.hub.warnings import Warnings
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.text import Text
from garde.trust.ca import server_context
from garde.trust.keys import SigningKey
from garde.trust.passwords import Hasher

HOST = "hub.test"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORD = "correct horse battery staple"
CALLING = """[rules]
bundle_s = 0.001

[[channel]]
name = "modem"
kind = "modem"
outbox = "{spool}/outbox"
sent = "{spool}/sent"
error = "{spool}/error"
inbox = "{spool}/inbox"
stuck_s = 86400

[[channel]]
name = "mail"
kind = "mail"
relay = "127.0.0.1"
port = 9
security = "none"
sender = "garde@out.example"
"""
SERVERS = ("files-1", "files-2", "files-3")
SPREADER = "ws-supplier-1"


@dataclass
class Answer:
    """What a browser would see."""

    status: int
    headers: dict[str, str]
    text: str
    cookies: dict[str, str]

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        return found[1] if found else ""

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found is not None, f"no field {name}"
        return found[1]


class ConsoleHouse:
    """Make it in a `with`."""

    def __init__(
        self, state: Path, clock: Clock, *, quick: bool = True, made: Made | None = None, calling: bool = False
    ) -> None:
        self.at_end = ExitStack()
        self.runner = asyncio.Runner()  # one event loop, and one application, for all requests; made when first used
        self.at_end.callback(self.runner.close)
        self.complaints: list[str] = []
        self.clock = clock
        self.made = made or made_in(state, clock)
        self.spool = state / "modem"
        if calling:
            for name in ("outbox", "sent", "error", "inbox"):
                (self.spool / name).mkdir(parents=True)
            (state / "calling.toml").write_text(CALLING.format(spool=self.spool), encoding="utf-8")
            (state / "calling.toml").chmod(0o600)
        self.hub = program.assemble(state, clock, self.at_end, complain=self.complaints.append)
        self.loop = self.hub.loop
        assert isinstance(self.hub.deps.accounts, LocalAccounts)
        self.accounts = self.hub.deps.accounts
        if quick:
            self.accounts.hasher = Hasher(QUICK)
        self.loop.append([h.HubStarted("0.1.0", 0)])
        self._app: App | None = None

    def __enter__(self) -> ConsoleHouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.at_end.close()

    def journal_entries(self) -> list[Entry]:
        return list(self.loop.journal.entries())

    # --- what is written by threads of the hub's own ---

    def wait_for(self, kind: str, fits: Callable[[Any], bool] = lambda payload: True) -> None:
        """Until an entry of this kind, with a payload that fits, is there."""
        found = lambda: any(fits(each.payload) for each in self.loop.journal.entries(kinds=(kind,)))  # noqa: E731
        self._until(found, f"no {kind} came")

    def rest(self) -> int:
        """Until the hub's threads have nothing left to draw or to ask; returns the number of the last entry.

        What counts entries before and after counts from here: a warning may be drawn in between otherwise.
        """
        kinds = [kind for each in (Identifier, Warnings, Bundles, Reports) for kind in each.kinds]

        def resting() -> bool:
            still_open = self.loop.look("commands", lambda state: set(state.open))
            asked = (each.payload for each in self.loop.journal.entries(kinds=kinds))
            return not any(getattr(each, "command", "") in still_open for each in asked)

        self._until(resting, "the hub's threads do not come to an end")
        return self.loop.seq

    def _until(self, is_so: Callable[[], bool], lacking: str) -> None:
        there = threading.Event()

        def look(_: Sequence[Entry]) -> None:
            if is_so():
                there.set()

        end = self.loop.listen(look)
        look(())
        assert there.wait(60), lacking
        end()

    def pages(self) -> list[str]:
        """What lies in the modem's outbox, the oldest first."""
        files = sorted((self.spool / "outbox").glob("OUT*"), key=lambda each: each.stat().st_mtime_ns)
        return [each.read_bytes().removeprefix(b"\xfe\xff").decode("utf-16-be") for each in files]

    # --- people ---

    def account(self, login: str = "llemaire", role: str = "operator", password: str = PASSWORD) -> str:
        self.accounts.make(login, role, password)
        return login

    def browser(self, login: str = "", language: str = "en", address: str = "10.20.20.5") -> Browser:
        cookies = {"garde-language": language}
        if login:
            cookies[COOKIE] = self.accounts.begin(login, "password", address)
        return Browser(self, cookies, address)

    # --- serving ---

    async def app(self) -> App:
        if self._app is None:
            self._app, live = program.application(self.hub)
            self.at_end.callback(live.close)
        return self._app

    @contextmanager
    def serving(self, host: str = "127.0.0.1") -> Iterator[str]:
        """Serve on a free port over TLS; yields the address."""
        sock = listening(host, 0)
        context = server_context(self.hub.ca.server(self.hub.names, now=self.clock.now()))
        ready = threading.Event()
        ends: list[Any] = []

        async def serve() -> None:
            app, live = program.application(self.hub)
            server = server_of(app, context)
            here = asyncio.get_running_loop()

            def stop() -> None:
                server.should_exit = True
                live.close()

            ends.append(lambda: here.call_soon_threadsafe(stop))
            ready.set()
            await server.serve(sockets=[sock])
            await _hung_up(here)

        thread = threading.Thread(target=lambda: asyncio.run(serve()), name="console", daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield f"https://{host}:{sock.getsockname()[1]}"
        finally:
            ends[0]()
            thread.join(10)
            sock.close()


async def _hung_up(loop: Any) -> None:
    """End what a browser has still open or half open: it dials ahead, and closing over TLS waits for its answer."""
    held = list(loop._transports.values())  # those that are over too, as long as anybody knows them
    for transport in held:
        transport.abort()
    for _ in range(100):
        if all(transport._sock is None for transport in held):
            return
        await asyncio.sleep(0)
    raise AssertionError(f"still open: {held}")


@dataclass
class Browser:
    """One browser: cookies, an address, a language."""

    house: ConsoleHouse
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "10.20.20.5"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        sent = {"origin": f"https://{HOST}", "sec-fetch-site": "same-origin", **headers}
        sent["content-type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", path, urlencode(fields).encode(), sent)

    def send(self, method: str, path: str, body: bytes = b"{}") -> Answer:
        """Ask the API with this session."""
        sent = {"origin": f"https://{HOST}", "content-type": "application/json"}
        return self._ask(method, path, body, sent)

    def upload(self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> Answer:
        """Send a form with files."""
        edge = "edge-of-a-part"
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()
        ]
        for name, (file, raw) in files.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
            parts.append(f"{head}Content-Type: text/csv\r\n\r\n".encode() + raw + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        sent = {"origin": f"https://{HOST}", "sec-fetch-site": "same-origin"}
        return self._ask("POST", path, body, {**sent, "content-type": f"multipart/form-data; boundary={edge}"})

    def press(self, page: str, path: str, **fields: str) -> Answer:
        """Open a page and send one of its forms."""
        return self.post(path, {"csrf": self.get(page).csrf, **fields})

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        answer = self.house.runner.run(self._call(method, path, body, headers))
        self.cookies |= answer.cookies
        return answer

    async def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        app = await self.house.app()
        given = {"host": HOST, "content-length": str(len(body)), **self.headers, **headers}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
            "client": (self.address, 4711), "server": (HOST, 443), "state": {},
        }  # fmt: skip
        sent = False
        started: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                await asyncio.Event().wait()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            else:
                parts.append(message.get("body", b""))

        await app(scope, receive, send)
        raw = [(name.decode().lower(), value.decode()) for name, value in started["headers"]]
        cookies = SimpleCookie()
        for name, value in raw:
            if name == "set-cookie":
                cookies.load(value)
        return Answer(
            started["status"], dict(raw), b"".join(parts).decode("utf-8", "replace"),
            {name: morsel.value for name, morsel in cookies.items()},
        )  # fmt: skip


class Night:
    """What the agents of a night say; the hub's own answers are real."""

    def __init__(self, house: ConsoleHouse) -> None:
        self.house, self.loop, self.clock = house, house.loop, house.clock
        self.serial = 0

    @property
    def estate(self) -> Estate:
        return self.loop.estate.estate

    def enrol(self, *machines: str, mode: str = "enforce") -> None:
        for machine in machines or [each.id for each in self.loop.estate.agents]:
            token = self.house.hub.enrolment.make_token(machine, "root")
            address = self.loop.estate.machines[machine].addresses[0]
            self.house.hub.enrolment.take(token.secret, machine, SigningKey.generate().public.hex, address)
        self.beat(*machines, mode=mode)

    def beat(self, *machines: str, mode: str = "enforce") -> None:
        self.house.hub.liveness.tick()
        for machine in machines or [each.id for each in self.loop.estate.agents]:
            self.house.hub.liveness.beat(machine, Beat("enforce", mode, self.clock.now()), "10.20.10.1")
        self.house.hub.liveness.tick()

    def strike(
        self,
        server: str = "files-1",
        machine: str = SPREADER,
        user: str = "cmoreau",
        files: int = 4,
        share: str = "docs",
    ) -> list[Entry]:
        """An agent's verdict over a client, the hold, and what it put back."""
        self.serial += 1
        verdict = f"v{self.serial}"
        found = self.loop.estate.machines.get(machine)
        address = found.addresses[0] if found else machine
        actor = k.ActorNote(
            "smb",
            800 + self.serial,
            Text("smbd"),
            Text("/usr/sbin/smbd"),
            Text(user),
            address,
            (Text(user),),
            (Text(share),),
        )
        now = self.clock.now()
        paths = [f"/srv/{share}/{WORDS[(self.serial + i) % len(WORDS)]} {i + 1}.docx" for i in range(files)]
        damages = tuple(
            k.FileDamage(
                Text(path),
                Text(f"{path}.locked"),
                now - 0.4 + i * 0.01,
                ("random_change", "type_lost"),
                "docx",
                "unknown",
                30_000,
            )
            for i, path in enumerate(paths)
        )
        who = f"agent/{server}"
        written = self.loop.append(
            [k.VerdictReached(verdict, "session", Text(f"{address}"), 20.0, 18.0, damages, (actor,))], who=who
        )
        written += self.loop.append([k.ActorHeld(f"h{verdict}", verdict, "smb", actor, (800,), files)], who=who)
        return written

    def put_back(self, server: str, failed: int = 0) -> None:
        """The last verdict's files come back."""
        verdict = f"v{self.serial}"
        entry = next(
            entry
            for entry in self.loop.journal.entries(kinds=("verdict_reached",))
            if isinstance(entry.payload, k.VerdictReached) and entry.payload.verdict == verdict
        )
        assert isinstance(entry.payload, k.VerdictReached)
        files = entry.payload.files
        good = files[: len(files) - failed]
        payloads: list[k.Payload] = [k.RestoreStarted(verdict, len(files))]
        payloads += [k.FileRestored(verdict, file.path, self.clock.now() - 600, "ab" * 32, True) for file in good]
        payloads += [k.RestoreFailed(verdict, file.path, Text("no version is kept")) for file in files[len(good) :]]
        payloads.append(k.RestoreFinished(verdict, len(good), 0, failed, 0.4))
        self.loop.append(payloads, who=f"agent/{server}")

    def orders(self) -> list[Entry]:
        """The orders and port commands that nobody has answered yet."""
        answered = {
            getattr(entry.payload, "command", "")
            for entry in self.loop.journal.entries()
            if entry.kind in ("order_applied", "order_refused", "command_done", "command_failed", "cut_undone")
        }
        asked = self.loop.journal.entries(kinds=("order_asked", "port_asked"))
        return [entry for entry in asked if getattr(entry.payload, "command", "") not in answered]

    def obey(self, *, proven: bool = True, prove: bool = True, but: str = "") -> int:
        """Every agent does what it was asked; returns how many orders that were. `but`: this one's proof fails."""
        orders = self.orders()
        for entry in orders:
            asked = entry.payload
            if isinstance(asked, h.OrderAsked):
                self._obey(asked, proven and asked.machine != but, prove)
            elif isinstance(asked, h.PortAsked):
                self.loop.append([h.CommandDone(asked.command, "the port is down")])
                if prove and not asked.up:
                    self.loop.append([h.CutTried(asked.command, asked.cut, proven, CHECKS)])
        return len(orders)

    def _obey(self, asked: h.OrderAsked, proven: bool, prove: bool) -> None:
        who = f"agent/{asked.machine}"
        if asked.verb == "undo":
            self.loop.append([h.CutUndone(asked.cut, asked.command, "hub")], who=who)
            return
        self.loop.append([h.OrderApplied(asked.command, asked.cut, "done", True)], who=who)
        if prove:
            self.loop.append([h.CutTried(asked.command, asked.cut, proven, CHECKS if proven else WRONG)], who=who)


CHECKS = (
    h.Check("a connection from the client is refused", True, True),
    h.Check("the hub can be reached", True, True),
    h.Check("another client can still connect", True, True),
)
WRONG = (h.Check("a connection from the client is refused", True, False), h.Check("the hub can be reached", True, True))
WORDS = (
    "Letter to Dr Petit",
    "Protocole scanner",
    "Rota ward 3",
    "Consentement opératoire",
    "Discharge note",
    "Menu semaine",
)


_TEMPLATE: list[tuple[TemporaryDirectory[str], Made]] = []


def made_in(state: Path, clock: Clock) -> Made:
    """A hub as `garde hub init` makes it. Keys and a password take a second: made once, copied for each test."""
    if not _TEMPLATE:
        folder = TemporaryDirectory(prefix="garde-console-")
        config = Config(str(SAMPLE), listen="127.0.0.1:8443")
        _TEMPLATE.append((folder, set_up(Path(folder.name) / "hub", config, clock, login="root", role="admin")))
    folder, made = _TEMPLATE[0]
    shutil.copytree(Path(folder.name) / "hub", state)
    return made


def quick_house(path: Path, clock: Clock | None = None) -> ConsoleHouse:
    """A house on a clock that stands still."""
    return ConsoleHouse(path / "hub", clock or VirtualClock(1_731_900_000.0))


def empty_house(path: Path, clock: Clock | None = None) -> ConsoleHouse:
    """A hub that was set up without a hospital's file."""
    used = clock or VirtualClock(1_731_900_000.0)
    wanted = Config("", listen="127.0.0.1:8443", address="10.0.0.5")
    return ConsoleHouse(path / "empty", used, made=set_up(path / "empty", wanted, used, hospital="Clinique du Val"))
