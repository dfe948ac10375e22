"""`garde request` on a real desk: a night's registers, printed, scanned, and read back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.downtime.book import Book
from garde.downtime.store.seal import Seal
from garde.journal.paper_kinds import Looked

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from desk_process import GARDE, desk_command
from pdf_words import words_of

NEEDS_CODES = pytest.mark.skipif(
    not (shutil.which("zbarimg") and shutil.which("pdftoppm")), reason="needs zbarimg and pdftoppm"
)


class Registers:
    """A desk that does not run, with one patient."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "desk"
        desk_command("init", "--state", str(self.state), "--hospital", "CHU Été", "--own", "CLINIC")
        message = (
            "MSH|^~\\&|HIS|CLINIC|||20260302030000||ADT^A01|1|P|2.4||||||UNICODE UTF-8\rEVN|A01\r"
            "PID|1||100^^^CLINIC^PI||Lefèvre^Élodie||19600102|F\rPV1|1|I|MED^01^1||||||||||||||||V1\r"
        )
        (folder / "feed.hl7").write_text(message, encoding="utf-8", newline="")
        desk_command("import", str(folder / "feed.hl7"), "--state", str(self.state))

    def run(self, *words: str, code: int = 0) -> list[dict[str, Any]]:
        command = [*GARDE, "request", *words, "--state", str(self.state), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def take(self, number: str, *more: str) -> dict[str, Any]:
        words = ("--service", "laboratory", "--ward", "MED", "--patient", "100", "--for", "ionogramme")
        return self.run("take", number, *words, *more)[0]


@pytest.fixture
def registers(tmp_path: Path) -> Registers:
    return Registers(tmp_path)


def test_a_critical_result_is_loud_until_somebody_repeated_it(registers: Registers) -> None:
    taken = registers.take("K7Q2MX.12", "--urgent")
    assert (taken["request"], taken["known"], taken["patient"]) == ("K7Q2MX.12", True, "100")
    (noted,) = registers.run("result", "k7q2mx.12", "--value", "K=6.8 mmol/L", "--by", "A. Maes")
    assert noted["critical"] and noted["must_call"] and noted["why"] == ["K 6.8 mmol/L: at or above 6.5 mmol/L"]
    listed = registers.run("list", code=9)
    assert (listed[0]["not_called"], listed[1]["group"], listed[1]["id"]) == (1, "not_called", noted["result"])
    registers.run("called", noted["result"], "--to", "Dr Ney")
    registers.run("list", code=9)
    registers.run("called", noted["result"], "--to", "Dr Ney", "--read-back")
    listed = registers.run("list", "laboratory")
    assert listed[0]["not_called"] == 0 and listed[1]["results"][0]["called_to"] == "Dr Ney"
    assert registers.run("list", "radiology")[0]["settled"] == 0


def test_what_is_refused_says_what_to_do(registers: Registers) -> None:
    registers.take("K7Q2MX.12")
    assert registers.run("take", "K7Q2MX.12", code=2)[0]["code"] == "USAGE"
    (found,) = registers.run("result", "K7Q2MX.12", "--value", "K=6.8", code=2)
    assert "is it critical" in found["message"]
    (found,) = registers.run("result", "K7Q2MX.12", "--value", "K=6.8 mmol/L", "--not-critical", code=12)
    assert found["code"] == "REFUSED"
    registers.run("close", "K7Q2MX.12", "--how", "refused", "--note", "no name on the tube")
    assert registers.run("list")[0]["refused"] == 1


def test_a_paper_request_for_an_image_is_on_the_worklist_until_it_is_done(registers: Registers) -> None:
    words = ("--service", "radiology", "--modality", "ct", "--ward", "MED", "--patient", "100", "--for", "CT thorax")
    registers.run("take", "K7Q2MX.14", *words)
    listed = registers.run("worklist", "CT")
    assert (listed[0]["items"], listed[1]["family"], listed[1]["accession"]) == (1, "Lefèvre", "K7Q2MX.14")
    assert listed[1]["allergies"] == ["NOT RECORDED - ASK THE PATIENT"]
    assert registers.run("worklist", "MR") == [{"kind": "worklist", "items": 0, "rebuilding": False}]
    registers.run("close", "K7Q2MX.14", "--how", "done")
    assert registers.run("worklist")[0]["items"] == 0


def test_who_looked_at_names_is_written_down(registers: Registers) -> None:
    registers.take("K7Q2MX.12")
    registers.run("list")
    registers.run("worklist")
    with Book(registers.state, Seal.load(registers.state), SystemClock(), read_only=True) as book:
        looks = [entry.payload for entry in book.journal.entries(kinds=("looked",))]
    assert [each.what for each in looks if isinstance(each, Looked)] == [
        "names of 1 for the registers", "requests", "worklist of radiology",
    ]  # fmt: skip


@NEEDS_CODES
@pytest.mark.parametrize("more", [(), ("--lang", "fr")])
def test_labels_are_read_back_by_a_scanner(registers: Registers, more: tuple[str, ...]) -> None:
    file = registers.folder / "labels.pdf"
    (made,) = registers.run("labels", "--count", "20", "--out", str(file), *more)
    assert len(made["numbers"]) == 20 and made["pages"] == 3
    assert _codes(file) == set(made["numbers"])
    cells = [_code_in_cell(file, column, row) for row in range(8) for column in range(3)]
    assert cells == [number for number in made["numbers"][:8] for _ in range(3)]
    assert file.stat().st_mode & 0o777 == 0o600
    registers.take("K7Q2MX.12", "--specimen", "sérum")
    file = registers.folder / "own" / "labels.pdf"
    file.parent.mkdir()
    registers.run("labels", "K7Q2MX.12", "--each", "6", "--out", str(file), *more)
    assert _codes(file) == {"K7Q2MX.12"}
    assert {"Lefèvre", "Élodie", "1960-01-02", "sérum"} <= set(
        words_of(file.read_bytes(), registers.folder).replace("·", " ").split()
    )


DOTS = 200  # per inch: a printer and a scanner of a ward


def _read(pages: list[Path]) -> list[str]:
    words = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Scode128.enable", *map(str, pages)]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout.split()


def _codes(file: Path) -> set[str]:
    """Print in grey, scan, read; a code that stands several times on a page is told once."""
    subprocess.run(["pdftoppm", "-r", str(DOTS), "-gray", file, file.parent / "page"], check=True, timeout=120)
    return set(_read(sorted(file.parent.glob("page-*.pgm"))))


def _code_in_cell(file: Path, column: int, row: int) -> str:
    """Read one label of the first page, as it is cut."""
    width, height, top = (round(mm / 25.4 * DOTS) for mm in (70, 36, 4.5))
    place = ["-x", column * width, "-y", top + row * height, "-W", width, "-H", height]
    words = ["pdftoppm", "-r", DOTS, "-gray", "-f", 1, "-l", 1, *place, "-singlefile", file, file.parent / "cell"]
    subprocess.run([str(each) for each in words], check=True, timeout=120)
    (found,) = _read([file.parent / "cell.pgm"])
    return found


def test_registers_and_the_log_of_calls_are_printed(registers: Registers) -> None:
    registers.take("K7Q2MX.12", "--urgent")
    (noted,) = registers.run("result", "K7Q2MX.12", "--value", "K=6.8 mmol/L")
    file = registers.folder / "register.pdf"
    for words, wanted in (
        (("laboratory",), ("Laboratory", "K7Q2MX.12", "URGENT", "6.8", "NOT", "CALLED", "Lefèvre", "VERIFY")),
        (("--calls", "--lang", "fr"), ("critiques", "PAS", "APPELÉ", noted["result"], "Élodie", "6.5")),
        (("radiology", "--blank"), ("Radiology", "register", "Initials")),
    ):
        registers.run("register", *words, "--out", str(file))
        shown = words_of(file.read_bytes(), registers.folder)
        assert [each for each in wanted if each.casefold() not in shown.casefold()] == []
    assert "Lefèvre" not in words_of(file.read_bytes(), registers.folder)


def test_a_hostile_name_is_printed_as_it_stands(registers: Registers) -> None:
    evil = '#read("/etc/passwd") $x$ *b* <s> \\u{202e}'
    registers.take("K7Q2MX.12", "--doctor", evil, "--reason", evil)
    registers.run("take", "K7Q2MX.13", "--service", "laboratory", "--ward", evil, "--patient", "100", "--for", evil)
    file = registers.folder / "register.pdf"
    registers.run("register", "laboratory", "--out", str(file))
    assert "passwd" in words_of(file.read_bytes(), registers.folder) and "root:" not in words_of(
        file.read_bytes(), registers.folder
    )
