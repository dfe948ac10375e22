"""The hub as people run it: `garde hub run` in a process of its own, asked over TLS by agents and by commands."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from garde.journal import open_journal, wire
from garde.journal.entry import Entry
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.trust.ca import HUB_NAME, client_context
from garde.trust.enrolment import Token
from garde.trust.envelope import HUB, open_sealed, seal
from garde.trust.keys import PublicKey, SigningKey

P = TypeVar("P", bound=Payload)
ROOT = Path(__file__).resolve().parents[3]
GARDE = [sys.executable, "-c", "import sys; from garde.cli import main; sys.argv[0] = 'garde'; sys.exit(main())"]
ESTATE = """
name: Clinique
segments:
  - {id: all, name: All, networks: [10.9.0.0/16]}
machines:
  - {id: hub-1, name: Hub, role: hub, addresses: [10.9.0.5], segment: all}
  - {id: files-1, name: Files 1, role: server, addresses: [10.9.0.11], segment: all, agent: true}
  - {id: files-2, name: Files 2, role: server, addresses: [10.9.0.12], segment: all, agent: true}
  - {id: files-3, name: Files 3, role: server, addresses: [10.9.0.13], segment: all, agent: true}
  - {id: ws-9, name: Workstation 9, role: workstation, addresses: [10.9.0.109], segment: all}
services:
  - {id: record, name: {en: Record}, machines: [files-3]}
people:
  - {id: carla, name: Carla, roles: [on_call_it, it_director], phones: ["+32 4 000 00 01"]}
rota:
  - {role: on_call_it, people: [carla]}
authority:
  - {id: stop, actions: [block, kick], needs: automatic, care: none}
  - {id: rest, actions: [block, kick, account, read_only, isolate, outside, port], needs: one}
never_cut:
  - {what: hub-1, why: it undoes every cut}
neighbours:
  - {id: nord, name: Clinique du Nord, contact: "+32 4 000 09 01"}
