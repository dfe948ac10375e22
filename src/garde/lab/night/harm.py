"""What the attackers do where no agent looks: an archive on a file server, and rows of the medical record.

Comes in: the hospital, what was drawn. Goes out: the damage, and when it began (wall seconds of the machine). An
archive is destroyed on the server itself, by a process under the account that its files belong to; rows are deleted
and overwritten by SQL with the record's own password, from a workstation. Both are the lab's own synthetic data, and no
pre-image of them exists: they come back from a backup alone.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from garde.errors import Incomplete
from garde.lab.attackers.smb_attack import PASSWORD
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import RECORD
from garde.lab.hospital.programs import PYTHON
from garde.lab.night.draw import Deep
from garde.lab.night.outside import wait_until
from garde.lab.night.relapse import Sleeper

ARCHIVE_S: Final = 20.0
RECORD_S: Final = 30.0


def destroy(hospital: Hospital, deep: Deep, machine: str) -> float:
    """Do both; returns when. `machine`: the workstation that the SQL comes from."""
    began = time.time()
    _archive(hospital, deep.archive)
    _rows(hospital, machine, deep.patients)
    return began


def _archive(hospital: Hospital, server: str) -> None:
    files = [os.fsdecode(each.path) for each in hospital.archives[server]]
    with Sleeper(hospital, server, hospital.plan.archive(server), files, every_s=0.0) as process:
        process.wake()
        if not wait_until(lambda: len(process.logged().finished) == len(files), ARCHIVE_S):
            raise Incomplete("the archive was not destroyed", "play it again")


def _rows(hospital: Hospital, machine: str, patients: int) -> None:
    words = [*PYTHON, "-m", "garde.lab.night.harm", hospital.plan.address(RECORD), str(patients)]
    done = hospital.run(
        machine, words, env={PASSWORD: hospital.secrets.database}, capture_output=True, timeout=RECORD_S
    )
    if done.returncode:
        raise Incomplete(f"the record was not damaged: {done.stderr.decode()[-200:]}", "play it again")


def main(words: list[str]) -> None:
    """On the workstation: sign in at the record, delete, overwrite."""
    native: Any = import_module("pg8000.native")  # it brings no types
    password = os.environ.get(PASSWORD, "")
    connection = native.Connection("record", host=words[0], database="record", password=password, timeout=5)
    try:
        connection.run("DELETE FROM note WHERE patient <= :most", most=int(words[1]))
        connection.run("UPDATE patient SET family = md5(random()::text) WHERE id <= :most", most=int(words[1]))
    finally:
        with suppress(OSError):
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1:])
