"""What exporters send and sensors write, made by hand from the standards: NetFlow 5 and 9, IPFIX, Zeek, Suricata.

Comes in: conversations. Goes out: datagrams, log lines. Real exporters speak in tests/integration/test_flow_sources.py.
"""

from __future__ import annotations

import ipaddress
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NOW = 1_900_000_000.0
INSIDE, OTHER, OUTSIDE, PLACE = "10.20.1.7", "10.20.1.9", "203.0.113.66", "198.51.100.4"


@dataclass(frozen=True)
class Talk:
    """One conversation, opened by `source`."""

    source: str = INSIDE
    target: str = OUTSIDE
    ports: tuple[int, int] = (50_000, 443)
    sent: int = 1_000_000
    back: int = 20_000
    ago: float = 10.0  # seconds before NOW that it ended
    lasted: float = 5.0
    name: str = ""

    def both(self) -> list[tuple[str, str, int, int, int]]:
        """The two records of an exporter that sees each way for itself."""
        there = (self.source, self.target, *self.ports, self.sent)
        return [there, (self.target, self.source, self.ports[1], self.ports[0], self.back)]


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


# --- NetFlow 5 --------------------------------------------------------------------------------------------------------


def v5(talks: Iterable[Talk], number: int, *, sampling: int = 0, up_ms: int = 1_000_000) -> bytes:
    body, count = b"", 0
    for talk in talks:
        last = int(up_ms - talk.ago * 1000) & 0xFFFFFFFF
        first = int(up_ms - (talk.ago + talk.lasted) * 1000) & 0xFFFFFFFF
        for source, target, port, to, size in talk.both():
            body += struct.pack(
                ">4s4s4sHHIIIIHHBBBBHHBBH", packed(source), packed(target), b"\0" * 4, 1, 2, 0, size, first, last, port,
                to, 0, 0, 6, 0, 0, 0, 0, 0, 0,
            )  # fmt: skip
            count += 1
    return struct.pack(">HHIIIIBBH", 5, count, up_ms, int(NOW), 0, number, 0, 0, sampling) + body


# --- NetFlow 9 and IPFIX ----------------------------------------------------------------------------------------------

FIELDS9 = [(8, 4), (12, 4), (21, 4), (22, 4), (1, 4), (2, 4), (7, 2), (11, 2), (4, 1)]
FIELDS10 = [(8, 4), (12, 4), (152, 8), (153, 8), (1, 8), (7, 2), (11, 2), (4, 1)]


def flowset(number: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(">HH", number, len(body) + 4) + body


def template(number: int, fields: Sequence[tuple[int, int]], *, ipfix: bool = False) -> bytes:
    body = struct.pack(">HH", number, len(fields)) + b"".join(struct.pack(">HH", *each) for each in fields)
    return flowset(2 if ipfix else 0, body)


def data9(talks: Iterable[Talk], up_ms: int = 1_000_000, number: int = 300) -> bytes:
    body = b""
    for talk in talks:
        last, first = (int(up_ms - ago * 1000) for ago in (talk.ago, talk.ago + talk.lasted))
        for source, target, port, to, size in talk.both():
            body += packed(source) + packed(target) + struct.pack(">IIIIHHB", last, first, size, 0, port, to, 6)
    return flowset(number, body)


def data10(talks: Iterable[Talk], number: int = 300, at: float = NOW) -> bytes:
    body = b""
    for talk in talks:
        first, last = (int((at - ago) * 1000) for ago in (talk.ago + talk.lasted, talk.ago))
        for source, target, port, to, size in talk.both():
            body += packed(source) + packed(target) + struct.pack(">QQQHHB", first, last, size, port, to, 6)
    return flowset(number, body)


def v9(sets: Iterable[bytes], number: int, *, up_ms: int = 1_000_000, domain: int = 1) -> bytes:
    found = list(sets)
    return struct.pack(">HHIIII", 9, len(found), up_ms, int(NOW), number, domain) + b"".join(found)


def v10(sets: Iterable[bytes], number: int, *, at: float = NOW, domain: int = 1) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), int(at), number, domain) + body


# --- logs -------------------------------------------------------------------------------------------------------------

ZEEK_FIELDS = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "missed_bytes",
    "orig_ip_bytes", "resp_ip_bytes",
)  # fmt: skip


def zeek_head(path: str, fields: Sequence[str]) -> str:
    return f"#separator \\x09\n#set_separator\t,\n#path\t{path}\n#fields\t" + "\t".join(fields) + "\n#types\tx\n"


def zeek_values(talk: Talk, uid: str) -> dict[str, object]:
    values = (
        NOW - talk.ago - talk.lasted, uid, talk.source, talk.ports[0], talk.target, talk.ports[1], "tcp", talk.lasted,
        0, talk.sent, talk.back,
    )  # fmt: skip
    return dict(zip(ZEEK_FIELDS, values, strict=True))


def zeek_conn(talk: Talk, uid: str) -> str:
    return "\t".join(str(each) for each in zeek_values(talk, uid).values()) + "\n"


def zeek_dns(client: str, resolver: str, name: str, at: float = NOW, answers: str = "-") -> str:
    return "\t".join(map(str, (at, "D1", client, 40_000, resolver, 53, "udp", name, answers))) + "\n"


DNS_FIELDS = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "query", "answers")


def eve_flow(talk: Talk, flow: int) -> str:
    from garde.clock import iso

    end = NOW - talk.ago
    said = {
        "timestamp": iso(end + 60).replace("Z", "+0000"), "flow_id": flow, "event_type": "flow", "src_ip": talk.source,
        "src_port": talk.ports[0], "dest_ip": talk.target, "dest_port": talk.ports[1], "proto": "TCP",
        "flow": {
            "pkts_toserver": 0, "pkts_toclient": 0, "bytes_toserver": talk.sent, "bytes_toclient": talk.back,
            "start": iso(end - talk.lasted).replace("Z", "+0000"), "end": iso(end).replace("Z", "+0000"), "age": 5,
            "state": "closed", "reason": "timeout",
        },
    }  # fmt: skip
    return json.dumps(said) + "\n"


def eve_tls(flow: int, name: str) -> str:
    said = {"timestamp": "2030-03-17T17:46:40.000000+0000", "flow_id": flow, "event_type": "tls", "tls": {"sni": name}}
    return json.dumps(said) + "\n"


def eve_stats(drops: int, at: str = "2030-03-17T17:46:40.000000+0000") -> str:
    said = {"timestamp": at, "event_type": "stats", "stats": {"capture": {"kernel_packets": 9, "kernel_drops": drops}}}
    return json.dumps(said) + "\n"
