"""An office at work on a share: so many saves a second, each a temporary file written and renamed over a document.

Comes in: server, share, login, folder on the share, folder with contents to save, saves per second, seconds. Goes out:
one JSON object with the seconds that each save took, from its first request to the last answer. It runs on a client
machine of its own (a network namespace) and imports the lab's SMB client only.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

from garde.lab.attackers.smb_client import SmbShare


def main() -> int:
    """Save at an even pace; a save that comes late because the one before was slow starts at once."""
    server, share_name, login, folder, contents, rate, seconds = sys.argv[1:]
    by_kind = _contents(Path(contents))
    draw = random.Random(4)
    with SmbShare(server, share_name, login, os.environ.get("GARDE_SMB_PASSWORD", "")) as share:
        targets = [path for path in share.walk(folder) if path.rpartition(".")[2] in by_kind]
        if not targets:
            print("nothing to save over", file=sys.stderr)
            return 1
        print(json.dumps({"latencies": _work(share, targets, by_kind, float(rate), float(seconds), draw)}))
    return 0


def _contents(folder: Path) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for path in sorted(folder.rglob("*.*")):
        found.setdefault(path.suffix[1:], []).append(path.read_bytes())
    return found


def _work(
    share: SmbShare,
    targets: list[str],
    by_kind: dict[str, list[bytes]],
    rate: float,
    seconds: float,
    draw: random.Random,
) -> list[float]:
    latencies = []
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, start + number / rate - time.perf_counter()))
        target = draw.choice(targets)
        content = draw.choice(by_kind[target.rpartition(".")[2]])
        began = time.perf_counter()
        save(share, target, content, number)
        latencies.append(time.perf_counter() - began)
    return latencies


def save(share: SmbShare, target: str, content: bytes, number: int) -> None:
    """Write a temporary file beside the document and rename it over, as office programs save."""
    folder, _, _ = target.rpartition("/")
    temporary = f"{folder}/~wrl{number:05d}.tmp"
    share.write(temporary, content)
    share.rename(temporary, target)


if __name__ == "__main__":
    sys.exit(main())
