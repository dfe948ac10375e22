"""What a stranger may send before anybody has looked at it: so many bytes, so many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from garde.trust import http
from garde.trust.http import HEAD_MOST, BoundedHttp

GOOD = b"GET /path HTTP/1.1\r\nHost: hub\r\nX-Long: " + b"x" * 8000 + b"\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    body += message.get("body", b"")
    said = f"{scope['path']} {len(body)}".encode()
    headers = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def served() -> AsyncIterator[Callable[[], Awaitable[Streams]]]:
    config = Config(hello, http=BoundedHttp, ws="none", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttp(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    opened: list[asyncio.StreamWriter] = []

    async def dial() -> Streams:
        streams = await asyncio.open_connection("127.0.0.1", port)
        opened.append(streams[1])
        return streams

    try:
        yield dial
    finally:
        for writer in opened:
            writer.transport.abort()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


async def answer(streams: Streams, raw: bytes, *, pieces: int = 1) -> bytes:
    """Send and return the body of the answer; b"" where the connection was ended instead."""
    reader, writer = streams
    step = -(-len(raw) // pieces)
    try:
        for at in range(0, len(raw), step):
            writer.write(raw[at : at + step])
            await writer.drain()
            await asyncio.sleep(0)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length"))
    return await reader.readexactly(int(length.partition(b":")[2]))


def play(story: Callable[[Callable[[], Awaitable[Streams]]], Awaitable[None]]) -> None:
    async def run() -> None:
        async with served() as dial:
            await story(dial)

    asyncio.run(run())


def test_usual_requests_are_answered_also_several_on_one_connection_and_in_pieces() -> None:
    async def story(dial: Callable[[], Awaitable[Streams]]) -> None:
        streams = await dial()
        for pieces in (1, 7, 300):
            assert await answer(streams, GOOD, pieces=pieces) == b"/path 0"
        for _ in range(20):  # heads are counted each by itself
            assert await answer(streams, GOOD) == b"/path 0"

    play(story)


def test_a_large_body_is_not_a_large_head() -> None:
    async def story(dial: Callable[[], Awaitable[Streams]]) -> None:
        body = b"y" * (10 * HEAD_MOST)
        raw = b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        streams = await dial()
        for _ in range(2):
            assert await answer(streams, raw, pieces=50) == b"/ %d" % len(body)

    play(story)


@pytest.mark.parametrize(
    "part",
    [
        b"GET /" + b"a" * 5_000_000,
        b"GET / HTTP/1.1\r\nX: " + b"b" * 5_000_000,
        b"GET / HTTP/1.1\r\n" + b"C: d\r\n" * 800_000,
    ],
    ids=["path", "one header", "many headers"],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_head_without_end_is_ended(part: bytes, first: bool) -> None:
    async def story(dial: Callable[[], Awaitable[Streams]]) -> None:
        streams = await dial()
        if not first:
            assert await answer(streams, GOOD) == b"/path 0"
        assert await answer(streams, part, pieces=300) == b""

    play(story)


@pytest.mark.parametrize("said", [b"", b"GET / HT", GOOD + b"GET /again HTTP/1.1\r\nHos"])
def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(http, "HEAD_S", 0.05)

    async def story(dial: Callable[[], Awaitable[Streams]]) -> None:
        reader, writer = await dial()
        writer.write(said)
        try:
            rest = await asyncio.wait_for(reader.read(), 3)
        except ConnectionError:
            return
        assert (b"/path 0" in rest) == said.startswith(GOOD)

    play(story)
