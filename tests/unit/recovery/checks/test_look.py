"""The look from outside: what answers, what refuses, what is silent; within its time, however much is asked."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Iterator

import pytest

from garde.recovery.checks.look import look


@contextlib.contextmanager
def listening(address: str = "127.0.0.1") -> Iterator[int]:
    with socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port whose queue is full: the kernel answers no further beginning, as behind a rule that drops."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()[1]


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_a_port_that_is_served_answers_and_a_closed_one_refuses() -> None:
    closed = closed_port()
    with listening() as port:
        seen = look(["127.0.0.1"], [closed, port])
    assert (seen.answering, seen.refused, seen.tried, seen.detail) == ((port,), (closed,), 2, "")


def test_ipv6_is_looked_at_as_well() -> None:
    with listening("::1") as port:
        seen = look(["127.0.0.1", "::1"], [port])
    assert seen.answering == (port,)
    assert seen.refused == (), "it answers at one address: that it refuses at the other says nothing"
    assert seen.tried == 2


def test_silence_is_neither_and_costs_the_answer_time_once_for_all() -> None:
    with silent() as port, listening() as served:
        before = time.monotonic()
        seen = look(["127.0.0.1"], [port, served], answer_s=0.2)
        assert time.monotonic() - before < 10
    assert (seen.answering, seen.refused) == ((served,), ())


def test_no_more_connections_are_open_at_once_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 200), hard))
    try:
        seen = look(["127.0.0.1"], range(1, 2001), at_once=64)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert seen.tried == 2000
    assert len(seen.answering) + len(seen.refused) == 2000
    assert seen.detail == ""


def test_when_time_is_over_it_says_what_was_not_tried() -> None:
    with silent() as port:
        seen = look(["127.0.0.1"], [port, *range(1, 100)], answer_s=5, look_s=0.1, at_once=1)
    assert seen.tried == 1
    assert "99 of the ports" in seen.detail


def test_an_address_without_a_way_is_named_and_the_others_are_looked_at() -> None:
    with listening() as port:
        seen = look(["255.255.255.255", "127.0.0.1"], [port])
    assert seen.answering == (port,)
    assert seen.detail.startswith("255.255.255.255: ")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="is no port"):
        look(["127.0.0.1"], [port])


def test_a_name_is_refused_and_never_resolved() -> None:
    with pytest.raises(ValueError, match="localhost"):
        look(["localhost"], [80])
