"""The quiet traffic outwards: somebody who looks at pages on the Internet, and sends a few lines there, all night long.

Comes in: `surfer ADDRESS PORT SECONDS SEED`, run on a machine. Goes out: `ready`, and when standard input ends one JSON
object with how often a page came and how often none did. A page is some 60 kB, a question 0.3 to 12 kB: much comes,
little leaves, as on any workday.
"""

from __future__ import annotations

import json
import random
import select
import socket
import sys

PATIENCE_S = 3.0
QUESTION = (300, 3000)  # bytes
FORM, FORMS = (6_000, 12_000), 0.1  # one in ten fills in a form


def ask(place: tuple[str, int], size: int) -> bool:
    """Ask for one page; whether it came."""
    try:
        with socket.create_connection(place, PATIENCE_S) as line:
            line.sendall(b"q" * (size - 1) + b"\n")
            line.shutdown(socket.SHUT_WR)
            took = 0
            while piece := line.recv(1 << 16):
                took += len(piece)
            return took > 0
    except OSError:
        return False


def main(words: list[str]) -> None:
    """Look at pages until standard input ends."""
    address, port, seconds, seed = words
    luck, asked, failed = random.Random(seed), 0, 0
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], float(seconds) * luck.uniform(0.5, 1.5))[0]:
        size = luck.randint(*(FORM if luck.random() < FORMS else QUESTION))
        asked += 1
        failed += not ask((address, int(port)), size)
    print(json.dumps({"asked": asked, "failed": failed}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
