"""The witness: touched, lost and refused from the attackers' side and the files themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.lab.documents import Document
from garde.lab.night.logs import Logged, parse
from garde.lab.night.prober import Line
from garde.lab.night.witness import NightWitness

LOG = b"""s 0 10.5 Ward 3/a b.txt
w 0 10.6
f 0 10.7
n 0 10.7 Ward 3/note.txt
s 1 10.8 c.txt
x 1 10.9
s 2 11.0 d.txt
s 3 11.1 e.t"""


def test_the_log_is_read_line_by_line_and_a_cut_line_is_left_out() -> None:
    logged = parse(LOG)
    assert logged.started == {0: 10.5, 1: 10.8, 2: 11.0}
    assert logged.confirmed == {0: 10.6} and logged.finished == {0: 10.7} and logged.failed == {1: 10.9}
    assert logged.paths == {0: "Ward 3/a b.txt", 1: "c.txt", 2: "d.txt"}
    assert logged.notes == ("Ward 3/note.txt",)
    assert (logged.first, logged.last) == (10.5, 11.0)


def test_an_empty_log_is_no_attack() -> None:
    assert parse(b"") == Logged()
    assert Logged().first is None and Logged().last == 0.0


@given(st.binary(max_size=200))
def test_an_attack_is_never_made_of_a_broken_line(noise: bytes) -> None:
    noise = bytes(byte for byte in noise if byte not in b"swfxn\n")
    assert parse(noise + b"\n").started == {}


@pytest.fixture
def share(tmp_path: Path) -> Path:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def witness(share: Path) -> NightWitness:
    import hashlib

    made = [Document(it.encode(), "text", 5, hashlib.sha256(it.encode()).hexdigest()) for it in ("a.txt", "b.txt")]
    return NightWitness({"s": share, "t": share}, {"s": made})


def test_touched_is_what_was_confirmed_or_has_changed(share: Path) -> None:
    seen = witness(share)
    seen.look()
    (share / "b.txt").write_bytes(b"xxxxx")
    logged = parse(b"s 0 1 a.txt\ns 1 1 b.txt\ns 2 1 c.txt\nw 2 1\ns 3 1 gone.txt\n")
    assert seen.touched("s", logged) == ("b.txt", "c.txt")


def test_a_file_that_was_put_back_was_touched_all_the_same(share: Path) -> None:
    seen = witness(share)
    seen.look()
    (share / "a.txt").unlink()
    (share / "a.txt").write_bytes(b"a.txt")
    assert seen.touched("s", parse(b"s 0 1 a.txt\n")) == ("a.txt",)
    assert seen.lost(afresh=True) == {"s": []}


def test_lost_counts_documents_by_their_bytes(share: Path) -> None:
    seen = witness(share)
    (share / "a.txt").write_bytes(b"xxxxx")
    (share / "c.txt").unlink()  # no document of ours
    assert seen.lost() == {"s": ["a.txt"]}


def lines(**since: float) -> list[Line]:
    return [Line(name, version, 9, 5, 0.0, 99.0, at, at) for name, at in since.items() for version in (4, 6)]


def test_times_count_from_the_first_hostile_write_of_all_servers(share: Path) -> None:
    logged = {"s": parse(b"s 0 10.0 a.txt\nw 0 10.1\n"), "t": parse(b"s 0 9.5 a.txt\n")}
    seen = witness(share).judge("pc", logged, lines(s=10.4, t=10.2, u=10.6), ["s", "t", "u"])
    assert seen.began == 9.5
    assert seen.refused == {"s": pytest.approx(0.9), "t": pytest.approx(0.7), "u": pytest.approx(1.1)}
    assert seen.refused_everywhere_s == pytest.approx(1.1)
    assert seen.others == ("u",) and seen.untouched_refused_s == pytest.approx(1.1)


def test_a_server_that_goes_on_answering_leaves_no_figure(share: Path) -> None:
    logged = {"s": parse(b"s 0 9.5 a.txt\n")}
    seen = witness(share).judge("pc", logged, lines(s=10.0, t=0.0), ["s", "t"])
    assert seen.refused_everywhere_s is None and seen.untouched_refused_s is None


def test_where_all_were_attacked_there_is_no_untouched_one(share: Path) -> None:
    seen = witness(share).judge("pc", {"s": parse(b"s 0 9.5 a.txt\n")}, lines(s=10.0), ["s"])
    assert seen.untouched_refused_s is None and seen.refused_everywhere_s == pytest.approx(0.5)
