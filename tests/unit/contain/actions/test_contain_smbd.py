"""What is read of a running smbd: its configuration's name, its sessions, and whose they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.smbd import Smbd, Told, control, named_configuration, parse_sessions, same_user, sessions

# As Samba 4.17 prints it, shortened.
STATUS = {
    "sessions": {
        "1": {"server_id": {"pid": "41"}, "username": "CLINIC\\anna"},
        "2": {"server_id": {"pid": "42"}, "username": "bob"},
    },
    "tcons": {"9": {"service": "care", "server_id": {"pid": "41"}, "connected_at": "2026-11-23T23:42:50.253109+00:00"}},
    "open_files": {
        "/srv/a": {
            "opens": {
                "41/7": {"server_id": {"pid": "41"}, "access_mask": {"WRITE_DATA": True}},
                "42/8": {"server_id": {"pid": "42"}, "access_mask": {"WRITE_DATA": False, "READ_DATA": True}},
            }
        }
    },
}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["smbd", "-F", "-s", "/a.conf", "-l", "/log"], "/a.conf"),
        (["smbd", "--configfile", "/b.conf"], "/b.conf"),
        (["smbd", "--configfile=/c.conf"], "/c.conf"),
        (["smbd", "-s/d.conf"], "/d.conf"),
        (["smbd", "-s"], ""),
        (["smbd", "--foreground", "--no-process-group"], ""),
    ],
)
def test_the_configuration_on_the_command_line(words: list[str], named: str) -> None:
    assert named_configuration(words) == named


def test_sessions_as_samba_prints_them() -> None:
    found = parse_sessions(STATUS)
    assert found.users == ((41, "CLINIC\\anna"), (42, "bob"))
    assert [(tree.pid, tree.share) for tree in found.trees] == [(41, "care")]
    assert found.trees[0].since == pytest.approx(1795477370.253109)
    assert found.writing == {41}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["sessions", "tcons", "open_files", "opens", "server_id", "pid", "username", "access_mask"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(_JSON)
def test_an_answer_of_another_shape_is_no_crash(told: object) -> None:
    parse_sessions(told)


@pytest.mark.parametrize("out", ["", "no json", "[" * 50_000])
def test_an_answer_that_is_no_json_is_a_reason(out: str) -> None:
    with pytest.raises(OSError, match="smbstatus"):
        sessions(Smbd(1, "/x"), lambda _: Told(1, out, "no such option --json"))


def test_whose_session_it_is() -> None:
    assert same_user("anna", "CLINIC\\Anna")
    assert same_user("CLINIC\\anna", "clinic\\ANNA")
    assert not same_user("OTHER\\anna", "CLINIC\\anna")
    assert not same_user("anna", "CLINIC\\annabel")
    assert not same_user("", "")


def test_no_smbd_to_be_told_is_no_failure() -> None:
    control("/x", lambda _: Told(1, "", "Can't find pid for destination 'smbd'"), "reload-config")
    with pytest.raises(OSError, match="not permitted"):
        control("/x", lambda _: Told(1, "", "not permitted"), "reload-config")


def test_sessions_of_a_real_answer_round_trip() -> None:
    assert sessions(Smbd(1, "/x"), lambda _: Told(0, json.dumps(STATUS), "")) == parse_sessions(STATUS)
