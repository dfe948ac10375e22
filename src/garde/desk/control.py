"""Questions to the running desk, on a socket in its state directory: one JSON line in, one out.

Comes in: a question of a local user (the directory is the desk's own, 0700). Goes out: plain data. Whoever asks for
patients is written down first, by the name that the kernel knows.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import pwd
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from garde.desk.answers import answer
from garde.desk.keeper import Keeper
from garde.downtime.store.messages import Form, Heard
from garde.errors import GardeError, HubAbsent, StateDamaged

SOCKET = "desk.sock"
PACK_QUESTIONS = ("places", "pack")
_LONGEST = 256 << 20  # bytes of a question: an import is one
_WAIT_S = 120.0


async def serve_control(
    state: Path,
    keeper: Keeper,
    take: Callable[[list[Heard]], Awaitable[bool]],
    now: Callable[[], float],
    make: Callable[[dict[str, Any], str], Awaitable[dict[str, Any]]] | None = None,
) -> asyncio.Server:
    """Answer questions until the server is closed. `make` answers those about packs."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            who = _peer(writer.get_extra_info("socket"))
            asked = json.loads(line)
            if make and asked["ask"] in PACK_QUESTIONS:
                answer = await make(asked, who)
            else:
                answer = await _answer(asked, who, keeper, take, now)
        except GardeError as error:
            answer = {"error": error.message}
        except (ValueError, KeyError, TypeError) as error:
            answer = {"error": f"not understood: {error}"}
        writer.write(json.dumps(answer, default=str).encode() + b"\n")
        try:
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    path = state / SOCKET
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(connected, path, limit=_LONGEST)
    path.chmod(0o600)
    return server


async def _answer(
    asked: dict[str, Any],
    who: str,
    keeper: Keeper,
    take: Callable[[list[Heard]], Awaitable[bool]],
    now: Callable[[], float],
) -> dict[str, Any]:
    if asked["ask"] == "import":
        heard = [Heard(base64.b64decode(each), now(), Form(asked["form"])) for each in asked["items"]]
        return {"taken": len(heard)} if await take(heard) else {"error": "it cannot be stored now"}
    return answer(keeper, who, asked)


def _peer(sock: socket.socket) -> str:
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return user_name(struct.unpack("3i", raw)[1])


def user_name(uid: int) -> str:
    """Return a local user's name; the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def ask_desk(state: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Ask the running desk; HubAbsent where none runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(_WAIT_S)
        try:
            # A path in a socket's address is at most 107 bytes long: the directory is named by its descriptor.
            handle = os.open(state, os.O_PATH | os.O_DIRECTORY)
            try:
                sock.connect(f"/proc/self/fd/{handle}/{SOCKET}")
            finally:
                os.close(handle)
            sock.sendall(json.dumps(question).encode() + b"\n")
            with sock.makefile("rb") as file:
                found = json.loads(file.readline())
        except (OSError, ValueError) as error:
            raise HubAbsent(f"no desk answers in {state}", "start it: garde downtime run") from error
    if not isinstance(found, dict):
        raise StateDamaged("the desk's answer is none")
    return found
