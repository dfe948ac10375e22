"""A small file in MaxMind's format, written as its specification says (records of 24 bits), for tests of what reads it.

Comes in: networks (IPv4) with records of maps, texts, numbers and booleans. Goes out: the bytes of a `*.mmdb`.
"""

from __future__ import annotations

import ipaddress
from typing import Any

MARK = b"\xab\xcd\xefMaxMind.com"
MAP, TEXT, UINT16, UINT32, UINT64, LIST, BOOLEAN = 7, 2, 5, 6, 9, 11, 14
# The C reader wants these kinds; elsewhere a number is of 32 bits.
KINDS = {"record_size": UINT16, "ip_version": UINT16, "binary_format_major_version": UINT16,
         "binary_format_minor_version": UINT16, "build_epoch": UINT64}  # fmt: skip


def mmdb(networks: dict[str, dict[str, Any]], build_epoch: int) -> bytes:
    """Return the file."""
    nodes: list[list[int | str]] = [["", ""]]
    for network in networks:
        _insert(nodes, ipaddress.IPv4Network(network), network)
    data, places = b"", {}
    for network, record in networks.items():
        places[network] = len(data)
        data += _value(record)
    count = len(nodes)
    tree = b"".join(
        (child if isinstance(child, int) else count if not child else count + 16 + places[child]).to_bytes(3)
        for node in nodes
        for child in node
    )
    about = {
        "node_count": count, "record_size": 24, "ip_version": 4, "database_type": "Test", "languages": ["en"],
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": build_epoch,
        "description": {"en": "test"},
    }  # fmt: skip
    return tree + b"\0" * 16 + data + MARK + _value(about)


def _insert(nodes: list[list[int | str]], network: ipaddress.IPv4Network, name: str) -> None:
    at, bits = 0, f"{int(network.network_address):032b}"[: network.prefixlen]
    for bit in bits[:-1]:
        child = nodes[at][int(bit)]
        if not isinstance(child, int):
            nodes.append(["", ""])
            child = nodes[at][int(bit)] = len(nodes) - 1
        at = child
    nodes[at][int(bits[-1])] = name


def _value(value: Any, kind: int = UINT32) -> bytes:
    match value:
        case bool():
            return _head(BOOLEAN, int(value))
        case int():
            raw = value.to_bytes((value.bit_length() + 7) // 8)
            return _head(kind, len(raw)) + raw
        case str():
            return _head(TEXT, len(value.encode())) + value.encode()
        case list():
            return _head(LIST, len(value)) + b"".join(map(_value, value))
    body = b"".join(_value(key) + _value(each, KINDS.get(key, UINT32)) for key, each in value.items())
    return _head(MAP, len(value)) + body


def _head(kind: int, size: int) -> bytes:
    """The control byte, the kind's own byte where it has one, and the size where five bits are too few for it."""
    short, rest = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return (bytes([kind << 5 | short]) if kind < 8 else bytes([short, kind - 7])) + rest
