"""A journal in memory for the tests of downtime numbers: what is sealed is JSON in the clear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from garde.downtime.numbers import matching, policy
from garde.downtime.numbers.form import Number, read_number
from garde.downtime.numbers.likeness import Likeness
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.state import State, project
from garde.errors import StateDamaged
from garde.journal import Entry, Payload, Text
from garde.journal.kinds import NAMES

NOW = 1_700_000_000.0
ALIKE = Likeness(("family", "birth"), (), ())


def seal(value: Any) -> Text:
    return Text(msgspec.json.encode(value))


def opened(text: Text, kind: type[Any]) -> Any:
    if not text.value:
        raise StateDamaged("erased")
    return msgspec.json.decode(text.value, type=kind)


@dataclass
class Desk:
    """The fold, and every act with what is usual."""

    state: State = field(default_factory=State)
    payloads: list[Payload] = field(default_factory=list)
    now: float = NOW

    def take(self, payload: Payload) -> Any:
        self.payloads.append(payload)
        entry = Entry(len(self.payloads), self.now, "desk", NAMES[type(payload)], payload, "", "")
        project(self.state, entry, open=opened)
        return payload

    def act(self, decide: Callable[[State], Payload]) -> Any:
        return self.take(decide(self.state))

    def reserve(self, place: str = "URG", count: int = 10, *, prefix: str = "D1", first: int = 0) -> Any:
        return self.act(
            lambda s: policy.reserve(s, prefix=prefix, place=place, count=count, by="nina", first=first)
        )  # fmt: skip

    def issue(self, place: str = "URG", number: str = "", *, at: float = NOW, elsewhere: bool = False) -> Number:
        chosen = read_number(number) if number else None
        given = self.act(
            lambda s: policy.issue(
                s, place=place, number=chosen, person=seal(Newcomer("Lambert", birth="1950-03-04")), at=at, by="nina",
                now=self.now, elsewhere=elsewhere,
            )
        )  # fmt: skip
        return read_number(given.number)

    def void(self, number: Number, reason: str = "torn") -> Any:
        return self.act(lambda s: policy.void(s, number=number, by="nina", reason=Text(reason)))

    def match(
        self, number: Number, record: str = "123456", *, compared: Likeness | None = ALIKE, typed: tuple[str, ...] = (),
        by: str = "nina",
    ) -> Any:  # fmt: skip
        return self.act(
            lambda s: matching.match(
                s, number=str(number), sealed=seal(record), record=record, prefixes=frozenset({"D1"}),
                compared=compared, typed=typed, by=by,
            )
        )  # fmt: skip

    def confirm(self, name: str, by: str = "otto") -> Any:
        return self.act(
            lambda s: matching.confirm(s, match=matching.find_match(s, name), by=by, note=Text(""))
        )  # fmt: skip

    def refuse(self, name: str, by: str = "otto", note: str = "") -> Any:
        return self.act(
            lambda s: matching.refuse(s, match=matching.find_match(s, name), by=by, note=Text(note))
        )  # fmt: skip
