"""Tables, and the machine output they are read from."""

from __future__ import annotations

import importlib
import inspect

import pytest
from bench import BENCHES
from bench.common import Result, columns_of, markdown, show, text_table
from bench.touched import find_key
from bench.watch import parse_line

RESULT: Result = {
    "name": "demo",
    "figures": {"held_quiet": 0, "ratio": None},
    "rows": [{"item": "a|b", "held": 0}, {"item": "c", "seconds": 1.23456}],
}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (True, "yes"),
        (1.23456, "1.235"),
        (0.01234, "0.012"),
        (25_000, "25,000"),
        (12345.6, "12,346"),
    ],
)
def test_values_are_shown_shortly(value: object, text: str) -> None:
    assert show(value) == text


def test_columns_come_in_the_order_in_which_rows_name_them() -> None:
    assert columns_of(RESULT["rows"]) == ["item", "held", "seconds"]


def test_text_table_is_aligned_and_ends_with_the_figures() -> None:
    lines = text_table(RESULT).splitlines()
    assert lines[0].split() == ["item", "held", "seconds"]
    assert lines[2].index("0") == lines[0].index("held")
    assert lines[-2:] == ["held_quiet = 0", "ratio = –"]


def test_markdown_escapes_bars_and_names_machine_and_command() -> None:
    text = markdown(RESULT, "./garde bench demo", "a machine")
    assert "a\\|b" in text
    assert "Command: `./garde bench demo`" in text
    assert "a machine" in text
    assert "`ratio` –" in text


def test_every_bench_has_the_one_form() -> None:
    for module in BENCHES.values():
        run = importlib.import_module(module).run
        parameters = inspect.signature(run).parameters
        assert list(parameters)[:2] == ["quick", "report"]
        assert parameters["only"].default == ""


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b'{"kind": 3}', b"ready", b"\xff\xfe"])
def test_what_is_no_event_is_passed_over(line: bytes) -> None:
    assert parse_line(line) is None


def test_an_event_is_read() -> None:
    assert parse_line(b'{"kind":"ready","at":"x"}\n') == {"kind": "ready", "at": "x"}


def test_a_key_is_found_however_deep() -> None:
    assert find_key([{"a": 1}, {"b": {"c": [{"d": 0}]}}], "d") == 0
    assert find_key([{"a": 1}], "d") is None
