"""Downtime numbers given by several at once, killed in between, beside a running desk: none is given twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from desk_process import GARDE, DeskProcess

from garde.clock import SystemClock
from garde.downtime.book import Book
from garde.downtime.numbers.state import numbers_fold
from garde.downtime.store.seal import Seal
from garde.journal.paper_kinds import NumberIssued

AT_ONCE, EACH = 4, 4
_GIVE = """
import sys
from garde.cli import run
for turn in range(int(sys.argv[2])):
    run(["number", "issue", "URG", "--family", f"P{turn}", "--state", sys.argv[1], "--json"])
"""


def _giver(state: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _GIVE, str(state), str(count)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_several_who_give_at_once_beside_a_running_desk_never_give_the_same(tmp_path: Path) -> None:
    desk = DeskProcess(tmp_path / "desk")
    desk.start("ready")
    try:
        subprocess.run(
            [*GARDE, "number", "reserve", "URG", "--count", "60", "--state", desk.state],
            check=True,
            capture_output=True,
        )
        givers = [_giver(desk.state, EACH) for _ in range(AT_ONCE)]
        said = [line for each in givers for line in each.communicate(timeout=120)[0].splitlines()]
        given = [json.loads(line)["number"] for line in said]
        assert len(given) == len(set(given)) == AT_ONCE * EACH
        (census,) = [desk.ask("census")]
        assert {each["number"] for each in census["arrivals"]} == set(given)
    finally:
        assert desk.end() == 0


def test_killed_at_any_moment_what_was_said_is_written_and_nothing_is_given_twice(tmp_path: Path) -> None:
    desk = DeskProcess(tmp_path / "desk")
    subprocess.run(
        [*GARDE, "number", "reserve", "URG", "--count", "300", "--state", desk.state], check=True, capture_output=True
    )
    draw, said = random.Random(5), []
    for _ in range(4):
        givers = [_giver(desk.state, 50) for _ in range(2)]
        for each in givers:  # each is killed while it gives on, after a few were said
            assert each.stdout is not None
            said += [json.loads(each.stdout.readline())["number"] for _ in range(draw.randint(1, 4))]
        for each in givers:
            each.kill()
            said += [json.loads(line)["number"] for line in each.communicate()[0].splitlines()]
    with Book(desk.state, Seal.load(desk.state), SystemClock()) as book:
        written = Counter(e.payload.number for e in book.journal.entries() if isinstance(e.payload, NumberIssued))
        assert set(said) <= set(written) and set(written.values()) == {1}
        assert set(book.follow(numbers_fold(book)).held) == set(written)
        assert list(book.journal.verify()) == []
