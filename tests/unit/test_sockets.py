"""TCP sockets of another process, asked for themselves: real sockets of a real child."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support.descriptors import descriptors

from garde.sockets import CLOSE_WAIT, ESTABLISHED, LISTEN, TcpSocket, tcp_sockets

CHILD = """
import socket, sys
listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
unrelated = socket.socketpair(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM), open("/dev/null")
print(listening.getsockname()[1], flush=True)
first, _ = listening.accept()
print("accepted", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as it:
        yield it
        it.kill()


def sockets_of(pid: int) -> list[TcpSocket]:
    found = tcp_sockets(pid)
    if found is None:
        pytest.skip("this kernel or container lends no sockets (pidfd_getfd)")
    return found


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_listener_and_its_client_are_seen_with_state_and_peer(child: subprocess.Popen[str], address: str) -> None:
    assert child.stdout is not None
    port = int(child.stdout.readline())
    assert sockets_of(child.pid) == [TcpSocket(port, "", 0, LISTEN)]
    with socket.create_connection((address, port)) as client:
        assert child.stdout.readline() == "accepted\n"
        served = [each for each in sockets_of(child.pid) if each.state == ESTABLISHED]
        assert served == [TcpSocket(port, address, client.getsockname()[1], ESTABLISHED)]
        client.shutdown(socket.SHUT_WR)
        assert {each.state for each in sockets_of(child.pid)} == {LISTEN, CLOSE_WAIT}


def test_what_was_borrowed_is_given_back(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    child.stdout.readline()
    before = descriptors()
    for _ in range(5):
        sockets_of(child.pid)
    assert descriptors() <= before


def test_a_process_that_is_gone_has_none(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    assert tcp_sockets(child.pid) == []
