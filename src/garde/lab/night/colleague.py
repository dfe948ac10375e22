"""The quiet traffic: a person or a device at work on a file server, or asking the patient record, all night long.

Comes in: a `Work` as JSON on the first line of standard input. Goes out: `ready`, and when standard input ends one JSON
object (`Day`): how much was done, what failed, the longest wait. It saves as an office program does (a temporary file,
renamed), reads back what it saved, and never touches a file of others.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import msgspec

from garde.lab.attackers.smb_attack import PASSWORD

FILES = 12  # documents that one colleague works on
AGAIN_S = 1.0  # between two tries to come back after a failure


class Work(msgspec.Struct, frozen=True):
    """Who works where, how quickly. `share` "": at the patient record's database."""

    server: str
    login: str
    share: str = ""
    folder: str = ""
    every_s: float = 0.5
    log: str = ""  # at the record: where each committed row is written down, for the witness


class Day(msgspec.Struct, frozen=True):
    """How it went. `failed` holds (seconds of CLOCK_MONOTONIC, reason)."""

    done: int
    longest_s: float
    failed: list[tuple[float, str]]


class Committed(msgspec.Struct, frozen=True):
    """One row that the record has confirmed. Wall seconds of the machine, as the database counts them."""

    row: int
    patient: int
    text: str
    sent: float
    confirmed: float


Step = Callable[[int], None]


@contextmanager
def at_share(work: Work, password: str) -> Iterator[Step]:
    """Saves and reads back a document."""
    from garde.lab.attackers.smb_client import SmbShare

    with SmbShare(work.server, work.share, work.login, password) as share:
        try:
            share.mkdir(work.folder)
        except OSError:
            share.list(work.folder)  # there already; anything else is said now

        def save(number: int) -> None:
            path = f"{work.folder}/{work.login} {number % FILES}.csv"
            data = "".join(f"{number};{row};37.{row % 10};SYN{row:07d}\n" for row in range(40 + number % 30)).encode()
            share.write(path + ".tmp", data)
            share.rename(path + ".tmp", path)
            if share.read(path) != data:
                raise OSError(f"{path} does not hold what was saved")

        yield save


@contextmanager
def at_record(work: Work, password: str) -> Iterator[Step]:
    """Looks a patient up and writes a note."""
    native: Any = import_module("pg8000.native")  # it brings no types
    connection = native.Connection(work.login, host=work.server, database="record", password=password, timeout=5)
    try:

        def note(number: int) -> None:
            patient = 1 + number % 400
            rows = connection.run("SELECT family, ward FROM patient WHERE id = :id", id=patient)
            if len(rows) != 1:
                raise OSError(f"patient {patient} is not in the record")
            text, sent = f"seen, {number}", time.time()
            ((row,),) = connection.run(
                "INSERT INTO note (patient, text) VALUES (:id, :text) RETURNING id", id=patient, text=text
            )
            if work.log:
                with open(work.log, "ab", buffering=0) as log:
                    log.write(msgspec.json.encode(Committed(row, patient, text, sent, time.time())) + b"\n")

        yield note
    finally:
        connection.close()


def main() -> None:
    """Work until standard input ends; a failure is noted, and the work taken up again."""
    work = msgspec.json.decode(sys.stdin.readline(), type=Work)
    password = os.environ.get(PASSWORD, "")
    print("ready", flush=True)
    done, longest, failed = 0, 0.0, []
    while True:
        try:
            with (at_share if work.share else at_record)(work, password) as step:
                while True:
                    began = time.monotonic()
                    step(done)
                    done, longest = done + 1, max(longest, time.monotonic() - began)
                    if _is_over(work.every_s):
                        break
            break
        except Exception as error:  # the database's own errors are no OSError
            failed.append((time.monotonic(), f"{type(error).__name__}: {error}"))
            if _is_over(AGAIN_S):
                break
    print(msgspec.json.encode(Day(done, longest, failed)).decode(), flush=True)


def _is_over(seconds: float) -> bool:
    return bool(select.select([sys.stdin], [], [], seconds)[0])


if __name__ == "__main__":
    main()
