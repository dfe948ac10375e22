"""What goes to the record: each message once, in order, whatever is keyed, checked, sent, refused and killed when."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from garde.downtime.entry.outbox import Outbox, project, waiting
from garde.journal import Entry, Payload, Text
from garde.journal.paper_kinds import MessageAnswered, MessageDue


class Record:
    """The other end: it takes a control number once, and remembers what it was told in which order."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def tell(self, message: str) -> None:
        if message not in self.taken:
            self.taken.append(message)


class Sending(RuleBasedStateMachine):
    """Two patients (the id's first letter); a sender that may die after any step."""

    def __init__(self) -> None:
        super().__init__()
        self.out, self.record, self.seq = Outbox(), Record(), 0
        self.due: list[str] = []
        self.gone: set[str] = set()
        self.refused: set[str] = set()

    def write(self, payload: Payload) -> None:
        self.seq += 1
        project(self.out, Entry(self.seq, float(self.seq), "t", "k", payload, "", ""))

    @rule(patient=st.sampled_from("ab"))
    def becomes_due(self, patient: str) -> None:
        name = f"{patient}{len(self.due)}"
        self.due.append(name)
        self.write(MessageDue(name, "hl7", "ORU^R01", (f"I{name}",), Text()))

    @rule(answers=st.lists(st.sampled_from(["AA", "AA", "AE", "AR", "", "killed", "lost"]), max_size=5))
    def sends(self, answers: list[str]) -> None:
        blocked: set[str] = set()
        for message in list(waiting(self.out, "hl7", self.gone)):
            if message.refused or message.message[0] in blocked:
                blocked.add(message.message[0])
                continue
            answer = answers.pop(0) if answers else "killed"
            if answer != "lost" and answer not in ("AE", "AR"):
                self.record.tell(message.message)
            if answer in ("killed", "lost"):
                return
            self.write(MessageAnswered(message.message, answer))
            if answer in ("AE", "AR"):
                self.refused.add(message.message)
            if answer != "AA":
                blocked.add(message.message[0])
            if not answer:
                return

    @precondition(lambda self: self.refused)
    @rule(data=st.data(), replaced=st.booleans())
    def is_settled(self, data: st.DataObject, replaced: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.refused)))
        self.refused.discard(name)
        if replaced:
            self.gone.add(f"I{name}")
        else:
            self.write(MessageDue(name, "hl7", "ORU^R01", (f"I{name}",), Text()))

    @rule()
    def an_old_answer_comes_again(self) -> None:
        for message in list(self.out.messages.values()):
            if message.accepted:
                self.write(MessageAnswered(message.message, "AE", "late"))
        self.write(MessageAnswered("nobody's", "AA"))

    @invariant()
    def order_is_kept_for_each_patient(self) -> None:
        for patient in "ab":
            own = [name for name in self.record.taken if name[0] == patient]
            assert own == sorted(own, key=self.due.index)

    @invariant()
    def what_was_accepted_never_waits(self) -> None:
        accepted = {each.message for each in self.out.messages.values() if each.accepted}
        assert accepted <= set(self.record.taken)
        assert not accepted & {each.message for each in waiting(self.out, "hl7", self.gone)}

    @invariant()
    def nothing_is_lost(self) -> None:
        left = {each.message for each in waiting(self.out, "hl7", self.gone)}
        accepted = {each.message for each in self.out.messages.values() if each.accepted}
        passed_over = {name for name in self.due if f"I{name}" in self.gone}
        assert left | accepted | passed_over == set(self.due)


TestSending = Sending.TestCase
TestSending.settings = settings(max_examples=60, stateful_step_count=25)
