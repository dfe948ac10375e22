"""What is to go to the record, and how far it has gone: exactly once from our side, in order for each patient.

Comes in: entries (message_due, message_answered). Goes out: `Outbox`: what comes next, what was refused. The rules:

1. A message is due once. Its id is its control number: whoever sees it twice can tell.
2. A message that was accepted is never sent again.
3. A message that was sent and not answered is sent again, the same bytes under the same number.
4. The messages of one patient go in the order in which they became due; one that was refused stops those behind it.
5. A refused message goes again only when a person says so (it becomes due again); one of which every item was replaced
   since is passed over: what took its place goes instead.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.journal import Entry, Text
from garde.journal.paper_kinds import MessageAnswered, MessageDue

FILE: Final = "file"  # the answer of a message that was given to a person as a file
HAND: Final = "hand"  # of one that the record refused, and whose content a person entered there
HL7, FHIR = "hl7", "fhir"


@dataclass(slots=True)
class Message:
    """One message."""

    message: str
    form: str
    about: str
    items: tuple[str, ...]
    content: Text
    answer: str = ""  # "" for none yet
    detail: str = ""
    tries: int = 0  # times that nobody answered

    @property
    def accepted(self) -> bool:
        return self.answer in ("AA", FILE, HAND) or self.answer.startswith("2")

    @property
    def refused(self) -> bool:
        return bool(self.answer) and not self.accepted


@dataclass(slots=True)
class Outbox:
    """The fold's state: messages in the order in which they became due."""

    messages: dict[str, Message] = field(default_factory=dict)
    of_item: dict[str, str] = field(default_factory=dict)  # item, or match -> its message


def project(state: Outbox, entry: Entry) -> None:
    """Take one entry in."""
    match entry.payload:
        case MessageDue() as due:
            known = state.messages.get(due.message)
            if known is None:
                state.messages[due.message] = Message(due.message, due.form, due.about, due.items, due.content)
                state.of_item |= dict.fromkeys(due.items, due.message)
            elif known.refused:
                known.answer, known.detail = "", ""
        case MessageAnswered() as told if told.message in state.messages:
            message = state.messages[told.message]
            if message.accepted:
                return
            message.answer, message.detail = told.answer, told.detail
            message.tries += not told.answer


def waiting(state: Outbox, form: str, gone: Container[str] = ()) -> Iterator[Message]:
    """Yield what has yet to go, in order. `gone`: items that were replaced since they became due."""
    for message in state.messages.values():
        obsolete = message.refused and all(item in gone for item in message.items)
        if message.form == form and not message.accepted and not obsolete:
            yield message
