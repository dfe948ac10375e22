"""The lab that the holds are tried in: a real smbd, machines of its own, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from garde.lab import samba as lab_samba
from garde.lab.attackers import smb_client
from garde.lab.samba import SambaServer

_WHY_NOT = lab_samba.missing() or smb_client.missing()
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]

_WORK = """
import sys
from garde.lab.attackers.smb_client import SmbShare

for server in sys.argv[1:]:
    with SmbShare(server, "share", "doctor", "doctor-pass") as share:
        share.mkdir("réa 2")
        share.write("réa 2/lit#1 50%.txt", b"temperature 37.2")
        with share.open("réa 2/lit#1 50%.txt", "r+") as file:
            file.seek(12)
            file.write(b"38.9!")
            file.truncate(16)
        assert share.read("réa 2/lit#1 50%.txt") == b"temperature 38.9"
        share.rename("réa 2/lit#1 50%.txt", "réa 2/lit")
        assert share.list("réa 2") == [("lit", False)]
        assert list(share.walk()) == ["réa 2/lit"], list(share.walk())
        try:
            share.open("réa 2/lit", "x")
            raise SystemExit("a second one of that name was made")
        except FileExistsError:
            pass
        try:
            share.list(".garde-vault")
            raise SystemExit("the vault is seen")
        except FileNotFoundError:
            pass
        share.unlink("réa 2/lit")
        share.rmdir("réa 2")
try:
    SmbShare(sys.argv[1], "share", "doctor", "wrong").list()
except PermissionError:
    print("done")
"""


def links() -> str:
    return subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout


def test_work_over_both_families_and_a_clean_end(tmp_path: Path) -> None:
    (tmp_path / ".garde-vault").mkdir()
    with SambaServer(tmp_path) as server, server.client() as machine:
        done = machine.run(
            [sys.executable, "-c", _WORK, server.address, server.address6], capture_output=True, env=dict(os.environ)
        )
        assert done.stdout == b"done\n", done.stderr.decode()
        bridge, base, pid, name = server.bridge, server.base, server.pid, machine.name
        assert bridge in links()
        assert '"sessions"' in server.smbstatus()
    assert bridge not in links()
    assert not base.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert not Path(f"/run/netns/{name}").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / ".garde-vault"]


def test_two_labs_side_by_side(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    with SambaServer(one) as first, SambaServer(two) as second, first.client() as machine, second.client() as other:
        assert len({first.address, second.address, machine.address, other.address}) == 4
        write = (
            "import sys; from garde.lab.attackers.smb_client import SmbShare as S; S(*sys.argv[1:]).write('x', b'1')"
        )
        for place, server in ((machine, first), (other, second)):
            arguments = [sys.executable, "-c", write, server.address, "share", "nurse", "nurse-pass"]
            assert place.run(arguments, env=dict(os.environ)).returncode == 0
    assert [path.name for path in one.iterdir()] == ["x"] == [path.name for path in two.iterdir()]


def test_it_is_not_turned_on_a_real_server() -> None:
    with pytest.raises(ValueError, match="not in the lab"):
        smb_client.SmbShare("192.0.2.10", "share", "nurse", "x")
