"""Reading socket tables: whose connection it is, and whose it is not."""

from __future__ import annotations

import os
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.peers import Listener, Row, parse_table
from garde.sockets import plain_address

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 0100007F:01BD 0202000A:D431 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1
   2: garbage
"""
TABLE6 = """\
  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000100007F:01BD 0000000000000000FFFF00000202000A:D431 08 0:0 00:0 0 0 0 13 1
   1: 000000FD000000000000000001000000:01BD 000000FD000000000000000002000000:D431 01 0:0 00:0 0 0 0 14 1
"""

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the tables above are a little-endian machine's")


def test_both_families() -> None:
    assert parse_table(TABLE) == [Row(445, "0.0.0.0", "0A", 11), Row(445, "10.0.2.2", "01", 12)]
    assert parse_table(TABLE6) == [Row(445, "10.0.2.2", "08", 13), Row(445, "fd00::2", "01", 14)]


@given(st.text())
def test_any_text_is_a_table(text: str) -> None:
    parse_table("head\n" + text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("FE80::1%eth0", "fe80::1"),
        ("010.0.0.1", ""),
        ("name", ""),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_one_spelling(text: str, plain: str) -> None:
    if plain:
        assert plain_address(text) == plain
    else:
        with pytest.raises(ValueError, match=r"."):
            plain_address(text)


def test_only_accepted_connections_are_clients() -> None:
    """This process listens, has taken one connection, and has made one of its own to another listener's port."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as outgoing,
        listening.accept()[0] as taken,
    ):
        listener = Listener(os.getpid())
        assert listener.clients_of(os.getpid()) == {"127.0.0.1"}
        outgoing_only = Listener(os.getpid())
        inodes = {os.fstat(taken.fileno()).st_ino, os.fstat(outgoing.fileno()).st_ino}
        assert inodes & set(outgoing_only._clients) == {os.fstat(taken.fileno()).st_ino}


def test_a_process_that_is_gone_has_no_clients() -> None:
    listener = Listener(2**22)
    assert listener.clients_of(2**22) == frozenset()
    assert listener.children_serving(frozenset({"10.0.0.1"})) == []
