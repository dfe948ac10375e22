"""The errands about machines: tests for each rule of `garde.agent.errands.gate`."""

from __future__ import annotations

import socket

import pytest

from garde.agent.errands.base import ErrandRefused, Job
from garde.agent.errands.gate import look
from garde.journal.recovery_kinds import MachineLooked
from garde.model.order import Order, Verb


def order(*addresses: str, ports: tuple[int, ...]) -> Job:
    return Job(Order("c1", "", Verb.LOOK, addresses, ports=ports, about="files-2"))


def test_it_says_which_ports_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = (server.getsockname()[1], closed.getsockname()[1])
        (said,) = look(order("127.0.0.1", ports=ports))
    assert isinstance(said, MachineLooked)
    assert (said.command, said.machine, said.answering, said.tried) == ("c1", "files-2", ports[:1], 2)
    assert said.detail == f"refused: {ports[1]}"


@pytest.mark.parametrize(
    ("addresses", "ports"), [((), (22,)), (("127.0.0.1",), ()), (("files-2.lan",), (22,)), (("127.0.0.1",), (0,))]
)
def test_names_and_what_is_missing_are_refused(addresses: tuple[str, ...], ports: tuple[int, ...]) -> None:
    with pytest.raises(ErrandRefused, match="MALFORMED"):
        list(look(order(*addresses, ports=ports)))
