"""Answers over real connections: only what is safe is accepted, and each in its own order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from garde.clock import VirtualClock
from garde.desk.listener import Listener
from garde.downtime.hl7.message import parse
from garde.downtime.mllp import Deframer, Frame, frame
from garde.downtime.store.messages import Form, Heard

HEAD = b"MSH|^~\\&|HIS|CLINIC|||20260302030000||ADT^A01|%s|P|2.4\rPID|1||5\r"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Memory:
    """An intake that keeps in memory; `room`: how many times it can."""

    def __init__(self, room: int = 1000) -> None:
        self.heard: list[Heard] = []
        self.room = room

    async def keep(self, heard: list[Heard]) -> bool:
        self.room -= 1
        self.heard += heard if self.room >= 0 else []
        return self.room >= 0


def _run(memory: Memory, talk: Talk, longest: int = 1 << 20) -> None:
    async def all_of_it() -> None:
        listener = Listener(memory, VirtualClock(), longest, pytest.fail)
        server = await listener.serve("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            server.close()
            await listener.end()

    asyncio.run(all_of_it())


async def _answers(reader: asyncio.StreamReader, count: int) -> list[tuple[str, str]]:
    stream, found = Deframer(), list[tuple[str, str]]()
    while len(found) < count:
        for piece in stream.feed(await reader.read(4096)):
            assert isinstance(piece, Frame)
            answer = parse(piece.data)
            found.append((answer.get("MSA", 1), answer.get("MSA", 2)))
    return found


def test_each_message_has_its_own_answer_in_order() -> None:
    memory = Memory()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(HEAD % b"1") + b"noise" + frame(b"no message") + frame(HEAD % b"3"))
        assert await _answers(reader, 3) == [("AA", "1"), ("AE", ""), ("AA", "3")]

    _run(memory, talk)
    assert [each.form for each in memory.heard] == [Form.HL7, Form.NOISE, Form.HL7, Form.HL7]


def test_what_is_not_safe_is_rejected_and_the_connection_goes_on() -> None:
    memory = Memory(room=1)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in ((b"1", "AA"), (b"2", "AR")):
            writer.write(frame(HEAD % number))
            assert await _answers(reader, 1) == [(answer, number.decode())]
        memory.room = 9
        writer.write(frame(HEAD % b"2"))
        assert await _answers(reader, 1) == [("AA", "2")]

    _run(memory, talk)
    assert [each.data for each in memory.heard] == [HEAD % b"1", HEAD % b"2"]


def test_what_is_too_long_is_rejected_by_its_number() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(HEAD % b"7" + b"OBX|1|ED|x||" + b"Q" * 200_000) + frame(HEAD % b"8"))
        assert await _answers(reader, 2) == [("AR", "7"), ("AA", "8")]

    _run(Memory(), talk, longest=100_000)


def test_a_message_that_was_cut_off_is_kept_and_not_answered() -> None:
    memory = Memory()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x0b" + (HEAD % b"1")[:40])
        writer.write_eof()
        assert await reader.read() == b""

    _run(memory, talk)
    assert [each.form for each in memory.heard] == [Form.BROKEN]


def test_twenty_megabytes_are_taken() -> None:
    memory = Memory()
    big = HEAD % b"1" + b"OBX|1|ED|x||^^^Base64^" + b"QUJD" * (5 << 20) + b"\r"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(big))
        assert await _answers(reader, 1) == [("AA", "1")]

    _run(memory, talk, longest=64 << 20)
    assert [each.data for each in memory.heard] == [big]
