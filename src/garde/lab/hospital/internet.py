"""The lab's Internet, a program in a namespace of its own: who takes what is stolen, who leads, the web, the telephone.

`internet.py LOG ROLE=ADDRESS …`: each ADDRESS is one host. All of them take what is sent on THIEF_PORT, but for these
two: the *controller* leads whoever connects there (a word each second, answered by a word, until the line breaks), and
the *web* gives a page for each question. On PROVIDER_PORT each line is answered by itself, as a telephone provider's
server does; on UDP's NAMES_PORT the thief answers questions about names, and keeps what they carry.

LOG gets one line for each thing delivered, AT of CLOCK_MONOTONIC: `u AT BYTES PEER` what was taken in one connection,
`n AT BYTES PEER` in one question about a name, and `c AT BYTES PEER` when a line of the controller's ended. It belongs
to the attackers' side: Garde never reads it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from typing import cast

THIEF_PORT = CONTROLLER_PORT = WEB_PORT = 443
PROVIDER_PORT = 5061
NAMES_PORT = 53
PIECE = 1 << 16
LEADS_S = 0.5  # between two words of the controller
PAGE = bytes(range(256)) * 240  # 60 kB: an ordinary page with its pictures


class Internet:
    """All of them."""

    def __init__(self, log: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _note(self, what: str, count: int, peer: str) -> None:
        os.write(self._log, f"{what} {time.monotonic():.6f} {count} {peer}\n".encode())

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Count what comes until its sender is done."""
        count = 0
        try:
            while piece := await reader.read(PIECE):
                count += len(piece)
        except OSError:
            pass  # cut off in the middle: what came, came
        finally:
            self._note("u", count, _peer(writer))
            writer.close()

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a line to a program inside: say a word, hear a word."""
        count = 0
        try:
            while line := await reader.readline():
                count += len(line)
                await asyncio.sleep(LEADS_S)
                writer.write(b"wait\n")
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            self._note("c", count, _peer(writer))
            writer.close()

    async def give(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give a page for each question, as long as there are any."""
        with suppress(OSError, ValueError):
            while await reader.readline():
                writer.write(PAGE)
                await writer.drain()
        writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say every line back."""
        try:
            while line := await reader.readline():
                writer.write(line)
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    def named(self, question: bytes, peer: str) -> None:
        """A question about a name came."""
        self._note("n", len(question), peer)


class Names(asyncio.DatagramProtocol):
    """The thief's name server: it knows no name, and keeps every question."""

    def __init__(self, internet: Internet) -> None:
        self._internet = internet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is none by its class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Count it, and answer that there is no such name (RFC 1035: QR, RCODE 3)."""
        self._internet.named(data, addr[0])
        self._transport.sendto(data[:2] + b"\x81\x83" + data[4:], addr)


def _peer(writer: asyncio.StreamWriter) -> str:
    return str(writer.get_extra_info("peername")[0])


async def serve(log: str, hosts: list[str]) -> None:
    """Listen until ended."""
    internet = Internet(log)
    answers = {"controller": internet.lead, "web": internet.give}
    for role, _, address in (host.partition("=") for host in hosts):
        await asyncio.start_server(answers.get(role, internet.take), address, THIEF_PORT)
        await asyncio.start_server(internet.answer, address, PROVIDER_PORT)
        if role == "thief":
            place = (address, NAMES_PORT)
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: Names(internet), local_addr=place)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2:]))
