"""The root of a lab server: what the gate looks at is there, verified and patched, and a changed program is found."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from garde.lab.hospital import fileserver, roots
from garde.lab.hospital.plan import RECORD, SHARES, Plan
from garde.model.restart import Answer
from garde.recovery.checks import store
from garde.recovery.checks.base import Given
from garde.recovery.checks.baseline import take
from garde.recovery.checks.sweep import sweep

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gpg", "gpgv", "debsums"))), reason="gpg, gpgv or debsums is not installed"
)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = Plan("x", 3, tmp_path)
    for machine in SHARES:
        fileserver.base(made, machine).mkdir(parents=True)
        for name in ("passwd", "group"):
            (fileserver.base(made, machine) / name).write_text("root:x:0:0::/root:/bin/sh\n")
    made.machine_home(RECORD).mkdir()
    roots.make(made)
    return made


def answers(plan: Plan, machine: str, baseline: Path, believed: str) -> dict[str, Answer]:
    given = Given(root=roots.root_of(plan, machine), live=False, baseline=baseline, believed=believed, now=time.time())
    return {each.check: each.answer for each in sweep(given).said}


def test_a_sound_server_is_sound(plan: Plan, tmp_path: Path) -> None:
    for machine in (*SHARES, RECORD):
        root, file = roots.root_of(plan, machine), tmp_path / f"{machine}.json"
        believed = store.write(take(root, live=False, now=time.time()), file)
        found = answers(plan, machine, file, believed)
        assert [found[each] for each in ("baseline", "packages", "patches")] == [Answer.YES] * 3, (machine, found)


def test_a_changed_program_is_found(plan: Plan, tmp_path: Path) -> None:
    root, file = roots.root_of(plan, RECORD), tmp_path / "baseline.json"
    believed = store.write(take(root, live=False, now=time.time()), file)
    (root / "usr/sbin/lab-record").write_text("#!/bin/sh\nexec /tmp/x\n")
    found = answers(plan, RECORD, file, believed)
    assert (found["baseline"], found["packages"]) == (Answer.NO, Answer.NO)


def test_the_key_that_signed_is_gone(plan: Plan) -> None:
    assert not (plan.home / "archive").exists()
