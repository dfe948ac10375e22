"""Into the record: each message once, in order, resumable; a real receiver at the other end."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from feed_words import at
from paper_desk import NOW, NUMBER, PACK, add, back, item, made, work

from garde.desk import out
from garde.desk.back_entry import BackEntry
from garde.downtime.hl7.message import parse
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7
from garde.errors import HubAbsent, NotFound, Refused, StateBusy
from garde.journal.paper_kinds import DowntimeBegan, MessageDue, NumberLinked, NumberMatched, ScanTaken, SheetReturned
from garde.trust.files import write_secret

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))
from record import Record


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BackEntry]:
    """Two patients with paper: 100 with an allergy and a vital sign, 200 with a vital sign."""
    state = made(tmp_path / "desk")
    back(state)
    with work(state) as found:
        for patient in ("100", "200"):
            found.whole(patient, "identity", "")
        found.key(item("allergy", what="Latex"))  # I3
        found.key(item("vital", "200", f"{PACK}.4", what="Pulse", value="80", out_of_order="x"))  # I4
        found.key(item("vital", what="Pulse", value="81", out_of_order="x"))  # I5
        yield found


def send(desk: BackEntry, record: Record) -> out.Sent:
    return out.send(desk, ("127.0.0.1", record.port), lambda message, answer: None)


def test_what_is_settled_goes_once_in_the_order_of_each_patient(desk: BackEntry) -> None:
    with Record() as record:
        told = send(desk, record)
        assert (len(told.taken), told.left, told.stopped) == (3, 0, "")
        assert record.kinds() == ["ADT^A60^ADT_A60", "ORU^R01^ORU_R01", "ORU^R01^ORU_R01"]
        assert send(desk, record) == out.Sent()
        assert len(set(record.controls())) == 3 and all(len(each) == 20 for each in record.controls())
    assert desk.now().out.messages[record.controls()[0]].answer == "AA"


def test_what_nobody_has_checked_or_does_not_fit_stays(desk: BackEntry) -> None:
    for step in ("allergies",):
        desk.whole("100", step, "")
    desk.key(item("given", what="Heparin", number="RX1"))  # I7: a second person must look
    desk.key(item("given", what="Ibuprofen"))  # I8: nobody prescribed it
    desk.key(item("drug", what="Novorapid"))  # never sent
    with Record() as record:
        send(desk, record)
        assert "RAS^O17^RAS_O17" not in record.kinds()
        desk.by = "omar"
        desk.check("I7", "", agrees=True)
        desk.check("I8", "asked Dr Smet by telephone", agrees=True)
        assert len(send(desk, record).taken) == 2
        given = parse(record.taken[-1].encode())
        assert given.get("RXA", 5, 2) == "Ibuprofen" and given.get("RXA", 9, 2).endswith("checked by omar")


def test_a_crash_between_sending_and_the_answer_sends_the_same_again(desk: BackEntry) -> None:
    with Record(lambda message: "cut") as record:
        told = send(desk, record)
        assert (told.taken, told.left) == ([], 3) and "closed the connection" in told.stopped
        record.answer = lambda message: "AA"
        desk.clock.advance(3600)  # type: ignore[attr-defined]
        assert len(send(desk, record).taken) == 3
        assert record.taken[0] == record.taken[1]
        assert len(set(record.controls())) == 3
    assert desk.now().out.messages[record.controls()[0]].tries == 1


@pytest.mark.parametrize("code", ["AE", "AR"])
def test_a_refusal_stops_that_patient_only(desk: BackEntry, code: str) -> None:
    with Record(lambda message: code if "IAM" in str(message) else "AA") as record:
        told = send(desk, record)
        assert (len(told.taken), len(told.refused), told.left) == (1, 1, 2)
        refused = told.refused[0][0]
        assert len(record.taken) == 2  # the vital sign of 100 waits behind the allergy
        assert send(desk, record).left == 2 and len(record.taken) == 2  # nothing goes again by itself
        record.answer = lambda message: "AA"
        out.again(desk, refused.lower())
        assert len(send(desk, record).taken) == 2 and record.controls()[1:3].count(refused) <= 2
        assert record.controls().count(refused) == 2
        with pytest.raises(Refused):
            out.again(desk, refused)
    with pytest.raises(NotFound):
        out.again(desk, "G0")


def test_what_the_record_cannot_take_is_entered_by_hand(desk: BackEntry) -> None:
    with Record(lambda message: "AE" if "IAM" in str(message) else "AA") as record:
        refused = send(desk, record).refused[0][0]
        out.by_hand(desk, refused)
        told = send(desk, record)
        assert (len(told.taken), told.left, told.refused) == (1, 0, [])


def test_a_refused_item_that_was_replaced_is_passed_over(desk: BackEntry) -> None:
    with Record(lambda message: "AE" if "Latex" in str(message) else "AA") as record:
        send(desk, record)
        desk.key(item("allergy", what="Latex gloves", replaces="I3", out_of_order="x"))
        record.answer = lambda message: "AA"
        told = send(desk, record)
        assert (len(told.taken), told.left, told.refused) == (2, 0, [])
        iam = parse(next(each for each in record.taken if "gloves" in each).encode()).first("IAM")
        assert iam is not None and iam.get(6) == "A"  # the record never had the first one


def test_a_correction_and_a_withdrawal_go_under_the_same_number(desk: BackEntry) -> None:
    with Record() as record:
        send(desk, record)
        desk.key(item("vital", what="Pulse", value="18", replaces="I5", out_of_order="x"))
        desk.key(item("struck", "200", "", reason="another patient's", replaces="I4"))
        assert len(send(desk, record).taken) == 2
        read = [read_hl7(each.encode(), 1, NOW, "d", Manner(own=("CLINIC",))).told[0] for each in record.taken]
        keys = [(each.patient, each.statements[-1].key, each.statements[-1].finality.name) for each in read[1:]]  # type: ignore[union-attr]
        assert keys[0][:2] == keys[2][:2] and keys[1][:2] == keys[3][:2]
        assert [each[2] for each in keys] == ["FINAL", "FINAL", "CORRECTED", "WITHDRAWN"]


def test_of_a_downtime_number_nothing_goes_until_it_is_linked(desk: BackEntry) -> None:
    desk.key(item("vital", NUMBER, f"{PACK}.6", what="Pulse", value="99", out_of_order="x"))
    with Record() as record:
        send(desk, record)
        assert len(record.taken) == 3
        sealed = desk.book.seal("200")
        add(
            desk.state,
            NumberMatched("m1", NUMBER, ("family", "birth"), "nina", sealed),
            NumberLinked("m1", NUMBER, True, "omar"),
        )
        send(desk, record)
        assert record.kinds()[3:] == ["ADT^A40^ADT_A39", "ORU^R01^ORU_R01"]
        merge, result = (parse(each.encode()) for each in record.taken[3:])
        assert (merge.get("PID", 3), merge.get("MRG", 1), result.get("PID", 3)) == ("200", NUMBER, "200")
        assert send(desk, record) == out.Sent()


def test_a_note_goes_with_its_page(desk: BackEntry) -> None:
    write_secret(
        desk.state / "scans" / f"{'ab' * 16}.1", desk.scans._seal.wrap(f"{'ab' * 16}/1\n".encode() + b"\xff\xd8JPEG")
    )
    picture = f"{'ab' * 16}/1"
    add(
        desk.state,
        ScanTaken("ab" * 16, 1, (f"{PACK}.6",), (), "nina"),
        SheetReturned(f"{PACK}.6", "scanned", "nina", picture),
    )
    desk.key(item("note", sheet=f"{PACK}.6", title="Nursing", out_of_order="x"))
    with Record() as record:
        send(desk, record)
        obx = list(parse(record.taken[record.kinds().index("MDM^T02^MDM_T02")].encode()).all("OBX"))
        assert obx[1].get(5, 5) == "/9hKUEVH"  # base64 of the page
        assert record.kinds().count("MDM^T02^MDM_T02") == 1


def test_nothing_is_sent_while_the_record_is_away(desk: BackEntry) -> None:
    add(desk.state, DowntimeBegan("nina", NOW))
    with Record() as record:
        with pytest.raises(Refused, match="away"):
            send(desk, record)
        assert record.taken == []


def test_nobody_listens_another_sends_nothing_is_due(desk: BackEntry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(HubAbsent):
        out.send(desk, ("127.0.0.1", port), lambda message, answer: None)
    with out._alone(desk.state), pytest.raises(StateBusy), Record() as record:
        send(desk, record)
    assert sum(isinstance(each.payload, MessageDue) for each in desk.book.journal.entries()) == 3


@pytest.mark.parametrize(
    "reply", [b"\x0bMSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|AA|other\r\x1c\r", b"\x0bnonsense\x1c\r", b"x" * 99]
)
def test_an_answer_to_another_message_is_none(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, out.Line(server.getsockname()[:2], 0.3) as line:
        peer, _ = server.accept()
        peer.sendall(reply)
        assert line.exchange("G1", b"MSH|") == ("", "timed out")
        assert line.exchange("G2", b"MSH|") == ("", "timed out")  # nothing more goes over this line
        assert peer.recv(100).count(b"MSH") == 1
        peer.close()


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_written_once_in_order(desk: BackEntry, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    told = out.export(desk, folder, "hl7", lambda message, answer: None)
    names = sorted(path.name for path in folder.iterdir())
    assert len(told.taken) == 3 == len(names) and [name[:7] for name in names] == ["000001-", "000002-", "000003-"]
    assert (folder / names[0]).stat().st_mode & 0o077 == 0
    assert out.export(desk, folder, "hl7", lambda message, answer: None) == out.Sent()
    with Record() as record:
        assert send(desk, record) == out.Sent() and record.taken == []


def test_a_bundle_for_each_patient(desk: BackEntry, tmp_path: Path) -> None:
    told = out.export(desk, tmp_path / "out", "fhir", lambda message, answer: None)
    found: list[dict[str, Any]] = [json.loads(path.read_bytes()) for path in sorted((tmp_path / "out").iterdir())]
    assert len(told.taken) == 2
    kinds = [[each["resource"]["resourceType"] for each in bundle["entry"]] for bundle in found]
    assert kinds == [["AllergyIntolerance", "Provenance", "Observation", "Provenance"], ["Observation", "Provenance"]]
    assert found[0]["entry"][2]["resource"]["effectiveDateTime"].startswith("2026-03-02T08:00:00")
    assert at(300) and out.export(desk, tmp_path / "out", "hl7", lambda message, answer: None) == out.Sent()


def test_a_folder_that_cannot_be_written_leaves_all_for_later(desk: BackEntry, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    told = out.export(desk, tmp_path / "file", "hl7", lambda message, answer: None)
    assert (told.taken, told.left) == ([], 3) and "file" in told.stopped
    assert len(out.export(desk, tmp_path / "out", "hl7", lambda message, answer: None).taken) == 3
