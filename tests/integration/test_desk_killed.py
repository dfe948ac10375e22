"""The simulator feeds the real desk over a real socket, which is killed again and again: nothing acknowledged is lost.

The sender does what interface engines do: it waits for each acknowledgement, and sends again what got none.
"""

from __future__ import annotations

import itertools
import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from desk_process import DeskProcess

from garde.clock import SystemClock
from garde.downtime.book import Book
from garde.downtime.store.messages import MessageStore
from garde.downtime.store.seal import Seal
from garde.lab.ward_traffic.hospital import Hospital
from garde.lab.ward_traffic.send import Sender
from garde.lab.ward_traffic.witness import differences

MESSAGES, KILLS = 900, 8


def test_killed_at_random_points_it_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    desk = DeskProcess(tmp_path / "desk", "--own", "CLINIC")
    hospital = Hospital(11, SystemClock().now() - 86_400)
    draw = random.Random(11)
    sent = list(itertools.islice(hospital.messages(), MESSAGES))
    kill_at = set(draw.sample(range(1, MESSAGES), KILLS))
    acknowledged: list[bytes] = []
    desk.start()
    sender = Sender("127.0.0.1", desk.port)
    try:
        for number, each in enumerate(sent):
            if number in kill_at:
                # Several are on the way when it dies: stored or not, nobody was told, so they are sent again.
                for later in sent[number : number + draw.randint(1, 6)]:
                    sender.put(later.data)
                desk.end(kill=True)
                sender.close()
                desk.start()
                sender = Sender("127.0.0.1", desk.port)
            assert sender.send(each.data) == "AA"
            acknowledged.append(each.data)
        status = desk.ask("status")
        assert status["running"]
    finally:
        sender.close()
        if desk.process is not None:
            code = desk.end()
    assert code == 0
    with MessageStore(desk.state, Seal.load(desk.state)) as store:
        stored = [each.data for each in store.read()]
        whole = [each for each in stored if each in set(acknowledged)]
        assert set(acknowledged) <= set(stored)
        assert list(dict.fromkeys(whole)) == acknowledged
    assert len(written(desk.state, "desk_started")) == KILLS + 1
    census = desk.ask("census")
    assert differences(hospital.truth(), census) == []
    assert not census["rebuilding"]


def written(state: Path, kind: str) -> list[Any]:
    """What stands in the desk's journal, which proves to be whole."""
    with Book(state, Seal.load(state), SystemClock(), read_only=True) as book:
        assert list(book.journal.verify()) == []
        return [entry.payload for entry in book.journal.entries(kinds=(kind,))]


def test_it_is_asked_while_it_runs_and_writes_down_who_looked(tmp_path: Path) -> None:
    desk = DeskProcess(tmp_path / "desk", "--own", "CLINIC")
    hospital = Hospital(12, SystemClock().now() - 86_400)
    desk.start("ready")
    try:
        with Sender("127.0.0.1", desk.port) as sender:
            for each in itertools.islice(hospital.messages(), 200):
                assert sender.send(each.data) == "AA"
            assert sender.send(b"this is no message") == "AE"
        file = tmp_path / "more.hl7"
        file.write_bytes(b"MSH|^~\\&|X||||||ADT^A08|1|P|2.3\rPID|1||1\r")
        assert desk.ask("import", str(file))["items"] == 1
        # What is stored is in the census a moment later; a question that is asked until it is.
        assert any(desk.ask("status")["patients"] and desk.ask("status")["not_understood"] for _ in range(50))
        assert differences(hospital.truth(), desk.ask("census")) == []
        row = desk.ask("census", "MED1")["rows"][0]
        assert desk.ask("patient", row["patient"]["number"])["number"] == row["patient"]["number"]
    finally:
        assert desk.end() == 0
    assert [look.what for look in written(desk.state, "looked")] == ["census", "census MED1", "one patient"]
