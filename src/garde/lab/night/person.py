"""People at the console of the hub, each signed in with their own password: one program on a PC of the crisis room.

Comes in: `person HOST:PORT CA`, and on standard input one JSON list a line: who, password, method, path of the hub's
API, body. Goes out: for each line one JSON object: `answer`, or `error` with what the hub refused it for. A person
signs in when the hub wants it. It does what their browser does; it has nothing of the hub's but its CA.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from garde.errors import Incomplete
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB, HUB_PORT
from garde.lab.night.talk import Talk
from garde.trust.ca import client_context

PATIENCE_S: Final = 30.0


class People(Talk):
    """The same from the night's side, for the length of a `with`. Passwords are those that they were given."""

    def __init__(self, hospital: Hospital, passwords: dict[str, str]) -> None:
        plan = hospital.plan
        self._passwords = passwords
        words = [f"{plan.address(HUB)}:{HUB_PORT}", str(plan.hub_state / "ca.pem")]
        super().__init__(hospital, HUB, "garde.lab.night.person", *words)

    def attempt(self, login: str, method: str, path: str, body: Any = None) -> tuple[Any, str]:
        """Ask as that person; returns the answer, and why it was refused ("" where it was not)."""
        line = self._ask([login, self._passwords[login], method, path, body])
        found = msgspec.json.decode(line) if line else {"error": "the program at the console has ended"}
        return found.get("answer"), found.get("error", "")

    def ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """Ask as that person; raises Incomplete where it is refused."""
        answer, refused = self.attempt(login, method, path, body)
        if refused:
            raise Incomplete(f"{login}, {path}: {refused}", "play it again")
        return answer


class _Browser:
    """One person's."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        self._address, self._context = address, context
        self._cookie = ""

    def sign_in(self, login: str, password: str) -> str:
        """Return why it did not work, "" where it did."""
        form = urlencode({"way": "password", "to": "/", "login": login, "password": password})
        status, cookie, _ = self._send("POST", "/sign-in", form.encode(), "application/x-www-form-urlencoded")
        self._cookie = cookie.partition(";")[0]
        return "" if self._cookie and status < 400 else f"the sign-in is refused ({status})"

    def ask(self, method: str, path: str, body: Any) -> dict[str, Any] | None:
        """Return what the hub says; None where it wants a sign-in first."""
        raw = b"" if body is None else msgspec.json.encode(body)
        status, _, answer = self._send(method, f"/api/v1{path}", raw, "application/json")
        if status == HTTPStatus.UNAUTHORIZED:
            return None
        found = msgspec.json.decode(answer) if answer else None
        if status < 400:
            return {"answer": found}
        said = found.get("message") if isinstance(found, dict) else None
        return {"error": str(said or f"status {status}")}

    def _send(self, method: str, path: str, body: bytes, kind: str) -> tuple[int, str, bytes]:
        headers = {"Content-Type": kind, "Origin": f"https://{self._address}", "Cookie": self._cookie}
        connection = http.client.HTTPSConnection(self._address, timeout=PATIENCE_S, context=self._context)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Set-Cookie", ""), answer.read()
        finally:
            connection.close()


class _Room:
    """Everybody's."""

    def __init__(self, address: str, ca: str) -> None:
        self._address, self._context = address, client_context(ca)
        self._browsers: dict[str, _Browser] = {}

    def serve(self, login: str, password: str, method: str, path: str, body: Any) -> dict[str, Any]:
        """Ask as one person, signed in: anew where the session is over, as after a night."""
        browser = self._browsers.setdefault(login, _Browser(self._address, self._context))
        found = browser.ask(method, path, body)
        if found is None:
            refused = browser.sign_in(login, password)
            found = {"error": refused} if refused else browser.ask(method, path, body)
        return found or {"error": "the hub wants a sign-in again and again"}


def main(words: list[str]) -> None:
    """Ask until standard input ends."""
    room = _Room(words[0], Path(words[1]).read_text(encoding="ascii"))
    for line in sys.stdin:
        try:
            found = room.serve(*msgspec.json.decode(line))
        except (OSError, http.client.HTTPException) as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        print(msgspec.json.encode(found).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
