"""A program on a workstation of the lab that somebody outside leads: it keeps a line to its controller, and waits.

Comes in: `led ADDRESS PORT NAME`. Goes out: `ready` once the line stands; it tells its name, answers each word of the
controller's by a word, and connects again where the line breaks, until standard input ends; then one JSON object with
the lines that it had and the bytes that it sent. It does nothing else: what is done on this machine is started beside
it. It talks to the lab's addresses alone.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from dataclasses import dataclass

from garde.lab.attackers.smb_client import check_lab

CONNECT_S = 5.0
SILENT_S = 20.0  # without a word: the line is broken
AGAIN_S = 2.0


@dataclass(slots=True)
class Led:
    """What became of it."""

    lines: int = 0
    sent: int = 0

    def follow(self, place: tuple[str, int], hello: bytes) -> bool:
        """Keep one line; False when standard input ended."""
        with socket.create_connection(place, CONNECT_S) as line:
            self.lines += 1
            self._say(line, hello)
            if self.lines == 1:
                print("ready", flush=True)
            while True:
                ready, _, _ = select.select([line, sys.stdin], [], [], SILENT_S)
                if sys.stdin in ready:
                    return False
                if not ready or not line.recv(1024):
                    return True
                self._say(line, b"here\n")

    def _say(self, line: socket.socket, words: bytes) -> None:
        line.sendall(words)
        self.sent += len(words)


def main(words: list[str]) -> None:
    """Be led until standard input ends."""
    address, port, name = words
    check_lab(address)
    led, on = Led(), True
    while on:
        try:
            on = led.follow((address, int(port)), f"{name}\n".encode())
        except OSError:
            on = not select.select([sys.stdin], [], [], AGAIN_S)[0]
    print(json.dumps({"lines": led.lines, "sent": led.sent}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
