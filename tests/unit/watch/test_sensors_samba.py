"""The tables that say who a Samba client is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from garde.model.finding import Skipped
from garde.watch.sensors.samba import Connection, Sessions, parse_connections, parse_sessions

HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = b" 00000000:00000000 00:00000000 00000000     0        0 %d 1 0000000000000000 20 4 30 10 -1\n"


def row(local: bytes, peer: bytes, state: bytes, inode: int) -> bytes:
    return b"   0: " + local + b" " + peer + b" " + state + REST % inode


def test_addresses_of_both_families_are_read() -> None:
    text = (
        HEAD
        + row(b"0100A8C0:01BD", b"0A00A8C0:C350", b"01", 11)
        + row(b"0000000000000000FFFF00000100A8C0:01BD", b"0000000000000000FFFF00000B00A8C0:C351", b"01", 12)
        + row(b"B80D0120000000000000000001000000:008B", b"B80D0120000000000000000002000000:C352", b"08", 13)
    )
    assert list(parse_connections(text)) == [
        Connection(445, "192.168.0.10", 50000, 1, 11),
        Connection(445, "192.168.0.11", 50001, 1, 12),
        Connection(139, "2001:db8::2", 50002, 8, 13),
    ]


def test_other_ports_are_left_out() -> None:
    assert list(parse_connections(HEAD + row(b"0100007F:0016", b"0100007F:01BD", b"01", 11))) == []


def test_rows_that_make_no_sense_are_left_out() -> None:
    text = row(b"0100007F:01BD", b"XXXXXXXX:C350", b"01", 1) + row(b"0100007F:01BD", b"01:C350", b"01", 2)
    assert len(list(parse_connections(text))) == 0


@given(st.binary())
def test_any_bytes_are_read_without_an_error(text: bytes) -> None:
    list(parse_connections(text))


@given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=4))
def test_any_row_is_read_without_an_error(local: bytes, peer: bytes, state: bytes) -> None:
    list(parse_connections(row(local + b":01BD", peer, state, 1)))


def told(**tables: object) -> bytes:
    return json.dumps(tables).encode()


def server(pid: int) -> dict[str, object]:
    return {"pid": str(pid), "task_id": "0"}


def test_every_user_and_share_of_one_connection_is_named() -> None:
    text = told(
        sessions={
            "1": {"server_id": server(7), "username": "zoe"},
            "2": {"server_id": server(7), "username": "ann"},
            "3": {"server_id": server(8), "username": "eve"},
        },
        tcons={
            "1": {"server_id": server(7), "service": "docs"},
            "2": {"server_id": server(7), "service": "IPC$"},
            "3": {"server_id": server(8), "service": "other"},
        },
    )
    assert parse_sessions(text, 7) == Sessions(("ann", "zoe"), ("docs",))
    assert parse_sessions(text, 9) == Sessions()


def test_an_answer_that_is_no_json_is_skipped_with_its_reason() -> None:
    assert isinstance(parse_sessions(b"Samba version 4.13", 7), Skipped)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["server_id", "pid", "username", "x"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["sessions", "tcons"]), json_values | st.dictionaries(st.text(), json_values)))
def test_json_of_any_shape_is_read_without_an_error(tables: dict[str, object]) -> None:
    assert isinstance(parse_sessions(told(**tables), 7), Sessions)


@given(json_values)
def test_json_that_is_no_table_is_read_without_an_error(value: object) -> None:
    assert isinstance(parse_sessions(json.dumps(value).encode(), 7), Sessions)
