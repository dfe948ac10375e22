"""Payloads between agent and hub: every byte comes through, and garbage is refused as garbage."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_samples import SAMPLES

from garde.journal import Text, wire
from garde.journal.kinds import KINDS, ErrorSeen, Foreign, Lagging
from garde.journal.payload import Payload


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_through_as_it_was(kind: str) -> None:
    assert wire.decode(kind, wire.encode(SAMPLES[kind])) == SAMPLES[kind]


@given(st.binary(max_size=300))
def test_every_byte_of_a_text_comes_through(words: bytes) -> None:
    payload = ErrorSeen("keeper", Text(words))
    assert wire.decode("error_seen", wire.encode(payload)) == payload


def test_words_that_were_erased_stay_erased_and_leave_their_reference_behind() -> None:
    raw = wire.encode(ErrorSeen("keeper", Text(None, "ab" * 16)))
    assert b"abab" not in raw
    assert wire.decode("error_seen", raw) == ErrorSeen("keeper", Text(None))


def test_readable_words_can_be_read_on_the_way() -> None:
    assert wire.encode(ErrorSeen("keeper", Text("é"), "x")) == '{"message":"é","todo":"x","where":"keeper"}'.encode()


def test_a_kind_of_a_newer_version_is_kept_as_it_came() -> None:
    payload = wire.decode("ward_packed", b'{"ward": [1, {"x": null}]}')
    assert payload == Foreign('{"ward": [1, {"x": null}]}')
    assert wire.encode(payload) == b'{"ward": [1, {"x": null}]}'


def test_a_field_of_a_newer_version_is_left_out() -> None:
    assert wire.decode("lagging", b'{"seconds":1,"waiting":2,"why":{"x":[1]}}') == Lagging(1.0, 2)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("lagging", b""),
        ("lagging", b"null"),
        ("lagging", b"[1, 2]"),
        ("lagging", b'{"seconds": 1}'),
        ("lagging", b'{"seconds": "1", "waiting": 2}'),
        ("lagging", b'{"seconds": 1e999, "waiting": 2}'),
        ("lagging", b'{"seconds": NaN, "waiting": 2}'),
        ("lagging", b'{"seconds": null, "waiting": 2}'),
        ("lagging", b'{"seconds": 1, "waiting": 2} {}'),
        ("lagging", b'{"seconds": 1, "waiting": 2, "x": ' + b"[" * 100_000),
        ("agent_stopped", b'{"reason": "\xff"}'),
        ("agent_stopped", b'{"reason": "\\ud800"}'),
        ("error_seen", b'{"where": "a", "message": 7}'),
        ("error_seen", b'{"where": "a", "message": {"b64": "not base64!"}}'),
        ("error_seen", b'{"where": "a", "message": {"b64": 7}}'),
        ("error_seen", b'{"where": "a", "message": {"b64": "", "more": 1}}'),
        ("error_seen", b'{"where": "a", "message": {}}'),
        ("error_seen", b'{"where": "a", "message": ["x"]}'),
        ("ward_packed", b"{"),
        ("ward_packed", b"\xff"),
        ("ward_packed", b"[" * 100_000),
    ],
)
def test_garbage_is_refused(kind: str, raw: bytes) -> None:
    with pytest.raises(ValueError):
        wire.decode(kind, raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9) | st.just("b64"), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.sampled_from([*KINDS, "ward_packed"]), st.binary(max_size=200))
def test_bytes_give_a_payload_or_a_value_error(kind: str, raw: bytes) -> None:
    _decodes_or_refuses(kind, raw)


@given(st.sampled_from(list(KINDS)), st.data())
def test_a_payload_with_one_field_of_anything_gives_a_payload_or_a_value_error(kind: str, data: st.DataObject) -> None:
    fields = msgspec.json.decode(wire.encode(SAMPLES[kind]))
    if fields:
        fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(JSON)
    _decodes_or_refuses(kind, msgspec.json.encode(fields))


def _decodes_or_refuses(kind: str, raw: bytes) -> None:
    try:
        payload: Payload = wire.decode(kind, raw)
    except ValueError:
        return
    assert isinstance(payload, KINDS.get(kind, Foreign))
    assert wire.decode(kind, wire.encode(payload)) == payload


def test_only_payloads_travel() -> None:
    with pytest.raises(TypeError):
        wire.encode(Lagging(object(), 1))  # type: ignore[arg-type]
