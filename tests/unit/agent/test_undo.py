"""Mass losses are reported and put back, once."""

from __future__ import annotations

from typing import Any

import pytest

from garde.agent import messages as say
from garde.agent.keeper_link import KeeperLink
from garde.agent.undo import Undo
from garde.watch.commands import MassLoss
from garde.watch.parties import Parties

PATHS = tuple(b"/srv/%d.pdf" % number for number in range(12))


class Heard:
    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, kind: str, about: Any = None, **facts: Any) -> None:
        self.said.append((kind, facts))


@pytest.fixture
def heard() -> Heard:
    return Heard()


def undo(heard: Heard, enabled: bool = True) -> Undo:
    return Undo(Parties(), KeeperLink(None), heard, lambda: 5000.0, enabled, "u1-")  # type: ignore[arg-type]


def asked(part: Undo) -> list[say.ToKeeper]:
    return list(part.keeper._urgent)


def loss(paths: tuple[bytes, ...] = PATHS) -> MassLoss:
    return MassLoss(("session", 7, 1000), paths, 99.0)


def test_a_mass_loss_is_said_and_put_back_as_it_was_before_the_first_delete(heard: Heard) -> None:
    part = undo(heard)
    part.mass_loss(loss(), 100.0)
    (kind, facts) = heard.said[0]
    assert (kind, facts["files"], facts["undo"]) == ("finding", 12, True)
    (message,) = asked(part)
    assert isinstance(message, say.RestoreFiles)
    assert message.items == tuple((path, None, 4999.0) for path in PATHS)


def test_the_second_delete_is_honoured_and_said(heard: Heard) -> None:
    part = undo(heard)
    part.mass_loss(loss(), 100.0)
    part.mass_loss(loss((*PATHS, b"/srv/new.pdf")), 200.0)
    assert heard.said[1][1]["honoured"] == 12
    last = asked(part)[-1]
    assert isinstance(last, say.RestoreFiles)
    assert [path for path, _, _ in last.items] == [b"/srv/new.pdf"]
    part.mass_loss(loss(), 300.0)
    assert heard.said[2][1]["undo"] is False and len(asked(part)) == 2


def test_after_an_hour_a_delete_is_a_first_one_again(heard: Heard) -> None:
    part = undo(heard)
    part.mass_loss(loss(), 100.0)
    part.mass_loss(loss(), 100.0 + 3601)
    assert len(asked(part)) == 2


def test_without_restore_it_is_only_said(heard: Heard) -> None:
    part = undo(heard, enabled=False)
    part.mass_loss(loss(), 100.0)
    assert len(heard.said) == 1 and heard.said[0][1]["undo"] is False
    assert asked(part) == []
