"""What leaves the lab, as those outside count it; the ways in which it is sent; what the seed draws of outside."""

from __future__ import annotations

import socket
from pathlib import Path

from garde.lab.attackers.smb_theft import PIECE, WAYS, send_names
from garde.lab.hospital.plan import Plan
from garde.lab.night.abroad import screens, taken
from garde.lab.night.draw import COUNTRIES, draw_reach


def test_what_left_is_counted_by_the_thief(tmp_path: Path) -> None:
    log = tmp_path / "internet.log"
    assert taken(log) == 0
    log.write_bytes(b"u 1.5 100 198.19.3.1\nn 2.5 23 198.19.3.1\nc 2.6 999 198.19.3.1\nu x y\nnoise\nu 3.0 9")
    assert taken(log) == 123, "what the controller was told is no theft"


def test_the_same_seed_draws_the_same_outside() -> None:
    drawn = [draw_reach(seed) for seed in range(200)]
    assert drawn == [draw_reach(seed) for seed in range(200)]
    assert {each.way for each in drawn} == set(WAYS) and {each.heard_by for each in drawn} == {"taxii", "file"}
    assert {each.leads_from for each in drawn} == {each.takes_to for each in drawn} == set(COUNTRIES)
    assert all(each.leads_from != each.takes_to and 4 << 20 <= each.least <= 48 << 20 for each in drawn)


def test_questions_about_names_carry_everything_and_count_themselves() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5.0)
        sent = send_names(server.getsockname(), iter([b"x" * 1000]))
        questions = [server.recv(512) for _ in range(9)]
    assert sum(map(len, questions)) == sent > 1600, "base 32 makes eight of five"
    assert all(b"cdn-sync" in each for each in questions)
    assert PIECE < 1 << 20


def test_somebody_sits_at_every_screen() -> None:
    assert screens(Plan("x", 3, Path())) == ["ws-ward-3", "ws-admissions", "ct-1", "analyser-1"]
