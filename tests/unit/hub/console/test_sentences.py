"""Every kind of entry can be said, with the hospital's names, and nothing hostile comes through."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

import pytest
from console_house import SAMPLE

from garde.estate.look import Lookup
from garde.estate.read import load
from garde.hub.console.names import Names
from garde.hub.console.sentences import cut_words, tell
from garde.hub.console.site import speaker
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.speech import Said
from garde.journal.text import Text

LOOK = Lookup(load(SAMPLE).estate)
NAMES = {language: Names(LOOK, speaker(language), {"llemaire"}) for language in ("en", "fr")}
HOSTILE = "\u202e<b>{x}</b>\x1b[31m\n"


def _fill(wanted: Any) -> Any:
    origin = typing.get_origin(wanted)
    if origin is tuple:
        return (_fill(typing.get_args(wanted)[0]),) * 2
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        hints = typing.get_type_hints(wanted)
        return wanted(**{field.name: _fill(hints[field.name]) for field in dataclasses.fields(wanted)})
    if origin in (typing.Union, types.UnionType):
        return None
    return {Text: Text(HOSTILE), str: HOSTILE, int: 3, float: 2.5, bool: True}[wanted]


def _say(payload: Any, language: str, who: str = "hub") -> Any:
    entry = Entry(1, 1.0, who, k.NAMES[type(payload)], payload, "", "")
    return tell(entry, NAMES[language], lambda cut: Said("CUT"))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", k.KINDS)
def test_every_kind_can_be_said_and_nothing_hostile_comes_through(kind: str, language: str) -> None:
    line = _say(_fill(k.KINDS[kind]), language)
    assert line.text and line.tone in ("good", "warn", "bad", "note")
    assert not set(line.text) & set("\u202e\x1b\n")


def test_french_is_french() -> None:
    both = [[_say(_fill(kind), language).text for kind in k.KINDS.values()] for language in NAMES]
    assert sum(one == other for one, other in zip(*both, strict=True)) < 3  # a bare path is one in every language


@pytest.mark.parametrize("state", ["asked", "applied", "proven", "not_proven", "failed", "undoing", "undone", "new"])
def test_every_state_of_a_cut(state: str) -> None:
    line = _say(h.CutChanged("c1", state, 2, 1, 0, ("files-1",), "authority: a rule"), "en")
    assert "CUT" in line.text
    assert (line.tone == "bad") == (state in ("not_proven", "failed"))
    if line.tone == "bad":
        assert "Files of the wards" in line.text


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("block", "Refuse “Machine of the building's supplier” at 2 servers"),
        ("kick", "End the open connections of “Machine of the building's supplier”"),
        ("account", "Shut the account cmoreau at the file servers"),
        ("read_only", "Make the shares read-only on Files of the wards, files-9"),
        ("isolate", "Cut “Machine of the building's supplier” off from everything but this hub"),
        ("outside", "Close the way to the outside"),
        ("port", "Shut the switch port of “Machine of the building's supplier”"),
        ("later", "later: “Machine of the building's supplier”"),
    ],
)
def test_every_action(action: str, words: str) -> None:
    said = cut_words(action, "ws-supplier-1", ["cmoreau"], ["files-1", "files-9"], NAMES["en"])
    assert said == words


def test_people_are_named() -> None:
    decided = h.CutDecided("c1", "approve", "llemaire", "operator", Text("go"))
    assert _say(decided, "en").text == "Luc Lemaire said yes: CUT — “go”"
    assert "enveloppe" in _say(h.IncidentAnswered("i1", "break-glass"), "fr").text


def test_what_may_be_a_password_is_not_shown() -> None:
    typed = h.SignInRefused(Text("hunter2hunter2"), "10.0.0.9", "no such login, or another password")
    assert "hunter2" not in _say(typed, "en").text
    known = h.SignInRefused(Text("LLemaire "), "10.0.0.9", "too many tries")
    assert "Luc Lemaire" in _say(known, "en").text


def test_words_that_were_erased_are_said_to_be() -> None:
    decided = h.CutDecided("c1", "reject", "llemaire", "operator", Text(None, "text:1"))
    assert "[erased]" in _say(decided, "en").text
