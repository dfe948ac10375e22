"""A ward's PC as a program, with a real desk and a real IPP printer: packs come, the network goes, paper comes."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from desk_process import DeskProcess
from tests.support.call_peers import ipp_printer, until
from tests.support.ward_house import Pair, make_pair, pages_in
from tests.support.ward_process import WardProcess, ward

from garde.clock import SystemClock
from garde.desk import wards
from garde.desk.push import post
from garde.downtime.book import Book, Fold
from garde.downtime.packs.shelf import Shelf
from garde.downtime.parcel.keys import Keys
from garde.downtime.store.seal import Seal
from garde.errors import Incomplete, Refused, StateBusy
from garde.paper.printing import look_at
from garde.ward.config import load_config, save_config


def desk_beside(desk_state: Path, ward_state: Path) -> Pair:
    """What a command beside the running desk has open."""
    seal = Seal.load(desk_state)
    clock = SystemClock()
    return Pair(
        desk_state, ward_state, clock, Keys.load_or_make(desk_state), Shelf(desk_state, seal),
        Book(desk_state, seal, clock), Fold(wards.State(), wards.project),
    )  # fmt: skip


def enrolled(pc: WardProcess, desk_state: Path, folder: Path, address: str = "") -> None:
    """Carry both cards, as people do."""
    card, back = pc.state / "ward.card", folder / "desk.card"
    (told,) = ward(
        "enrol", str(card), "--state", str(desk_state), "--address", address or pc.address, "--out", str(back)
    )
    (trusted,) = pc.command("take", str(back))
    assert told["fingerprint"] == pc.made["fingerprint"] and trusted["fingerprint"] == told["desk_fingerprint"]


@pytest.fixture
def pc(tmp_path: Path) -> WardProcess:
    return WardProcess(tmp_path / "ward")


@pytest.fixture
def pair(tmp_path: Path, pc: WardProcess) -> Iterator[Pair]:
    """A desk's files with the PC enrolled, and no desk running."""
    found = make_pair(tmp_path / "aside", SystemClock(), enrol=False)
    enrolled(pc, found.desk_state, tmp_path)
    found.ward_state = pc.state
    found.book.follow(found.fold)
    yield found
    found.book.close()


def stick(pair: Pair, pc: WardProcess, folder: Path, pages: int = 8) -> str:
    """Make a pack and bring it by stick."""
    manifest = pair.make(pages)
    (told,) = ward("send", "3B-PC", "--state", str(pair.desk_state), "--out", str(folder))
    (kept,) = pc.command("take", told["file"])
    assert kept["pack"] == manifest.pack
    return manifest.pack


# --- the whole way ----------------------------------------------------------------------------------------------------


def test_pushed_by_the_desk_then_printed_with_the_desk_gone_and_told_when_it_is_back(
    tmp_path: Path, pc: WardProcess
) -> None:
    desk = DeskProcess(tmp_path / "desk")
    enrolled(pc, desk.state, tmp_path)
    beside = desk_beside(desk.state, pc.state)
    with ipp_printer(tmp_path / "printer") as printer:
        save_config(pc.state, replace(load_config(pc.state), printer=printer.uri))
        with pc.running():
            desk.start()
            manifest = beside.make(9)
            pc.until("kept", pack=manifest.pack)
            until(lambda: list(beside.book.journal.entries(kinds=("pack_sent",))))
            desk.end(kill=True)  # from here on there is nobody but the PC and its printer
            pc.end(kill=True)
            printed = pc.command("print", "--mar", "--by", "nina")[-1]
            assert (printed["pages"], printed["fault"], printed["sheets"]) == ([2, 4, 6, 8], "", 4)
            assert pages_in(until(printer.pages)[0]) == [2, 4, 6, 8]
            pc.start()
            desk.start()
            until(lambda: (wanted := beside.book.follow(beside.fold).runs) and wanted)
            desk.end()
        report = tmp_path / "report"
        pc.command("report", str(report))
    (again,) = ward("take", str(report), "--state", str(desk.state))
    assert again == {"kind": "report_taken", "new": 0, "printings": 0}, "the network had told it already"
    (entry,) = beside.book.journal.entries(kinds=("sheets_printed",))
    assert (entry.payload.pages, entry.payload.by) == ((2, 4, 6, 8), "nina")  # type: ignore[union-attr]
    beside.book.close()


