"""DCMTK's modality asks the real desk: who is listed, what is matched, and what hostile peers cannot do."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "downtime" / "support"))
from desk_process import DeskProcess
from dicom_peers import association, echo, find
from image_words import obr

from garde.clock import SystemClock
from garde.downtime.book import Book
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.register.nouns import Asked
from garde.downtime.store.seal import Seal
from garde.journal.paper_kinds import NumberIssued, RequestTaken, WorklistAsked
from garde.lab.ward_traffic.send import Sender

pytestmark = pytest.mark.skipif(shutil.which("findscu") is None, reason="needs findscu (Debian: dcmtk)")
D1 = "D1-000001-N"
STEP = "0040,0100[0]."
NAMES = (("100", "Lefèvre", "Élodie"), ("200", "Dupont", "Zoë"), ("300", "Wałęsa", "Łukasz"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Desk(DeskProcess):
    """A desk that serves a worklist."""

    def __init__(self, state: Path, **worklist: object) -> None:
        super().__init__(state, "--own", "CLINIC")
        self.dicom = _free_port()
        file = state / "desk.json"
        config = json.loads(file.read_bytes())
        config["worklist"] |= {"listen": f"127.0.0.1:{self.dicom}", "arrivals": ["DX"], **worklist}
        file.write_text(json.dumps(config), encoding="utf-8")

    def tell(self, sender: Sender, kind: str, number: int, *segments: str) -> None:
        header = f"MSH|^~\\&|HIS|CLINIC|||||{kind}|{number}|P|2.4||||||UNICODE UTF-8"
        assert sender.send("\r".join([header, *segments, ""]).encode()) == "AA"

    def fill(self) -> None:
        orders = (("R1", "CTTH", "CT thorax"), ("R2", "IRM", "IRM cérébrale"), ("R3", "CTAB", "CT abdomen"))
        with Sender("127.0.0.1", self.port) as sender:
            for number, ((mrn, family, given), order) in enumerate(zip(NAMES, orders, strict=True)):
                pid = f"PID|1||{mrn}^^^CLINIC^PI||{family}^{given}||19600102|F"
                pv1 = f"PV1|1|I|MED^0{number}^1||||||||||||||||V{mrn}"
                self.tell(sender, "ADT^A01", 10 * number, "EVN|A01", pid, pv1, "AL1|1|DA|PEN^Pénicilline")
                self.tell(sender, "ORM^O01", 10 * number + 1, pid, pv1, *obr(*order, "RAD"))

    def book(self) -> Book:
        return Book(self.state, Seal.load(self.state), SystemClock(), who="nina")

    def wait_for(self, count: int) -> None:
        """Ask until so many are listed: the desk looks every few seconds."""
        for _ in range(60):
            if len(find(self.dicom, "PatientID")[0]) == count:
                return
            threading.Event().wait(0.25)
        raise AssertionError(f"{count} are never listed")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    found = Desk(tmp_path_factory.mktemp("desk") / "desk")
    found.start("worklist")
    found.fill()
    with found.book() as book:
        person = Newcomer("Ndiaye", "Ousmane", "1990-05-06", "M")
        book.add(NumberIssued(D1, "URG", "nina", SystemClock().now(), book.seal(person)))
        asked = book.seal(Asked("RX poignet gauche", "DX", urgent=True, doctor="Dr Ney", reason="chute"))
        at = SystemClock().now()
        book.add(RequestTaken("K7Q2MX.12", "radiology", "URG", "nina", at, book.seal(D1), asked))
    found.wait_for(4)
    yield found
    if found.process is not None:
        assert found.end() == 0


def numbers(answers: list[Dataset]) -> list[str]:
    return sorted(str(each.PatientID) for each in answers)


def test_a_modality_verifies(desk: Desk) -> None:
    assert echo(desk.dicom) == 0


def test_by_date_modality_and_both(desk: Desk) -> None:
    today = str(find(desk.dicom, f"{STEP}ScheduledProcedureStepStartDate")[0][0].ScheduledProcedureStepSequence[0][
        "ScheduledProcedureStepStartDate"
    ].value)  # fmt: skip
    everybody = numbers(find(desk.dicom, "PatientID")[0])
    assert everybody == ["100", "200", "300", D1]
    for key in (today, f"{today}-", f"-{today}", f"{today}-{today}"):
        assert numbers(find(desk.dicom, "PatientID", f"{STEP}ScheduledProcedureStepStartDate={key}")[0]) == everybody
    assert find(desk.dicom, "PatientID", f"{STEP}ScheduledProcedureStepStartDate=19990101")[0] == []
    modality, date = f"{STEP}Modality=CT", f"{STEP}ScheduledProcedureStepStartDate={today}"
    assert numbers(find(desk.dicom, "PatientID", modality)[0]) == ["100", "300"]
    assert numbers(find(desk.dicom, "PatientID", modality, date)[0]) == ["100", "300"]


@pytest.mark.parametrize(
    ("key", "found"),
    [("Lef*", ["100"]), ("LEFEVRE*", ["100"]), ("*zoe", ["200"]), ("*", ["100", "200", "300", D1]), ("X*", [])],
)
def test_by_a_name_with_wild_cards(desk: Desk, key: str, found: list[str]) -> None:
    assert numbers(find(desk.dicom, "PatientID", f"PatientName={key}")[0]) == found


@pytest.mark.parametrize(
    ("key", "found"), [("Lefèvre^Élodie", "100"), ("dupont^zoë", "200"), ("Wałęsa*", "300"), ("WAŁĘSA^Ł?KASZ", "300")]
)
def test_by_a_name_in_utf_8(desk: Desk, key: str, found: str) -> None:
    answers, _ = find(desk.dicom, "SpecificCharacterSet=ISO_IR 192", "PatientID", f"PatientName={key}")
    assert numbers(answers) == [found]


def test_by_a_name_in_the_character_set_of_an_older_modality(desk: Desk, tmp_path: Path) -> None:
    question = Dataset()
    question.SpecificCharacterSet = "ISO_IR 100"
    question.PatientName, question.PatientID = "Lefèvre^É*", ""
    file = tmp_path / "question.dcm"
    dcmwrite(file, question, implicit_vr=True, little_endian=True)
    assert "è".encode("latin-1") in file.read_bytes()
    assert numbers(find(desk.dicom, question=file)[0]) == ["100"]


def test_names_come_back_as_they_are(desk: Desk) -> None:
    answers, _ = find(desk.dicom, "PatientName", "PatientID", "Allergies")
    shown = {str(each.PatientID): str(each.PatientName) for each in answers}
    assert shown == {"100": "Lefèvre^Élodie", "200": "Dupont^Zoë", "300": "Wałęsa^Łukasz", D1: "Ndiaye^Ousmane"}
    allergies = {str(each.PatientID): str(each.Allergies) for each in answers}
    assert (allergies["100"], allergies[D1]) == ("Pénicilline", "NOT RECORDED - ASK THE PATIENT")


def test_by_a_downtime_number_with_everything_that_a_modality_needs(desk: Desk) -> None:
    keys = ["AccessionNumber", "StudyInstanceUID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"]
    keys += ["RequestedProcedureDescription", "PregnancyStatus", "RequestingPhysician", "CurrentPatientLocation"]
    keys += ["RequestedProcedureID", "RequestedProcedurePriority", f"{STEP}ScheduledStationAETitle=DX7"]
    keys += [f"{STEP}Modality", f"{STEP}ScheduledProcedureStepDescription", f"{STEP}ScheduledProcedureStepID"]
    ((found,), log) = find(desk.dicom, f"PatientID={D1}", *keys)
    assert (found.AccessionNumber, found.IssuerOfPatientID) == ("K7Q2MX.12", "DOWNTIME")
    assert (found.PatientBirthDate, found.PatientSex, found.PregnancyStatus) == ("19900506", "M", 4)
    assert (found.RequestedProcedureDescription, found.RequestedProcedurePriority) == ("RX poignet gauche", "STAT")
    assert (found.RequestingPhysician, found.CurrentPatientLocation) == ("Dr Ney", "URG")
    assert str(found.StudyInstanceUID).startswith("2.25.")
    (step,) = found.ScheduledProcedureStepSequence
    assert (step.Modality, step.ScheduledStationAETitle, step.ScheduledProcedureStepID) == ("DX", "DX7", "K7Q2MX.12")
    assert "Pending)" in log and "Unsupported" not in log


def test_a_key_that_nobody_supports_is_said_in_the_status(desk: Desk) -> None:
    answers, log = find(desk.dicom, "PatientID=100", "EthnicGroup")
    assert "WarningUnsupportedOptionalKeys" in log
    assert "EthnicGroup" not in answers[0]


def test_a_question_that_makes_no_sense_is_an_error(desk: Desk) -> None:
    answers, log = find(desk.dicom, f"{STEP}ScheduledProcedureStepStartDate=yesterday")
    assert answers == [] and "DataSetDoesNotMatchSOPClass" in log


def test_who_asked_is_written_down_without_names(desk: Desk) -> None:
    find(desk.dicom, "PatientName=Lef*", title="MR9")
    with desk.book() as book:
        for _ in range(60):
            asked = [each.payload for each in book.journal.entries(kinds=["worklist_asked"])]
            if WorklistAsked("MR9", 1) in asked:
                break
            threading.Event().wait(0.25)
    assert WorklistAsked("MR9", 1) in asked
    files = [path.read_bytes() for path in desk.state.iterdir() if path.is_file()]
    assert not any(b"Ndiaye" in data or "Lefèvre".encode() in data for data in files)


# --- what hostile peers cannot do -------------------------------------------------------------------------------------


def _send(desk: Desk, *pieces: bytes) -> None:
    with socket.create_connection(("127.0.0.1", desk.dicom), timeout=5) as sock:
        for each in pieces:
            sock.sendall(each)


GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 4096, b"\x01\x00\xff\xff\xff\xff" + b"x" * 4096,
    b"\x01\x00\x00\x00\x00\x44" + b"\xff" * 0x44, b"\x04\x00\x00\x00\x00\x10" + b"\x00" * 16, b"\x07", b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x11" * 64,
)  # fmt: skip


@pytest.mark.parametrize("data", [*GARBAGE, secrets.token_bytes(70_000)], ids=range(len(GARBAGE) + 1))
def test_garbage_ends_nothing(desk: Desk, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        _send(desk, data)
    assert echo(desk.dicom) == 0
    assert numbers(find(desk.dicom, "PatientID=100")[0]) == ["100"]


def test_a_flood_of_connections_leaves_room_for_a_modality_when_it_ends(desk: Desk) -> None:
    held: list[socket.socket] = []
    try:
        for _ in range(200):
            try:
                held.append(socket.create_connection(("127.0.0.1", desk.dicom), timeout=2))
            except OSError:
                break
        threads = len(list(Path(f"/proc/{desk.process.pid}/task").iterdir())) if desk.process else 0
        assert threads < 60, "each connection that is not refused has two threads"
        assert desk.ask("status")["running"], "the feed's half goes on"
    finally:
        for each in held:
            each.close()
    for _ in range(80):
        if echo(desk.dicom) == 0:
            break
        threading.Event().wait(0.25)
    assert numbers(find(desk.dicom, "PatientID=100")[0]) == ["100"]


def test_a_peer_that_sends_a_question_without_end_is_cut_off(desk: Desk) -> None:
    sock = socket.create_connection(("127.0.0.1", desk.dicom), timeout=10)
    with sock:
        sock.sendall(association())
        head = sock.recv(6)
        assert head[0] == 2, "the association is accepted"
        _receive(sock, struct.unpack(">L", head[2:])[0])
        fragment = b"\x00" * 16_000  # part of a data set, never the last
        value = struct.pack(">LBB", len(fragment) + 2, 1, 0) + fragment
        unit = struct.pack(">BBL", 4, 0, len(value)) + value
        with pytest.raises(OSError):
            for _ in range(2000):
                sock.sendall(unit)
    assert echo(desk.dicom) == 0


def _receive(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += sock.recv(size - len(found))
    return found


def test_a_deep_question_is_refused(desk: Desk, tmp_path: Path) -> None:
    deep = Dataset()
    deep.PatientID = ""
    for _ in range(40):
        outer = Dataset()
        outer.ReferencedStudySequence = Sequence([deep])
        deep = outer
    file = tmp_path / "deep.dcm"
    dcmwrite(file, deep, implicit_vr=True, little_endian=True)
    answers, log = find(desk.dicom, question=file)
    assert answers == [] and "DataSetDoesNotMatchSOPClass" in log
    assert echo(desk.dicom) == 0


# --- a dead feed, a restart, who may ask ------------------------------------------------------------------------------


def test_it_goes_on_while_the_feed_is_dead_and_after_it_was_killed(desk: Desk) -> None:
    before, _ = find(desk.dicom, "PatientID", "StudyInstanceUID", "AccessionNumber")
    desk.end(kill=True)
    desk.start("worklist")
    after, _ = find(desk.dicom, "PatientID", "StudyInstanceUID", "AccessionNumber")
    shown = [
        sorted((each.PatientID, each.StudyInstanceUID, each.AccessionNumber) for each in one) for one in (before, after)
    ]
    assert shown[0] == shown[1] and len(shown[0]) == 4


def test_only_titles_that_were_named_may_ask(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk", peers=["CT1", "MR1"])
    desk.start("worklist")
    try:
        assert (echo(desk.dicom, "CT1"), echo(desk.dicom, "MR1")) == (0, 0)
        assert echo(desk.dicom, "EVIL") != 0
        assert find(desk.dicom, "PatientID", title="EVIL")[0] == []
    finally:
        assert desk.end() == 0


def test_a_port_that_is_taken_ends_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    with socket.create_server(("127.0.0.1", desk.dicom)):
        said = desk.start("complaint")
        assert "THE WORKLIST IS NOT SERVED" in said["message"]
        assert desk.ask("status")["running"]
        assert desk.end() == 0
