"""What a unit was given, read from what the real `findscu` prints."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from garde.lab.night.modality import TITLE, Item, command, items_in

WORKLIST = "1.2.840.10008.5.1.4.31"
pytestmark = pytest.mark.skipif(shutil.which("findscu") is None, reason="findscu (dcmtk) is not installed")


def answered(count: int) -> Iterator[tuple[int, Dataset | None]]:
    for number in range(count):
        found = Dataset()
        found.SpecificCharacterSet = "ISO_IR 192"
        found.PatientName, found.PatientID = f"TEST^Zoé{number}", f"D1-00000{number}-K"
        found.AccessionNumber = f"A{number}"
        step = Dataset()
        step.Modality, step.ScheduledProcedureStepStartDate = "CR", "20190311"
        found.ScheduledProcedureStepSequence = [step]
        yield 0xFF00, found
    yield 0x0000, None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_answer_is_one_item(count: int) -> None:
    entity = AE(ae_title="GARDE")
    entity.add_supported_context(WORKLIST)
    asked: list[str] = []

    def handle(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked.append(str(event.assoc.requestor.ae_title))
        yield from answered(count)

    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, handle)])
    try:
        words = command("127.0.0.1", server.socket.getsockname()[1])
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=True)
    finally:
        server.shutdown()
    wanted = [Item(f"TEST^Zoé{number}", f"D1-00000{number}-K", f"A{number}") for number in range(count)]
    assert items_in(done.stdout.decode()) == wanted and asked == [TITLE]


def test_what_is_no_answer_gives_nothing() -> None:
    assert items_in("E: Association Request Failed: 0006:0317 Peer aborted Association") == []
