"""Sample messages that others made, over a real socket: all stored, all acknowledged, what is not understood listed.

They are not part of the repository: the folder is `$GARDE_SAMPLES`, else `../shared/data` beside the checkout.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from desk_process import DeskProcess

from garde.desk.bring import split_file
from garde.downtime.census.state import Census
from garde.downtime.census.view import census_view, patient_views
from garde.downtime.hl7.message import parse
from garde.downtime.reading.fhir import read_fhir
from garde.downtime.reading.manner import Manner
from garde.downtime.store.messages import MessageStore
from garde.downtime.store.seal import Seal
from garde.lab.ward_traffic.send import Sender

ROOT = Path(__file__).resolve().parents[2]


def _folder() -> Path | None:
    tried = [Path(os.environ["GARDE_SAMPLES"])] if "GARDE_SAMPLES" in os.environ else [ROOT.parent / "shared" / "data"]
    tried += [] if "GARDE_SAMPLES" in os.environ else [ROOT.parents[1] / "shared" / "data"]  # of a second work tree
    return next((each for each in tried if (each / "hl7").is_dir()), None)


FOLDER = _folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="needs the sample messages (GARDE_SAMPLES, ../shared/data)")
EXPECTED = {  # of the 139: everything else is understood
    "not used": 42,
    "no number for the order": 1,
}


def _simhospital() -> list[bytes]:
    assert FOLDER is not None
    return [each for each in (FOLDER / "hl7" / "simhospital-messages.hl7").read_bytes().split(b"\n") if each.strip()]


def _others() -> list[bytes]:
    assert FOLDER is not None
    return [path.read_bytes() for path in sorted((FOLDER / "hl7" / "samples").glob("*.hl7"))]


@pytest.mark.parametrize(
    ("load", "count", "expected"),
    [(_simhospital, 1013, {"not used": 2}), (_others, 139, EXPECTED)],
    ids=["simhospital", "others"],
)
def test_all_are_stored_and_acknowledged_and_the_rest_is_listed(
    load: object, count: int, expected: dict[str, int], tmp_path: Path
) -> None:
    messages: list[bytes] = load()  # type: ignore[operator]
    assert len(messages) == count
    desk = DeskProcess(tmp_path / "desk")
    desk.start()
    try:
        with Sender("127.0.0.1", desk.port) as sender:
            assert Counter(sender.send(each) for each in messages) == {"AA": count}
    finally:
        assert desk.end() == 0
    with MessageStore(desk.state, Seal.load(desk.state)) as store:
        assert [each.data for each in store.read()] == messages
    found = Counter[str]()
    for reason, number in desk.ask("status")["not_understood"].items():
        found[reason.partition(":")[0]] += number
    assert found == expected


def test_bundles_of_another_maker_are_read_without_a_fault() -> None:
    """Their people have all gone home: nobody is in a bed, and what was known of them is known."""
    assert FOLDER is not None
    census, reasons = Census(), Counter[str]()
    for path in sorted((FOLDER / "fhir").glob("*.json"))[:6]:
        for seq, each in enumerate(split_file(path.read_bytes(), path.name)[1], 1):
            read = read_fhir(each, seq, 1.8e9, f"{path.name}{seq}", Manner())
            reasons[read.reason] += 1
            census.take(seq, 1.8e9, read)
    assert not [reason for reason in reasons if reason and not reason.startswith("not used")]
    assert reasons[""] > 500
    assert census_view(census).rows == ()
    people = [view for root in census.roots() for view in patient_views(census, root)]
    assert len(people) == 6
    assert all(each.person.value.family and each.results and each.visits for each in people)


def test_python_hl7_and_hl7apy_read_the_same_patients() -> None:
    hl7 = importlib.import_module("hl7")
    hl7apy = importlib.import_module("hl7apy.parser")
    for number, raw in enumerate(_simhospital()):
        ours, theirs = parse(raw), hl7.parse(raw.decode())
        assert [each.name for each in ours.segments] == [str(each[0]) for each in theirs]
        pid = ours.first("PID")
        assert pid is not None
        assert pid.raw(3) == str(theirs.segment("PID")[3])
        assert pid.get(5) == str(theirs["PID.F5.R1.C1"])
        if number % 50 == 0:  # it is slow
            slow = hl7apy.parse_message(raw.decode().replace("\n", "\r"), find_groups=False)
            assert slow.pid.pid_5.pid_5_1.to_er7() == pid.get(5)
