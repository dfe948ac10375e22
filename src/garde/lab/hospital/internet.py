"""The lab's Internet: who takes what is stolen, and the telephone provider. A program, run in a namespace of its own.

`internet.py LOG ADDRESS …`: listens on each ADDRESS on two ports. On THIEF_PORT it takes all that is sent and throws
it away, counted; on PROVIDER_PORT it answers what it is asked, as a telephone provider's server does. LOG gets one
line for each delivery: `u AT BYTES PEER`, AT of CLOCK_MONOTONIC. It belongs to the attackers' side: Garde never reads
it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

THIEF_PORT = 443
PROVIDER_PORT = 5061
PIECE = 1 << 16


class Internet:
    """Both of them."""

    def __init__(self, log: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Count what comes until its sender is done."""
        count = 0
        try:
            while piece := await reader.read(PIECE):
                count += len(piece)
        except OSError:
            pass  # cut off in the middle: what came, came
        finally:
            peer = writer.get_extra_info("peername")[0]
            os.write(self._log, f"u {time.monotonic():.6f} {count} {peer}\n".encode())
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


async def serve(log: str, addresses: list[str]) -> None:
    """Listen until ended."""
    internet = Internet(log)
    for address in addresses:
        await asyncio.start_server(internet.take, address, THIEF_PORT)
        await asyncio.start_server(internet.answer, address, PROVIDER_PORT)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2:]))
