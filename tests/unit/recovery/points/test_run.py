"""Programs are run with nothing of ours but what they are given, and end."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from pathlib import Path

import pytest

from garde.recovery.points import run as tool
from garde.recovery.points.base import Fault, StoreFault
from garde.recovery.points.scratch import held, make_scratch


def test_what_it_wrote_and_how_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC_PASSWORD", "not for others")
    done = tool.run(["sh", "-c", "echo out; echo told >&2; env >&2; exit 3"], {"GIVEN": "yes"})
    assert (done.code, done.out) == (3, b"out\n")
    assert b"GIVEN=yes" in done.told
    assert b"RESTIC_PASSWORD" not in done.told


def test_its_last_words_move_no_cursor() -> None:
    assert tool.last_words(b"first\n\n\x1b[2Jlast\n \n") == "\\x1b[2Jlast"
    assert tool.last_words(b"") == "no words"


def test_one_that_hangs_is_ended() -> None:
    with pytest.raises(StoreFault) as caught:
        tool.run(["sleep", "60"], {}, seconds=0.05)
    assert caught.value.fault is Fault.LATE


def test_what_is_not_there_and_what_no_program_can_be_given() -> None:
    for words, fault in ((["/no/such/program"], Fault.TOOL), (["echo", "a\0b"], Fault.DAMAGED)):
        with pytest.raises(StoreFault) as caught:
            tool.run(words, {})
        assert caught.value.fault is fault
    with pytest.raises(StoreFault):
        tool.find_program("no-such-backup-tool")


def test_it_is_asked_to_end_once_it_has_said_enough(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time, pathlib\n"
        f"signal.signal(signal.SIGINT, lambda *_: (pathlib.Path({str(tmp_path / 'cleaned')!r}).touch(), sys.exit(7)))\n"
        "print('refused', file=sys.stderr, flush=True)\n"
        "time.sleep(60)\n"
    )
    done = tool.run_until([sys.executable, "-c", program], {}, until=lambda told: b"refused" in told, seconds=30)
    assert done.code in {7, -signal.SIGINT}
    assert (tmp_path / "cleaned").exists()


def test_a_scratch_place_is_ours_alone_and_used_by_one(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    make_scratch(scratch, 10)
    assert scratch.stat().st_mode & 0o777 == 0o700
    with held(scratch), pytest.raises(StoreFault) as caught, held(scratch):
        pass
    assert caught.value.fault is Fault.LOCKED
    (tmp_path / "link").symlink_to(scratch)
    with pytest.raises(StoreFault) as caught:
        make_scratch(tmp_path / "link", 10)
    assert caught.value.fault is Fault.REFUSED
    with pytest.raises(StoreFault) as caught:
        make_scratch(scratch, 1 << 60)
    assert caught.value.fault is Fault.NO_SPACE


def test_a_program_that_outlives_us_holds_the_scratch_place_on(tmp_path: Path) -> None:
    make_scratch(tmp_path / "scratch", 0)
    with held(tmp_path / "scratch") as lock:
        done = tool.run([sys.executable, "-c", f"import os; os.fstat({lock})"], {}, keep=(lock,))
    assert done.code == 0
    handle = os.open(tmp_path / "scratch", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
