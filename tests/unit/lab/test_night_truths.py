"""The witness of the paper hours finds what was lost and what was told twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from garde.downtime.store.messages import Form, Heard, MessageStore
from garde.downtime.store.seal import Seal
from garde.lab.night.ear import Took
from garde.lab.night.traffic import Delivered
from garde.lab.night.truths import doubled, lost


def sent(data: bytes) -> Delivered:
    return Delivered("HIS", "ADT^A01", "1", "AA", hashlib.sha256(data).hexdigest())


def came(number: str, data: str, *, again: bool = False) -> Took:
    return Took(number, "RAS^O17", hashlib.sha256(data.encode()).hexdigest(), again, data)


def test_what_was_acknowledged_and_is_not_stored_is_lost(tmp_path: Path) -> None:
    seal = Seal.load_or_make(tmp_path)
    with MessageStore(tmp_path, seal) as store:
        store.append([Heard(data, 1.0, Form.HL7, "AA") for data in (b"MSH|1", b"MSH|2", b"MSH|1")])
    everything = [sent(b"MSH|1"), sent(b"MSH|2"), sent(b"MSH|1")]
    assert lost(tmp_path, everything) == []
    assert lost(tmp_path, [*everything, sent(b"MSH|3")]) == [sent(b"MSH|3")]
    assert lost(tmp_path, [*everything, sent(b"MSH|2")]) == [sent(b"MSH|2")], "stored once, acknowledged twice"


def test_the_same_message_sent_again_is_no_second_one() -> None:
    one = "MSH|a\rPID|1\rRXA|x\r"
    assert doubled([came("M1", one), came("M1", one, again=True)]) == []
    assert len(doubled([came("M1", one), came("M2", one.replace("|a", "|b"))])) == 1, "one administration, two numbers"
    assert len(doubled([came("M1", one), came("M1", one + "Z", again=True)])) == 1, "one number, two messages"
    assert doubled([came("M1", one), came("M2", "MSH|a\rPID|2\rRXA|x\r")]) == []