def test_by_stick_alone_both_ways(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    pack = stick(pair, pc, tmp_path)
    with ipp_printer(tmp_path / "printer") as printer:
        done = pc.command("print", "--pages", "1,3-4", "--copies", "2", "--printer", printer.uri)
        assert done[-1]["sheets"] == 6 and pages_in(until(printer.pages)[0]) == [1, 3, 4]
    pc.command("report", str(tmp_path / "report"))
    (told,) = ward("take", str(tmp_path / "report"), "--state", str(pair.desk_state))
    assert told == {"kind": "report_taken", "new": 2, "printings": 1}
    run = next(iter(pair.book.follow(pair.fold).runs.values()))
    assert (run.pack, run.pages, run.copies, run.fault) == (pack, (1, 3, 4), 2, "")


# --- printers ---------------------------------------------------------------------------------------------------------


def hardware(folder: Path, script: str) -> str:
    """A printer's hardware, as ippeveprinter calls it."""
    path = folder / "hardware"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_printer_that_is_off_prints_nothing_and_says_so(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    stick(pair, pc, tmp_path)
    done = pc.command("print", "--all", "--printer", "ipp://127.0.0.1:9/ipp/print", code=Incomplete.exit_code)
    assert done[-1]["pages"] == [] and "switched on" in done[-1]["fault"] and done[-1]["written"]
    with pair.house() as house:
        (run,) = house.state().runs.values()
        assert run.pages == () and run.fault


def test_a_printer_that_gives_up_leaves_sheets_that_are_unsure(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    stick(pair, pc, tmp_path)
    script = 'echo "ATTR: job-impressions-completed=2" >&2; echo "STATE: +media-jam-error" >&2; exit 1'
    with ipp_printer(tmp_path / "printer", command=hardware(tmp_path, script)) as printer:
        done = pc.command("print", "--mar", "--printer", printer.uri, code=Incomplete.exit_code)[-1]
    assert done["pages"] == [2, 4, 6] and "gave the job up" in done["fault"] and "jammed" in done["fault"]


def test_out_of_paper_is_said_and_goes_on_when_there_is_some(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    stick(pair, pc, tmp_path)
    paper = tmp_path / "paper"
    script = (
        f'echo "STATE: +media-empty-error" >&2; while [ ! -e {paper} ]; do sleep 0.1; done; '
        'echo "STATE: -media-empty-error" >&2'
    )
    with ipp_printer(tmp_path / "printer", command=hardware(tmp_path, script)) as printer:
        save_config(pc.state, replace(load_config(pc.state), printer=printer.uri))
        words = [sys.executable, "-m", "garde.cli", "ward", "print", "--mar", "--state", str(pc.state), "--json"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout as lines:
            next(line for line in lines if "media-empty" in line)
            assert look_at(printer.uri).troubles == ("media-empty",)
            paper.touch()
            assert '"fault": ""' in list(lines)[-1]
        assert process.wait(30) == 0


def test_killed_while_it_prints_the_sheets_are_known_to_be_unsure(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    stick(pair, pc, tmp_path)
    with ipp_printer(tmp_path / "printer", command=hardware(tmp_path, "exec sleep 60")) as printer:
        words = [sys.executable, "-m", "garde.cli", "ward", "print", "--mar", "--state", str(pc.state)]
        process = subprocess.Popen([*words, "--printer", printer.uri], stdout=subprocess.DEVNULL)
        until(printer.pages)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with pair.house() as house:
        (run,) = house.state().runs.values()
        assert run.pages == (2, 4, 6) and "its end was not seen" in run.fault


def test_a_printer_that_takes_no_pdf_is_named(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    stick(pair, pc, tmp_path)
    with ipp_printer(tmp_path / "printer", "text/plain") as printer:
        done = pc.command("print", "--mar", "--printer", printer.uri, code=Incomplete.exit_code)[-1]
    assert done["pages"] == [] and "through CUPS" in done["fault"]


# --- killed, twice, full ----------------------------------------------------------------------------------------------


def test_killed_again_and_again_while_packs_come_it_always_has_the_last_one_that_it_said_to_have(
    pair: Pair, pc: WardProcess
) -> None:
    draw = random.Random(5)
    had = ""
    for _ in range(6):
        pc.start()
        manifest = pair.make(4)
        raw = pair.parcel(manifest)
        timer = threading.Timer(draw.uniform(0.0, 0.03), os.kill, (pc.pid, signal.SIGKILL))
        timer.start()
        try:
            status, _ = post(pc.address, "/parcel", raw)
            had = manifest.pack if status == 200 else had
        except OSError:
            pass
        timer.join()
        pc.end(kill=True)
        with pair.house() as house:
            assert house.settle() == []
            newest = house.state().current()
            assert not had or newest[0].order[1] >= house.state().held[had].order[1]
            assert all(house.open(each.pack) for each in house.state().held.values())


def test_two_at_once_are_one_too_many(pc: WardProcess) -> None:
    with pc.running():
        pc.command("run", code=StateBusy.exit_code)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_keeps_the_old_pack_says_so_and_still_prints(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=5m", "none", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        _full(WardProcess(disk / "ward"), tmp_path, disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _full(pc: WardProcess, folder: Path, disk: Path) -> None:
    pair = make_pair(folder / "aside", SystemClock(), enrol=False)
    enrolled(pc, pair.desk_state, folder)
    pair.ward_state = pc.state
    pair.book.follow(pair.fold)
    older = stick(pair, pc, folder)
    with ipp_printer(folder / "printer") as printer, pc.running():
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(4096))
        status, answer = post(pc.address, "/parcel", pair.parcel(pair.make(40)))
        assert status == 507 and answer.startswith(b"FULL")
        printed = pc.command("print", "--mar", "--printer", printer.uri, code=Incomplete.exit_code)[-1]
        assert (printed["fault"], printed["written"], printed["pack"]) == ("", False, older)
        assert pages_in(until(printer.pages)[0]) == [2, 4, 6]
        (disk / "ballast").unlink()
        newer = pair.make(4)
        assert post(pc.address, "/parcel", pair.parcel(newer))[0] == 200
    with pair.house() as house:
        assert house.settle() == [] and set(house.state().held) == {older, newer.pack}
    pair.book.close()


# --- strangers --------------------------------------------------------------------------------------------------------


def test_the_network_reaches_parcels_and_nothing_else(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    stick(pair, pc, tmp_path)
    with pc.running():
        for path in ("/", "/pack/K7Q2MX", "/print", "/../packs", "/parcel/x"):
            assert post(pc.address, path, b"x")[0] == 404
        connection = http.client.HTTPConnection("127.0.0.1", pc.port, timeout=10)
        connection.request("GET", "/parcel")
        assert connection.getresponse().status == 404
        connection.close()
        for raw in (b"", b"x" * 5000, b"garde-parcel-1 " + b"a" * 128 + b"\n{}\n"):
            assert post(pc.address, "/parcel", raw)[0] == 400
        stranger = make_pair(tmp_path / "stranger", SystemClock())
        assert post(pc.address, "/parcel", stranger.parcel(stranger.make()))[0] == 403
        good = pair.parcel(pair.make())
        assert post(pc.address, "/parcel", good[:-1] + b"\0")[0] == 403
        assert post(pc.address, "/parcel", good)[0] == 200
        stranger.book.close()


def test_slow_and_endless_senders_do_not_keep_others_out(pair: Pair, pc: WardProcess) -> None:
    with pc.running():
        held = [socket.create_connection(("127.0.0.1", pc.port)) for _ in range(6)]
        for each in held:
            each.sendall(b"POST /parcel HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"y" * 100)
        long = socket.create_connection(("127.0.0.1", pc.port))
        long.sendall(b"POST /parcel HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"y" * 5000)
        assert b" 400 " in long.recv(200), "what is no parcel is refused by its first bytes"
        assert post(pc.address, "/parcel", pair.parcel(pair.make()))[0] == 200
        for each in (*held, long):
            each.close()


def test_a_receipt_asked_for_by_a_stranger_tells_him_nothing(pair: Pair, pc: WardProcess) -> None:
    with pc.running():
        status, answer = post(pc.address, "/receipt", b"")
        assert status == 200 and b"nina" not in answer
        assert wards.open_receipt(pair.fold.state, answer, pair.keys).ward == "3B-PC"


def test_a_stick_with_something_else_on_it_is_refused(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    other = tmp_path / "photo.jpg"
    other.write_bytes(os.urandom(4000))
    pc.command("take", str(other), code=Refused.exit_code)
    (told, *_) = ward("take", str(other), "--state", str(pair.desk_state), code=Refused.exit_code)
    assert told["code"] == "REFUSED"


def test_the_alarm_is_said_and_ends_the_status(pair: Pair, pc: WardProcess, tmp_path: Path) -> None:
    (told,) = pc.command("status", code=Incomplete.exit_code)
    assert (told["age"], told["alarm"]) == ("none", True)
    with pc.running():
        pc.until("stale", age="none")
        manifest = pair.make(4, as_of=time.time() - 7 * 3600)
        assert post(pc.address, "/parcel", pair.parcel(manifest))[0] == 200
        pc.until("stale", age="stale")
        assert post(pc.address, "/parcel", pair.parcel(pair.make(4)))[0] == 200
        pc.until("fresh")
    assert pc.command("status")[0]["age"] == "fresh"
