"""The feed's engine and the record's ear: what is due is delivered in order, kept while nobody takes it, taken once."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from garde.clock import VirtualClock
from garde.lab.night.ear import END, SILENT_AT, VT, RecordEar, Took, as_ours
from garde.lab.night.engine import Ask, Engine, Order, State, head
from garde.lab.ward_traffic.hospital import Hospital
from garde.lab.ward_traffic.send import Sender

BEGINS = 1_772_400_000.0
HOUR = 3600.0


class Desk:
    """Takes messages and answers what it is told to; keeps what it took."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.took: list[bytes] = []
        self.answer = b"AA"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        rest = b""
        while data := connection.recv(1 << 16):
            *frames, rest = (rest + data).split(END)
            for frame in frames:
                self.took += [frame.removeprefix(VT)] if self.answer == b"AA" else []
                number = head(frame.removeprefix(VT))[2].encode()
                connection.sendall(VT + b"MSH|\rMSA|" + self.answer + b"|" + number + b"\r" + END)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.listener.close()


Make = Callable[..., Engine]


@pytest.fixture
def engine(tmp_path: Path, desk: Desk) -> Iterator[Make]:
    made: list[Engine] = []

    def make(clock: VirtualClock, passed_on: deque[bytes] | None = None, port: int = 0) -> Engine:
        there = ("127.0.0.1", port or desk.port)
        order = Order(1, BEGINS, "", there, ("", 0), str(tmp_path / "log"), str(tmp_path / "took"))
        made.append(Engine(order, clock, deque() if passed_on is None else passed_on))
        return made[-1]

    yield make
    for each in made:
        each.close()


def deliver(made: Engine) -> State:
    while made.step():
        pass
    found = made.answer(Ask("state"))
    assert isinstance(found, State)
    return found


