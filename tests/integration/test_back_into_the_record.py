"""Paper back into a record that is real: python-hl7's receiver, and another desk of ours; killed on the way."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "downtime" / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from desk_process import GARDE, DeskProcess
from paper_desk import PACK, back, item, made, work
from record import Record

from garde.desk.bring import split_file
from garde.downtime.store.messages import Form

ITEMS = 40


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A desk that has forty vital signs of two patients to send."""
    found = made(tmp_path / "desk")
    back(found)
    with work(found) as desk:
        for number in range(ITEMS):
            patient, sheet = (("100", f"{PACK}.3"), ("200", f"{PACK}.5"))[number % 2]
            desk.key(item("vital", patient, sheet, what="Pulse", value=str(60 + number), out_of_order="x"))
    return found


def send(state: Path, record: str) -> subprocess.Popen[str]:
    words = [*GARDE, "sheet", "send", "--to", record, "--state", str(state), "--json"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def values(record: Record) -> list[str]:
    return re.findall(r"\rOBX\|1\|NM\|\^Pulse\|\|([0-9]+)\|", "\n".join(record.taken))


def test_killed_between_sending_and_the_answer_nothing_is_lost_and_the_record_can_tell(state: Path) -> None:
    """A sender is killed with a message out and no answer, again and again; the next one goes on."""
    hold, out = threading.Event(), threading.Event()
    seen = 0

    def answer(message: object) -> str:
        nonlocal seen
        seen += 1
        if seen in (1, 7, 8, 23):  # it has taken the message, and the sender dies before it hears of it
            out.set()
            assert hold.wait(30)
            hold.clear()
            return "cut"
        return "AA"

    with Record(answer) as record:
        for _ in range(4):
            process = send(state, record.address)
            assert out.wait(60)
            out.clear()
            process.send_signal(signal.SIGKILL)
            process.communicate()
            hold.set()
        process = send(state, record.address)
        told = process.communicate(timeout=60)[0].splitlines()
        assert process.returncode == 0 and json.loads(told[-1])["left"] == 0
        once = dict(
            zip(record.controls(), values(record), strict=True)
        )  # a record that looks at MSH-10 takes each once
        assert len(once) == ITEMS and len(record.taken) == ITEMS + 4
        assert sorted(map(int, once.values())) == list(range(60, 60 + ITEMS))
        same: dict[str, str] = {}
        for control, text in zip(record.controls(), record.taken, strict=True):
            assert same.setdefault(control, text) == text  # what goes again is the same, to the byte
        for patient in ("100", "200"):
            own = [
                int(value) for value, text in zip(values(record), record.taken, strict=True) if f"||{patient}^" in text
            ]
            assert own == sorted(own)


def test_two_senders_at_once_send_each_once(state: Path) -> None:
    with Record() as record:
        both = [send(state, record.address) for _ in range(2)]
        codes = sorted(each.wait(60) for each in both)
        for each in both:
            each.communicate()
        assert codes in ([0, 0], [0, 5])  # one may have come when the other had ended
        assert len(record.taken) == ITEMS and sorted(map(int, values(record))) == list(range(60, 60 + ITEMS))


def test_another_desk_of_ours_takes_it_and_understands_it(state: Path, tmp_path: Path) -> None:
    record = DeskProcess(tmp_path / "record", "--own", "CLINIC", "--hospital", "Record")
    record.start("ready")
    try:
        told = send(state, f"127.0.0.1:{record.port}").communicate(timeout=60)[0].splitlines()
        assert json.loads(told[-1])["taken"] == ITEMS
        deadline = time.monotonic() + 30
        while record.ask("status")["patients"] < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        found = record.ask("patient", "100")
        values = sorted(int(each["value"]["value"]) for each in found["results"])
        assert values == list(range(60, 60 + ITEMS, 2))
        assert found["person"]["value"]["family"] == "Dupont"
        assert record.ask("status")["not_understood"] == {}
    finally:
        record.end()


def test_beside_the_running_desk_and_without_it_the_same_is_seen(state: Path) -> None:
    """The census comes over the desk's socket, or is read from what is stored."""
    with work(state) as desk:
        desk.key(item("no_allergy", out_of_order="x"))
        desk.key(item("given", "200", f"{PACK}.5", what="Enoxaparin", out_of_order="x"))
        alone = (desk.discrepancies(), desk.wards(), desk.records.view("100"))
    assert [each.kind.name for each in alone[0]] == ["ALLERGY_DENIED", "STOPPED"]
    running = DeskProcess(state)
    running.start("ready")
    try:
        with work(state) as desk:
            beside = (desk.discrepancies(), desk.wards(), desk.records.view("100"))
            desk.key(item("vital", "200", f"{PACK}.5", what="Pulse", value="1", out_of_order="x"))
    finally:
        running.end()
    assert beside == alone


def test_the_files_that_are_written_are_what_other_programs_read(state: Path, tmp_path: Path) -> None:
    words = [*GARDE, "sheet", "export", str(tmp_path / "out"), "--state", str(state), "--json"]
    assert subprocess.run(words, check=False, capture_output=True, timeout=60).returncode == 0
    files = sorted((tmp_path / "out").iterdir())
    forms = [split_file(path.read_bytes(), path.name) for path in files]
    assert len(files) == ITEMS and all(form is Form.HL7 and len(items) == 1 for form, items in forms)
    assert subprocess.run(words, check=False, capture_output=True, timeout=60).returncode == 0
    assert len(list((tmp_path / "out").iterdir())) == ITEMS
