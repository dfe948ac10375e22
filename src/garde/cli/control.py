"""Speaking with a running agent over the control socket in its state directory.

Comes in: a verb and its arguments. Goes out: the reply, with progress on the way; an error of the agent's comes back as
the same `GardeError` here. One JSON object a line, both ways. It starts no agent and guesses nothing where none is.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from garde.errors import AgentAbsent, GardeError, NotPermitted

SOCKET = "agent.sock"
_ANSWER_S = 30.0  # without any line from the agent
_LINE_MAX = 16 << 20  # bytes; a status of 50 holds is about 100 kB

Reply = dict[str, Any]


def ask(
    state: Path,
    verb: str,
    progress: Callable[[Reply], None] = lambda step: None,
    patience: float = _ANSWER_S,
    **arguments: object,
) -> Reply:
    """Send one request and return the agent's reply; raises AgentAbsent where none answers within `patience` seconds
    of its last word."""
    with _connect(state, patience) as link, link.makefile("rb") as answers:
        link.sendall(msgspec.json.encode({"verb": verb, **arguments}) + b"\n")
        while True:
            reply = _next(answers, state)
            if "ok" in reply:  # the last word; a status has a "progress" of its own in it
                return _checked(reply)
            progress(reply.get("progress") or {})


def _connect(state: Path, patience: float) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    link.settimeout(patience)
    try:
        link.connect(_short_name(state / SOCKET))
    except PermissionError as error:
        link.close()
        raise NotPermitted(f"{state / SOCKET}: {error.strerror}", "run it as the user that runs the agent") from error
    except OSError as error:
        link.close()
        todo = "start one with `garde watch` or `garde up`, or name its directory with --state DIR"
        raise AgentAbsent(f"no agent answers at {state}", todo) from error
    return link


def _short_name(path: Path) -> str:
    """A socket's name holds 108 bytes; a longer path is reached through its directory's descriptor."""
    if len(os.fsencode(path)) < 108:
        return str(path)
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)  # ends with this short command
    return f"/proc/self/fd/{directory}/{path.name}"


def _next(answers: BinaryIO, state: Path) -> Reply:
    try:
        raw = answers.readline(_LINE_MAX)
        return msgspec.json.decode(raw, type=Reply)
    except TimeoutError as error:
        raise AgentAbsent(f"the agent at {state} does not answer", "look at its own output") from error
    except (OSError, msgspec.MsgspecError) as error:
        raise AgentAbsent(
            f"the agent at {state} ended in the middle of its answer", "look at its own output"
        ) from error


def _checked(reply: Reply) -> Reply:
    if reply.get("ok"):
        return reply
    code = str(reply.get("code", ""))
    kind = {each.code: each for each in _tree(GardeError)}.get(code, GardeError)
    message = str(reply.get("message", "the agent refused"))
    raise kind(f"{message} ({code})" if code and kind is GardeError else message, str(reply.get("todo", "")))


def _tree(root: type[GardeError]) -> list[type[GardeError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]