def test_what_was_due_is_delivered_in_its_order_and_logged(engine: Make, tmp_path: Path, desk: Desk) -> None:
    clock = VirtualClock(BEGINS + 2 * HOUR)
    made = engine(clock)
    found = deliver(made)
    wanted = []
    for sent in Hospital(1, BEGINS).messages():
        if sent.at > clock.now():
            break
        wanted.append(sent.data)
    assert desk.took == wanted and found == State(len(wanted), 0, False)
    lines = [msgspec.json.decode(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert [(it["sender"], it["kind"], it["number"]) for it in lines] == [head(data) for data in wanted]
    assert {it["answer"] for it in lines} == {"AA"}


def test_nothing_happens_before_its_time(engine: Make, desk: Desk) -> None:
    clock = VirtualClock(BEGINS - 1)
    made = engine(clock)
    assert deliver(made) == State(0, 0, False)
    clock.advance(HOUR)
    assert deliver(made).acknowledged > 0


def test_what_is_not_taken_waits_and_nothing_is_logged(engine: Make, tmp_path: Path, desk: Desk) -> None:
    clock = VirtualClock(BEGINS + HOUR)
    made = engine(clock)
    desk.answer = b"AR"
    first = deliver(made)
    assert (first.acknowledged, first.failing) == (0, True) and first.waiting > 100
    assert (tmp_path / "log").read_bytes() == b""
    desk.answer = b"AA"
    assert deliver(made) == first, "not at once: it waits between two tries"
    clock.advance(1.0)
    assert deliver(made) == State(first.waiting, 0, False)


def test_an_absent_desk_loses_nothing(engine: Make, desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    clock = VirtualClock(BEGINS + HOUR)
    made = engine(clock, port=port)
    lost = deliver(made)
    assert lost.failing and lost.waiting
    made.order = msgspec.structs.replace(made.order, desk=("127.0.0.1", desk.port))
    clock.advance(1.0)
    assert deliver(made) == State(lost.waiting, 0, False)


def test_wards_on_paper_keep_back_what_their_nurses_write(engine: Make, desk: Desk) -> None:
    clock = VirtualClock(BEGINS + 6 * HOUR)
    made = engine(clock)
    deliver(made)
    before = len(desk.took)
    made.answer(Ask("paper", ("SI", "MAT"), ("SI", "MAT")))
    clock.advance(18 * HOUR)
    deliver(made)
    written = made.answer(Ask("written"))
    assert written and {each.ward for each in written} == {"SI", "MAT"}
    assert all(each.on_paper and each.at % 60 == 0 for each in written), "a nurse writes hours and minutes"
    sent = b"".join(desk.took[before:])
    assert b"RAS^O17" in sent, "the other wards go on"
    time = made.hospital.pharma.time
    assert not any(f"ORC|RE|{each.order}\rRXA|0|1|{time(each.at)}|".encode() in sent for each in written)
    came = made.answer(Ask("came"))
    assert [each["bed"][0] for each in came] == ["SI", "MAT"]
    assert all(each["person"].mrn.encode() in sent for each in came), "their admission is typed in all the same"


def test_after_the_stop_the_books_are_what_was_sent(engine: Make, desk: Desk) -> None:
    clock = VirtualClock(BEGINS + 3 * HOUR)
    made = engine(clock)
    deliver(made)
    made.answer(Ask("stop"))
    deliver(made)
    clock.advance(24 * HOUR)
    assert deliver(made).acknowledged == len(desk.took), "nothing more happens"
    other, count = Hospital(1, BEGINS), 0
    for count, _ in enumerate(other.messages(), 1):
        other.ends = count >= len(desk.took)
    assert (count, other.truth()) == (len(desk.took), made.answer(Ask("truth")))


def test_whoever_came_by_the_emergency_department_is_told_to_their_bed(engine: Make, desk: Desk) -> None:
    clock = VirtualClock(BEGINS + HOUR)
    made = engine(clock)
    while b"|ADT^A04|" not in made._next.data:  # type: ignore[union-attr]
        clock.advance(1.0)
        made.step()
    made.answer(Ask("stop"))
    deliver(made)
    assert b"|ADT^A06|" in desk.took[-1] or b"|ADT^A11|" in desk.took[-1], "the books have them there already"


# --- the ear ----------------------------------------------------------------------------------------------------------


def message(number: int) -> bytes:
    return f"MSH|^~\\&|GARDE|DESK|RECORD|CLINIC|20190311||RAS^O17|M{number}|P|2.5\rPID|1\r".encode()


def test_the_ear_takes_each_message_once_and_passes_it_on_once(tmp_path: Path) -> None:
    passed_on: deque[bytes] = deque()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ear = RecordEar("127.0.0.1", port, str(tmp_path / "took"), passed_on)
    ear.start()
    with Sender("127.0.0.1", port) as sender:
        assert sender.send(message(1)) == "AA"
        with pytest.raises(ConnectionError):
            sender.send(message(SILENT_AT))
    with Sender("127.0.0.1", port) as sender:
        assert sender.send(message(2)) == "AA", "sent again, as whoever has no answer must"
        assert sender.send(message(3)) == "AA"
    ear.close()
    took = [msgspec.json.decode(line, type=Took) for line in (tmp_path / "took").read_bytes().splitlines()]
    assert [(it.number, it.again) for it in took] == [("M1", False), ("M2", False), ("M2", True), ("M3", False)]
    assert [head(data) for data in passed_on] == [("RECORD", "RAS^O17", f"E{n}") for n in (1, 2, 3)]


def test_what_the_record_passes_on_reaches_the_desk(engine: Make, desk: Desk) -> None:
    made = engine(VirtualClock(BEGINS - 1), deque([as_ours(message(1), 1)]))
    assert deliver(made).acknowledged == 1
    assert head(desk.took[0]) == ("RECORD", "RAS^O17", "E1") and desk.took[0].endswith(b"\rPID|1\r")


def test_what_is_no_message_has_no_head() -> None:
    assert head(b"garbage") == ("", "", "")
    assert as_ours(b"garbage", 1) == b"garbage"
