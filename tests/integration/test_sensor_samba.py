"""A real smbd in its own network namespace, and the client behind one of its children."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from garde.model.activity import Activity
from garde.model.actor import Actor, ActorKind
from garde.watch.actors import Actors
from garde.watch.sensors import samba
from garde.watch.sensors.fanotify import Fanotify
from garde.watch.sensors.procs import ForkTree

pytestmark = pytest.mark.root

PATIENCE = 30.0  # seconds until a daemon that does not come up is called dead

CONF = """[global]
security = user
private dir = {0}
lock directory = {0}
state directory = {0}
cache directory = {0}
pid directory = {0}
ncalrpc dir = {0}/ncalrpc
log file = {0}/log
load printers = no
disable spoolss = yes
smb ports = 445
[docs]
path = {1}
writable = yes
"""


@dataclass
class Server:
    pid: int
    conf: Path
    share: Path

    def client(self) -> subprocess.Popen[bytes]:
        words = [
            "nsenter",
            "-t",
            str(self.pid),
            "-n",
            "smbclient",
            "-s",
            str(self.conf),
            "//127.0.0.1/docs",
            "-U",
            "root%pw",
        ]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    for needed in ("smbd", "smbclient", "smbpasswd", "smbstatus", "unshare", "nsenter", "ip"):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    state, share, conf = tmp_path / "state", tmp_path / "share", tmp_path / "smb.conf"
    state.mkdir()
    share.mkdir()
    conf.write_text(CONF.format(state, share))
    subprocess.run(
        ["smbpasswd", "-c", str(conf), "-s", "-a", "root"], input=b"pw\npw\n", check=True, capture_output=True
    )
    script = 'ip link set lo up && exec smbd -F --no-process-group -s "$0"'
    words = ["unshare", "-n", "sh", "-c", script, str(conf)]
    quiet = subprocess.DEVNULL  # a session of its own: smbd ends its whole process group with itself
    with subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True) as smbd:
        try:
            await_listener(smbd)
            yield Server(smbd.pid, conf, share)
        finally:
            smbd.terminate()


def await_listener(smbd: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if smbd.poll() is not None:
            pytest.skip("smbd does not start here")
        if samba.listens(smbd.pid):
            return
        time.sleep(0.05)
    pytest.fail("smbd does not listen")


def test_a_file_written_over_smb_is_the_clients(server: Server) -> None:
    with closing(ForkTree()) as tree, closing(Fanotify()) as sensor, server.client() as client:
        tree.open()
        sensor.open([os.path.realpath(os.fsencode(server.share))], lambda _: False)
        actors = Actors(tree)
        assert client.stdin is not None
        client.stdin.write(f"put {server.conf} a.txt\n".encode())
        client.stdin.flush()
        written = first_of(sensor)
        tree.drain()
        actor = actors.of(written.pid)
        assert actor.kind is ActorKind.SMB
        assert actor.smb is not None
        assert actor.smb.address == "127.0.0.1"
        assert actor.smb.port > 0
        assert server.pid in [one.pid for one in actor.chain]
        fuller = actors.enrich(actor)
        assert isinstance(fuller, Actor)
        assert (fuller.user, fuller.smb and fuller.smb.shares) == ("root", ("docs",))
        assert actors.of(server.pid).kind is ActorKind.PROCESS
        client.stdin.write(b"quit\n")
        client.stdin.close()
        client.wait()
        again = Actors(tree).of(written.pid)  # the client has gone, and its smbd soon will be
        assert (again.kind, again.smb is not None) == (ActorKind.SMB, True)


def first_of(sensor: Fanotify) -> Activity:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and select.select([sensor.fileno()], [], [], PATIENCE)[0]:
        for activity in sensor.read():
            if activity.name == b"a.txt":
                return activity
    pytest.fail("nothing was written")
