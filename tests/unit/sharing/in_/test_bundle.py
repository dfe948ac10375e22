"""What a neighbour sent is data: read where it can be, counted where it can't, and never more than that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.model.watchlist import Sort
from garde.sharing.in_ import bundle, found, patterns
from garde.sharing.in_.bundle import BundleRefused
from garde.sharing.in_.found import Found
from garde.sharing.in_.patterns import PatternRefused

NOW = 1_900_000_000.0
DIGEST = "ab" * 32


def stix(*objects: dict[str, Any]) -> bytes:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}).encode()


def indicator(pattern: str, **more: Any) -> dict[str, Any]:
    return {"type": "indicator", "pattern": pattern, "pattern_type": "stix", **more}


def read(raw: bytes, form: str = "") -> Found:
    return bundle.read(raw, form, NOW)[1]


def values(made: Found) -> list[tuple[str, str]]:
    return [(sort.value, value.decode()) for sort, value in made.values]


# --- patterns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        (f"[file:hashes.'SHA-256' = '{DIGEST}']", [("sha256", DIGEST)]),
        (f"[file:hashes.SHA256 = '{DIGEST}']", [("sha256", DIGEST)]),
        ("[ipv4-addr:value = '203.0.113.9']", [("address", "203.0.113.9")]),
        ("[file:name = 'Tool.exe' OR file:name='b.exe']", [("file_name", "Tool.exe"), ("file_name", "b.exe")]),
        ("[file:name = 'a.bin'] OR [ipv6-addr:value = '2001:db8::1']",
         [("file_name", "a.bin"), ("address", "2001:db8::1")]),
        (f"[file:hashes.'SHA-256' = '{DIGEST}' AND file:name = 'notepad.exe']", [("sha256", DIGEST)]),
        (r"[file:name MATCHES '\\.locked$']", [("ending", ".locked")]),
        (r"[file:name MATCHES '^.*\\.id\\-7\\.crypt$']", [("ending", ".id-7.crypt")]),
        (r"[file:name MATCHES '^note\\.hta$']", [("file_name", "note.hta")]),
        ("[file:name LIKE '%.locked']", [("ending", ".locked")]),
        ("[file:name = '*.locked']", [("ending", ".locked")]),
        (r"[file:name = 'it\'s.txt']", [("file_name", "it's.txt")]),
        ("[file:name IN ('a.bin', 'b.bin')]", [("file_name", "a.bin"), ("file_name", "b.bin")]),
        ("[user-account:account_login = 'svc-x']", [("user", "svc-x")]),
    ],
)  # fmt: skip
def test_what_a_pattern_means(pattern: str, meant: list[tuple[str, str]]) -> None:
    assert [(sort.value, value) for sort, value in patterns.values(pattern)] == meant


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[file:name = 'a' AND file:size > 3]", found.SEVERAL),
        ("[file:name = 'a.exe'] FOLLOWEDBY [file:name = 'b.exe']", found.SEVERAL),
        ("[file:name = 'a.exe'] WITHIN 5 SECONDS", found.SEVERAL),
        ("[NOT file:name = 'a.exe']", found.SEVERAL),
        ("[domain-name:value = 'evil.example']", found.NOT_WATCHED),
        ("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", found.NOT_WATCHED),
        ("[file:name MATCHES '.*']", found.EXPRESSION),
        ("[file:name MATCHES 'a(b|c)+$']", found.EXPRESSION),
        (r"[file:name MATCHES '\\d+\\.locked$']", found.EXPRESSION),
        (r"[file:name MATCHES 'locked$']", found.EXPRESSION),
        ("[file:name LIKE '%lock%']", found.EXPRESSION),
        ("[file:name != 'a.exe']", found.EXPRESSION),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", found.EXPRESSION),
        ("[file:name = 'never ends", found.UNREADABLE),
        ("", found.UNREADABLE),
        ("[]", found.UNREADABLE),
        ("[" * 30_000, found.UNREADABLE),
    ],
)
def test_what_is_no_one_thing_to_look_for(pattern: str, why: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        patterns.values(pattern)
    assert refused.value.why == why


@given(st.text(max_size=80))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    try:
        assert all(isinstance(sort, Sort) for sort, _ in patterns.values(pattern))
    except PatternRefused:
        pass


# --- STIX -------------------------------------------------------------------------------------------------------------


def test_a_bundle_with_its_labels_and_its_tlp() -> None:
    made = read(stix(
        {"type": "marking-definition", "id": "marking-definition--x", "extensions": {"e": {"tlp_2_0": "amber"}}},
        indicator("[file:name = 'HOW_TO.hta']", labels=["garde:note_name"]),
        indicator("[ipv4-addr:value = '203.0.113.9']",
                  object_marking_refs=["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]),
        {"type": "ipv4-addr", "value": "203.0.113.10"},
        {"type": "malware", "name": "x", "is_family": True},
    ))  # fmt: skip
    assert values(made) == [("note_name", "how_to.hta"), ("address", "203.0.113.9")]
    assert (made.tlp, made.refused.total()) == ("amber", 0)


def test_what_is_over_withdrawn_or_in_another_language_is_counted() -> None:
    made = read(stix(
        indicator("[file:name = 'a.exe']", revoked=True),
        indicator("[file:name = 'b.exe']", valid_until="2020-01-01T00:00:00Z"),
        indicator("[file:name = 'c.exe']", valid_until="2099-01-01T00:00:00Z"),
        indicator("rule x { condition: true }", pattern_type="yara"),
        indicator("[file:name = 'd.exe']", valid_until="tomorrow"),
        {"type": "indicator", "pattern": 7},
    ))  # fmt: skip
    assert values(made) == [("file_name", "c.exe")]
    assert made.refused == {found.OVER: 2, found.NOT_WATCHED: 1, found.UNREADABLE: 2}
    assert made.why[0] == f"2 × {found.OVER}"


def test_an_envelope_of_taxii_is_read_as_well() -> None:
    raw = json.dumps({"more": False, "objects": [indicator("[file:name = 'a.exe']")]}).encode()
    assert values(read(raw)) == [("file_name", "a.exe")]


# --- what nobody is suspected for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "value", "why"),
    [
        (Sort.ENDING, ".pdf", found.HONEST_ENDING),
        (Sort.ENDING, ".foo.DOCX", found.HONEST_ENDING),
        (Sort.ENDING, ".7", found.HONEST_ENDING),
        (Sort.NOTE_NAME, "README.txt", found.HONEST_NAME),
        (Sort.FILE_NAME, "PowerShell.exe", found.HONEST_NAME),
        (Sort.USER, "LAB\\Administrator", found.HONEST_USER),
        (Sort.ADDRESS, "10.9.0.5", found.PRIVATE),
        (Sort.ADDRESS, "127.0.0.1", found.PRIVATE),
        (Sort.ADDRESS, "::1", found.PRIVATE),
        (Sort.ADDRESS, "0.0.0.0", found.PRIVATE),
        (Sort.FILE_NAME, "a\nb", found.NOT_A_VALUE),
        (Sort.FILE_NAME, "../../etc/passwd", found.NOT_A_VALUE),
        (Sort.SHA256, "abc", found.NOT_A_VALUE),
        (Sort.FILE_NAME, "x" * 500, found.NOT_A_VALUE),
        (Sort.FILE_NAME, "\ud800x", found.NOT_A_VALUE),
    ],
)
def test_what_honest_people_have_is_not_watched_for(sort: Sort, value: str, why: str) -> None:
    made = Found()
    made.add(sort, value)
    assert (values(made), dict(made.refused)) == ([], {why: 1})


def test_a_bundle_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "MOST", 3)
    made = read(stix(*(indicator(f"[file:name = 'drop-{n % 5}.exe']") for n in range(10))))
    assert len(made.values) == 3
    assert made.refused == {found.TOO_MANY: 4}


# --- MISP -------------------------------------------------------------------------------------------------------------


def test_an_event_with_its_objects() -> None:
    event = {"Event": {
        "Tag": [{"name": "tlp:amber+strict"}],
        "Attribute": [
            {"type": "sha256", "value": DIGEST, "to_ids": True},
            {"type": "filename|sha256", "value": f"x.bin|{DIGEST}", "to_ids": True},
            {"type": "ip-dst|port", "value": "203.0.113.9|443", "to_ids": True},
            {"type": "filename-pattern", "value": "*.locked", "to_ids": True},
            {"type": "filename", "value": "HOW_TO.hta", "to_ids": True, "comment": "note_name, note"},
            {"type": "text", "value": "svc-x", "to_ids": False, "comment": "user, account"},
            {"type": "text", "value": "what happened", "to_ids": False},
            {"type": "domain", "value": "evil.example", "to_ids": True},
            {"type": "filename", "value": "seen.txt", "to_ids": False},
            {"type": "filename", "value": "gone.txt", "to_ids": True, "deleted": True},
            {"type": 3},
        ],
        "Object": [{"Attribute": [{"type": "filename", "value": "*.crypt7", "to_ids": True}]}],
    }}  # fmt: skip
    made = read(json.dumps(event).encode())
    assert values(made) == [
        ("sha256", DIGEST), ("file_name", "x.bin"), ("address", "203.0.113.9"), ("ending", ".locked"),
        ("note_name", "how_to.hta"), ("user", "svc-x"), ("ending", ".crypt7"),
    ]  # fmt: skip
    assert made.tlp == "amber+strict"
    assert made.refused == {found.NOT_WATCHED: 1, found.NOT_TO_WATCH: 1, found.UNREADABLE: 1}


@pytest.mark.parametrize("wrap", [lambda e: {"response": [{"Event": e}]}, lambda e: [{"Event": e}]])
def test_the_answer_of_a_search_and_a_list_of_events(wrap: Any) -> None:
    event = {"Attribute": [{"type": "sha256", "value": DIGEST, "to_ids": True}]}
    assert values(read(json.dumps(wrap(event)).encode())) == [("sha256", DIGEST)]


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_with_a_heading() -> None:
    raw = (
        "\ufeffsort,value,what,tlp\r\nending,.locked,ending,green\r\nuser,'=svc,x,green\r\nending,crypt7,,\r\n"
        "mail,a@b.example,,\r\nshort\r\n"
    )
    made = read(raw.encode())
    assert values(made) == [("ending", ".locked"), ("user", "=svc"), ("ending", ".crypt7")]
    assert made.tlp == "green"
    assert made.refused == {found.NOT_WATCHED: 1, found.UNREADABLE: 1}


def test_a_list_of_bare_values() -> None:
    made = read(f"# from the neighbours\n{DIGEST}\n203.0.113.9\n*.locked\nsomething\n".encode())
    assert values(made) == [("sha256", DIGEST), ("address", "203.0.113.9"), ("ending", ".locked")]
    assert made.refused == {found.NOT_WATCHED: 1}


# --- hostile ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b'{"objects": 7}', b'{"Event": []}', b"[1, 2]",
        b"\xff\xfe\x00a,b", b"{" * 100_000, b'{"objects":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_refused(raw: bytes) -> None:
    with pytest.raises(BundleRefused):
        read(raw)


def test_a_bomb_inside_an_object_costs_that_object_alone() -> None:
    bomb = '{"type":"indicator","extensions":{"a":' + "[" * 500_000 + "]" * 500_000 + "}}"
    good = json.dumps(indicator("[file:name = 'a.exe']"))
    try:
        made = read(f'{{"type":"bundle","objects":[{good},{bomb}]}}'.encode())
    except BundleRefused:
        return  # it is nested deeper than the reader goes: all of it is refused
    assert values(made) == [("file_name", "a.exe")]


@given(st.binary(max_size=200), st.sampled_from(["", *bundle.FORMATS]))
def test_any_bytes_are_read_or_refused(raw: bytes, form: str) -> None:
    try:
        made = read(raw, form)
    except BundleRefused:
        return
    assert all(len(value) <= 255 for _, value in made.values)


KEYS = st.sampled_from(["type", "objects", "pattern", "Event", "Attribute", "value", "to_ids", "extensions", "labels"])
LEAVES = st.none() | st.booleans() | st.text(max_size=8) | st.integers()


@given(
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused(drawn: Any) -> None:
    raw = json.dumps({"type": "bundle", "objects": [drawn]}).encode()
    for form in ("stix", "misp"):
        try:
            read(raw, form)
        except BundleRefused:
            pass
