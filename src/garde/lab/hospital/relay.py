"""The hub's console on this machine's own loopback: a browser here can open what runs in the lab's namespace.

`relay.py NETNS ADDRESS PORT FILE`: listens on 127.0.0.1 on a free port, writes that port to FILE, and carries bytes to
ADDRESS:PORT inside the namespace and back. A socket belongs to the network that it was made in: the listening one is
made before the namespace is entered. It reads nothing of what it carries; TLS goes through it whole.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

_CLONE_NEWNET = 0x40000000  # linux/sched.h
PIECE = 1 << 16


def main(words: list[str]) -> None:
    """Listen here, work there."""
    namespace, address, port, file = words
    listener = socket.create_server(("127.0.0.1", 0))
    handle = os.open(namespace, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(handle, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns", namespace)
    os.close(handle)
    new = Path(f"{file}.new")
    new.write_text(str(listener.getsockname()[1]))
    new.rename(file)
    asyncio.run(_serve(listener, address, int(port)))


async def _serve(listener: socket.socket, address: str, port: int) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(address, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(carry, sock=listener)
    await server.serve_forever()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1:])