"""


def environment() -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "PYTHONUNBUFFERED": "1",
    }


def garde(*words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run a short command; return its exit code, its JSON lines and what it complained."""
    done = subprocess.run(
        [*GARDE, *words, "--json"], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


class HubProcess:
    """One hub in its state directory; `start` and `kill` as often as needed."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        self.folder, self.state = folder, state or folder / "state"
        self.estate = folder / "hospital.yaml"
        self.estate.write_text(ESTATE)
        with socket.create_server(("127.0.0.1", 0)) as sock:
            self.port = int(sock.getsockname()[1])
        code, lines, complaint = garde(
            "hub", "init", "--state", str(self.state), "--estate", str(self.estate),
            "--listen", f"127.0.0.1:{self.port}", "--address", "127.0.0.1",
        )  # fmt: skip
        assert code == 0, complaint
        (self.made,) = lines
        self.process: subprocess.Popen[bytes] | None = None
        self.program = GARDE
        self.lines: list[dict[str, Any]] = []

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.process = subprocess.Popen(
            [*self.program, "hub", "run", "--state", str(self.state), "--json"], env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if self.lines[-1]["kind"] == "ready":
                break
        else:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read().decode())
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, out: Any) -> None:
        for line in out:
            self.lines.append(json.loads(line))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it, and wait for it."""
        process, self.process = self.process, None
        assert process is not None
        process.send_signal(number)
        code = process.wait(15)
        self._reader.join(5)
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
        return code

    def kill(self) -> None:
        """End it as a power cut of its process would."""
        assert self.stop(signal.SIGKILL) == -signal.SIGKILL

    def __enter__(self) -> HubProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.stop()

    # --- asking it ---

    def post(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(HUB_NAME, self.port, timeout=30, context=client_context(self.ca))
        plain = socket.create_connection(("127.0.0.1", self.port), 10)
        connection.sock = client_context(self.ca).wrap_socket(plain, server_hostname=HUB_NAME)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None, cookie: str = "") -> tuple[int, Any]:
        if cookie:
            headers = {"Cookie": cookie, "Origin": f"https://{HUB_NAME}:{self.port}", "Host": f"{HUB_NAME}:{self.port}"}
        else:
            headers = {"Authorization": f"Bearer {(self.state / 'operator.token').read_text().strip()}"}
        raw = b"" if body is None else json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
        status, answer = self.post(f"/api/v1{path}", raw, headers, method)
        return status, json.loads(answer) if answer else None

    @property
    def ca(self) -> str:
        return (self.state / "ca.pem").read_text()

    def entries(self, kind: type[Payload]) -> list[Entry]:
        """What its journal has of a kind."""
        with open_journal(self.state, read_only=True) as journal:
            return [entry for entry in journal.entries() if isinstance(entry.payload, kind)]

    def of(self, kind: type[P]) -> list[P]:
        return [entry.payload for entry in self.entries(kind)]  # type: ignore[misc]

    def token(self, machine: str) -> str:
        code, lines, complaint = garde("hub", "token", machine, "--state", str(self.state))
        assert code == 0, complaint
        return str(lines[0]["token"])

    def enrolled(self, machine: str, state: Path) -> Path:
        """Enrol a real agent by its state directory."""
        code, _, complaint = garde("enroll", self.token(machine), "--state", str(state))
        assert code == 0, complaint
        return state

    def agent(self, machine: str) -> NetAgent:
        key = SigningKey.generate()
        body = {"token": Token.parse(self.token(machine)).secret, "machine": machine, "key": key.public.hex}
        status, answer = self.post("/agent/enrol", json.dumps(body).encode())
        assert status == 200, answer
        return NetAgent(self, machine, key, PublicKey.from_hex(json.loads(answer)["hub_key"]))


class NetAgent:
    """An agent that speaks over the network, one connection for each thing it says."""

    def __init__(self, hub: HubProcess, machine: str, key: SigningKey, hub_key: PublicKey) -> None:
        self.hub, self.machine, self.key, self.hub_key = hub, machine, key, hub_key
        self.seq = dict.fromkeys(("report", "heartbeat", "poll"), 0)
        self.number = self.after = 0

    def say(self, kind: str, body: Any) -> dict[str, Any]:
        """Say it, as often as an agent must: a refusal for the time (a hub that has just begun) is asked again."""
        for _ in range(3):
            self.seq[kind] += 1
            raw = seal(
                self.key, sender=self.machine, recipient=HUB, seq=self.seq[kind], kind=kind,
                body=msgspec.json.encode(body), now=time.time(), ttl=60.0,
            )  # fmt: skip
            status, answer = self.hub.post(f"/agent/{kind}", raw)
            if status == 200:
                break
            if status != 409:
                raise ConnectionError(f"{status} {answer[:200]!r}")
        opened = open_sealed(answer, key_of=lambda name: self.hub_key, recipient=self.machine, now=time.time())
        found: dict[str, Any] = msgspec.json.decode(opened.body)
        return found

    def report(self, *payloads: Payload) -> int:
        """Report under the next numbers; returns up to where the hub has them."""
        entries = []
        for payload in payloads:
            self.number += 1
            entries.append({
                "seq": self.number, "at": time.time(), "kind": NAMES[type(payload)],
                "payload": msgspec.Raw(wire.encode(payload)),
            })  # fmt: skip
        return int(self.say("report", {"entries": entries})["upto"])

    def beat(self) -> dict[str, Any]:
        return self.say("heartbeat", {"asked": "enforce", "mode": "enforce", "coverage": {}, "clock": time.time()})

    def poll(self, wait: float = 0.0) -> list[dict[str, Any]]:
        found = []
        for raw in self.say("poll", {"after": self.after, "wait": wait})["orders"]:
            opened = open_sealed(
                raw.encode(),
                key_of=lambda name: self.hub_key,
                recipient=self.machine,
                now=time.time(),
                last_seq=self.after,
            )
            self.after = opened.seq
            found.append(msgspec.json.decode(opened.body))
        return found
