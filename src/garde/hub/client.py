"""Asking the hub from its own machine: over TLS where it runs, inside this process where it does not.

Comes in: the hub's state directory, an API call. Goes out: the answer's data, or the error that the hub would have
said. The token file is the key: who may read it is root here. It dials the address that the running hub noted, pinned
to the hub's own CA. For what needs a person by name (`ask_as`) it signs in as the console does, for that one call.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from garde.clock import Clock
from garde.errors import (
    GardeError,
    HubAbsent,
    NotFound,
    NotPermitted,
    Refused,
    SettingsError,
    StateBusy,
    UsageError,
)
from garde.hub.config import SERVING, TOKEN_FILE, load_config
from garde.trust.ca import HUB_NAME, client_context
from garde.trust.enrolment import split_address
from garde.trust.files import read_secret

TIMEOUT_S = 30.0
SEND_S = 180.0  # of a large file that is read at once
COOKIE: Final = "__Host-garde"  # garde.hub.console.accounts.COOKIE
_KINDS: dict[str, type[GardeError]] = {
    kind.code: kind for kind in (NotFound, NotPermitted, Refused, SettingsError, UsageError)
}


def ask_hub(state: Path, clock: Clock, method: str, path: str, body: Any = None) -> Any:
    """Ask the hub of a state directory; raises what it refused with."""
    load_config(state)
    if (state / SERVING).exists():  # the quick way; after kill -9 nobody answers there
        with contextlib.suppress(HubAbsent):
            return ask_running(state, method, path, body)
    try:
        return ask_inside(state, clock, method, path, body)
    except StateBusy:
        return ask_running(state, method, path, body)


def send_file(state: Path, who: tuple[str, str] | None, path: str, file: Path) -> Any:
    """Send a file to a hub that runs, as it lies there; as a person (login, password), or as its operator (None)."""
    with _connected(state, SEND_S) as connection, file.open("rb") as body:
        if who is None:
            return _ask_api(connection, "POST", path, body, _bearer(state))
        cookie = _sign_in(connection, *who)
        try:
            return _ask_api(connection, "POST", path, body, {"Cookie": cookie, "Origin": _origin(connection)})
        finally:
            _post_form(connection, "/sign-out", {}, {"Cookie": cookie})


def _bearer(state: Path) -> dict[str, str]:
    try:
        return {"Authorization": f"Bearer {read_secret(state / TOKEN_FILE).decode().strip()}"}
    except OSError as error:
        raise _absent(state, error) from error


def ask_running(state: Path, method: str, path: str, body: Any = None) -> Any:
    """Ask a hub that runs; raises HubAbsent where none answers."""
    headers = _bearer(state)
    with _connected(state) as connection:
        return _ask_api(connection, method, path, body, headers)


def ask_as(state: Path, who: tuple[str, str], method: str, path: str, body: Any = None) -> Any:
    """Ask a hub that runs as a person (login, password); raises NotPermitted where the sign-in was refused."""
    with _connected(state) as connection:
        cookie = _sign_in(connection, *who)
        try:
            return _ask_api(connection, method, path, body, {"Cookie": cookie, "Origin": _origin(connection)})
        finally:
            _post_form(connection, "/sign-out", {}, {"Cookie": cookie})


def ask_by(state: Path, clock: Clock, who: tuple[str, str] | None, path: str, body: Any) -> Any:
    """Have the hub do something, as a person (login, password), or as its operator (None)."""
    if who is None:
        return ask_hub(state, clock, "POST", path, body)
    return ask_as(state, who, "POST", path, body)


def _sign_in(connection: http.client.HTTPSConnection, login: str, password: str) -> str:
    status, headers, _ = _post_form(
        connection, "/sign-in", {"way": "password", "login": login, "password": password, "to": "/"}
    )
    cookies = SimpleCookie()
    for name, value in headers:
        if name.lower() == "set-cookie":
            cookies.load(value)
    if COOKIE in cookies and cookies[COOKIE].value:
        return f"{COOKIE}={cookies[COOKIE].value}"
    if status == 200:
        raise NotPermitted("this account asks for a code of a telephone as well", "sign in at the console")
    raise NotPermitted("this login and password do not go together", "sign in at the console, or wait and try again")


def _post_form(
    connection: http.client.HTTPSConnection, path: str, fields: dict[str, str], more: dict[str, str] | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": _origin(connection), **(more or {})}
    connection.request("POST", path, urlencode(fields), headers)
    answer = connection.getresponse()
    return answer.status, answer.getheaders(), answer.read()


def _origin(connection: http.client.HTTPSConnection) -> str:
    """Return where a page of this hub comes from, as a browser would say it."""
    port = "" if connection.port == http.client.HTTPS_PORT else f":{connection.port}"
    return f"https://{HUB_NAME}{port}"


def _ask_api(
    connection: http.client.HTTPSConnection, method: str, path: str, body: Any, headers: dict[str, str]
) -> Any:
    if isinstance(body, io.BufferedReader):
        raw: Any = body  # sent piece by piece
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(_size(body)), **headers}
    else:
        raw = b"" if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", **headers}
    connection.request(method, f"/api/v1{path}", raw, headers)
    answer = connection.getresponse()
    return _read(answer.status, answer.read())


def _size(file: io.BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size


@contextlib.contextmanager
def _connected(state: Path, timeout: float = TIMEOUT_S) -> Iterator[http.client.HTTPSConnection]:
    """Dial the running hub; raises HubAbsent where none answers."""
    try:
        host, port = split_address((state / SERVING).read_text(encoding="utf-8").strip())
        context = client_context((state / "ca.pem").read_text(encoding="ascii"))
    except (OSError, UsageError) as error:
        raise _absent(state, error) from error
    connection = http.client.HTTPSConnection(HUB_NAME, port, timeout=timeout, context=context)
    try:
        connection.sock = _dial(host, port, context, timeout)
        yield connection
    except (OSError, http.client.HTTPException) as error:
        raise HubAbsent(
            f"the hub at {host}:{port} does not answer: {error}", "see whether `garde hub run` runs"
        ) from error
    finally:
        connection.close()


def _absent(state: Path, error: Exception) -> HubAbsent:
    return HubAbsent(f"no hub serves from {state}: {error}", "start it: garde hub run")


def ask_inside(state: Path, clock: Clock, method: str, path: str, body: Any = None) -> Any:
    """Ask a hub that does not run, by assembling it here for one call; raises StateBusy where one runs."""
    from garde.hub.program import application, assemble

    token = read_secret(state / TOKEN_FILE).strip()
    with ExitStack() as at_end:
        hub = assemble(state, clock, at_end, complain=lambda words: None, perform=False)

        async def once() -> tuple[int, bytes]:
            app, _ = application(hub)
            return await _call(app, method, f"/api/v1{path}", token, b"" if body is None else msgspec.json.encode(body))

        return _read(*asyncio.run(once()))


async def _call(
    app: Callable[..., Awaitable[None]], method: str, path: str, token: bytes, body: bytes
) -> tuple[int, bytes]:
    """One request to an ASGI application, and its whole answer."""
    status, parts = 500, []
    headers = [(b"authorization", b"Bearer " + token), (b"content-type", b"application/json"),
               (b"content-length", str(len(body)).encode()), (b"host", HUB_NAME.encode())]  # fmt: skip
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 0), "server": (HUB_NAME, 443), "state": {},
    }  # fmt: skip
    asked = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked.is_set():
            await asyncio.Event().wait()  # nobody hangs up
        asked.set()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(parts)


def _read(status: int, raw: bytes) -> Any:
    try:
        found = msgspec.json.decode(raw) if raw else None
    except msgspec.DecodeError as error:
        raise HubAbsent(f"what answers is no hub of ours (status {status})", "see what listens there") from error
    if status < 400:
        return found
    said = found if isinstance(found, dict) else {}
    kind = _KINDS.get(str(said.get("code")), Refused if status == 409 else HubAbsent)
    raise kind(str(said.get("message") or f"status {status}"), str(said.get("todo") or ""))


def _dial(host: str, port: int, context: ssl.SSLContext, timeout: float) -> ssl.SSLSocket:
    plain = socket.create_connection((host, port), timeout)
    try:
        return context.wrap_socket(plain, server_hostname=HUB_NAME)
    except BaseException:
        plain.close()
        raise
