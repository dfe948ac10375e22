"""Ports: what listens is held against the flows, else against the sound day."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from garde.model.restart import Answer
from garde.recovery.checks import running, store
from garde.recovery.checks.base import Baseline, Given, Said
from garde.recovery.checks.guard import Ports
from garde.recovery.checks.machine import Machine


@pytest.fixture
def listening() -> Iterator[int]:
    """A port below those that the kernel chooses: such a one goes by its number."""
    with ExitStack() as stack:
        for port in range(20_000, 30_000):
            with suppress(OSError):
                stack.enter_context(socket.create_server(("0.0.0.0", port)))
                break
        assert port in running.tcp_ports()
        yield port


def asked(folder: Path, kept: dict[str, str] | None, **given: object) -> Said:
    file = folder / "baseline.json"
    believed = store.write(Baseline(0.0, {"listeners": kept}), file) if kept is not None else ""
    known = {"baseline": file if kept is not None else None, "believed": believed, **given}
    return Ports()(Machine(Given(root=folder, **{"live": False, **known})))  # type: ignore[arg-type]


def without(port: int) -> dict[str, str]:
    return {name: how for name, how in running.listeners().items() if not name.endswith(f" {port}")}


def test_what_listened_on_the_sound_day_may_listen(listening: int, tmp_path: Path) -> None:
    assert asked(tmp_path, running.listeners(), live=True).answer is Answer.YES


def test_what_did_not_is_named(listening: int, tmp_path: Path) -> None:
    found = asked(tmp_path, without(listening), live=True)
    assert found.answer is Answer.NO and str(listening) in found.found[0]


def test_flows_are_believed_before_the_sound_day(listening: int, tmp_path: Path) -> None:
    others = tuple(port for port in running.tcp_ports() if port != listening)
    assert asked(tmp_path, running.listeners(), live=True, listed_ports=others).answer is Answer.NO


def test_another_machines_root_says_nothing_of_what_listens(listening: int, tmp_path: Path) -> None:
    assert asked(tmp_path, running.listeners()).answer is Answer.UNKNOWN
    assert asked(tmp_path, None, live=True).answer is Answer.UNKNOWN
