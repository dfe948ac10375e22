"""flows.toml: what it may say, and how it is told that it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.errors import SettingsError
from garde.forensics.egress.config import FlowSettings, endpoint, parse_flows, read_flows

GOOD = """
inside = ["10.0.0.0/8", "fd00::/8"]
keep_days = 7
[[source]]
id = "gate"
sort = "conntrack"
covers = ["10.20.0.0/16"]
[[source]]
id = "router"
sort = "netflow"
covers = ["10.20.0.0/16", "10.30.0.9"]
listen = "[fd00::5]:2055"
exporters = ["10.20.0.1"]
delay_s = 90
"""
SOURCE = '[[source]]\nid = "a"\nsort = "conntrack"\ncovers = ["10.0.0.0/8"]\n'


def test_a_file_is_read() -> None:
    found = parse_flows(GOOD)
    assert (found.inside, found.keep_days) == (("10.0.0.0/8", "fd00::/8"), 7)
    gate, router = found.source
    assert (gate.delay, gate.silence, gate.track) == (20.0, 0.0, True)
    assert (router.delay, router.silence, endpoint(router.listen)) == (90.0, 1800.0, ("fd00::5", 2055))


def test_no_file_is_no_source(tmp_path: Path) -> None:
    assert read_flows(tmp_path) == FlowSettings()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("x = 1\n", 1, "no setting named x"),
        ("source = 3\n", 1, "are written as"),
        (SOURCE + "y = 1\n", 5, "no setting named y"),
        (SOURCE.replace("conntrack", "guess"), 3, "no sort named"),
        (SOURCE.replace('"a"', '"a b"'), 2, "id: letters"),
        (SOURCE.replace("10.0.0.0/8", "10.0.0.1/8"), 4, "is no address or network"),
        (SOURCE.replace('["10.0.0.0/8"]', "[]"), 4, "covers:"),
        (SOURCE + 'listen = "127.0.0.1:2055"\n', 5, "has no listen"),
        (SOURCE.replace("conntrack", "netflow"), 1, "needs exporters"),
        (SOURCE.replace("conntrack", "netflow") + 'exporters = ["x"]\nlisten = "a:1"\n', 5, "is no address"),
        (SOURCE.replace("conntrack", "netflow") + 'exporters = []\nlisten = "host:2055"\n', 6, "is no ADDRESS:PORT"),
        (SOURCE.replace("conntrack", "zeek") + 'folder = "logs"\n', 5, "is no absolute path"),
        (SOURCE + SOURCE, 2, "two sources are called a"),
        ("keep_days = 0\n" + SOURCE, 1, "keep_days"),
        ('keep_days = "a"\n', 1, "keep_days"),
        ("inside = []\n", 1, "inside"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        parse_flows(text)
    said = str(wrong.value)
    assert why in said
    assert f"flows.toml:{line}:" in said or (why == "two sources are called a")


def test_what_is_no_toml_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        parse_flows("[[source")
    (tmp_path / "flows.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError):
        read_flows(tmp_path)
