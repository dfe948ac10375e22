"""A real client attacks a real smbd from a network namespace of its own; another client goes on working.

The attack and its truth are the attacker's side's (bench.smb_run); the colleague measures its own waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import smb_run
from bench.fs import image
from bench.watch import Watch

from garde.lab import samba
from garde.lab.attackers import smb_client
from garde.lab.documents import make_some
from garde.lab.samba import SambaServer

_WHY_NOT = samba.missing() or smb_client.missing()
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]

# Reads and writes its own documents until its standard input ends.
COLLEAGUE = """
import json, select, sys
from garde.lab.attackers.smb_client import SmbShare

done, failed = 0, []
with SmbShare(sys.argv[1], "share", sys.argv[2], sys.argv[3]) as share:
    share.mkdir("ward")
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        try:
            share.write(f"ward/{done % 20}.txt", b"temperature 37.2\\n" * (50 + done % 7))
            assert share.read(f"ward/{done % 20}.txt").startswith(b"temperature")
        except OSError as error:
            failed.append(str(error))
        done += 1
print(json.dumps({"done": done, "failed": failed[:3]}), flush=True)
"""


@pytest.fixture
def share() -> Iterator[Path]:
    with image("xfs", 1024) as mount:
        (mount / "share").mkdir(mode=0o777)
        yield mount / "share"


@pytest.mark.parametrize(("mode", "connections"), [("full", 1), ("rename-over", 1), ("full", 4)])
def test_the_attacker_is_held_and_its_colleague_works_on(share: Path, mode: str, connections: int) -> None:
    with tempfile.TemporaryDirectory() as spare:
        Path(spare).chmod(0o755)
        originals = Path(spare) / "originals"
        originals.mkdir()
        make_some(originals, 50, 7)
        with SambaServer(share) as server, Watch([share], Path(spare) / "state") as watch, server.client() as machine:
            nurse = server.user("nurse")
            colleague = machine.popen(
                [sys.executable, "-c", COLLEAGUE, server.address, nurse.login, nurse.password],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ),
            )  # fmt: skip
            assert colleague.stdin is not None and colleague.stdout is not None
            assert colleague.stdout.readline() == b"ready\n"
            attack = smb_run.Attack(mode, 400.0, connections, 50)
            outcome = smb_run.play(server, server.user("doctor"), attack, originals, 3.0, Path(spare))
            held = watch.since(0, "held")
            told, _ = colleague.communicate(timeout=20)
            report = json.loads(told)
            assert outcome.held and outcome.lost == 0, outcome
            assert len(held) == 1 and held[0]["actor"]["kind"] == "smb"
            assert held[0]["actor"]["smb"]["address"] not in ("", machine.address)
            assert held[0]["actor"]["smb"]["users"], "smbstatus names the user"
            assert report["failed"] == [] and report["done"] > 20
            assert watch.release(held[0])
