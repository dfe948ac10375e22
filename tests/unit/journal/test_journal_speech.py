"""The speaker: catalogues, escaping, and doing without Babel."""

from __future__ import annotations

import builtins
from pathlib import Path

import pytest

from garde.journal import speech
from garde.journal.speech import Said, Say, say_in
from garde.journal.text import Text


def test_what_was_said_is_not_escaped_twice() -> None:
    say = Say("en", {})
    inner = say("{name}", name=Text(b"a\\b\n"))
    assert inner == "a\\\\b\\n"
    assert say("<{inner}>", inner=inner) == "<a\\\\b\\n>"
    assert say("<{inner}>", inner=str(inner)) == "<a\\\\\\\\b\\\\n>"


def test_values_of_each_type_are_shown() -> None:
    say = Say("en", {})
    told = say("{a} {b} {c} {d} {e}", a=12_345, b=b"\x1b", c=1.5, d=True, e=Said("ok"))
    assert told == "12,345 \\x1b 1.5 True ok"


def test_a_translation_is_used_and_a_missing_one_stays_english() -> None:
    say = Say("fr", {"Who": ("Qui",), "{n} file": ("{n} fichier", "{n} fichiers")})
    assert say("Who") == "Qui"
    assert say("Elsewhere") == "Elsewhere"
    assert say.many("{n} file", "{n} files", 2) == "2 fichiers"
    assert say.many("{n} door", "{n} doors", 0) == "0 doors"


def test_known_sentences_from_elsewhere_are_translated_others_are_escaped() -> None:
    assert say_in("fr").known("frozen") == "gelé"
    assert say_in("fr").known("frozen {x}\x1b") == "frozen {x}\\x1b"


def test_an_unknown_language_is_english() -> None:
    assert say_in("de").language == "en"


def test_without_babel_sentences_stay_english(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.startswith("babel"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    say_in.cache_clear()
    try:
        say = say_in("fr")
        assert say.language == "en"
        assert say("Who") == "Who"
        assert say.many("{n} file waits", "{n} files wait", 0) == "0 files wait"
    finally:
        say_in.cache_clear()


def test_catalogues_of_several_folders_are_joined(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text('msgid ""\nmsgstr ""\n"Language: fr\\n"\n\nmsgid "Hello"\nmsgstr "Bonjour"\n')
    say = say_in("fr", tmp_path)
    assert say("Hello") == "Bonjour"
    assert say("Who") == "Qui"
    assert speech.JOURNAL_LOCALE.is_dir()
