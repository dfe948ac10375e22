"""Every kind has its sentence in both languages, and nothing hostile gets through."""

from __future__ import annotations

import unicodedata

import pytest
from journal_samples import HOSTILE, PROCESS, SAMPLES, SMB

from garde.journal import Entry, Text
from garde.journal import kinds as k
from garde.journal.speech import LANGUAGES, say_in
from garde.journal.words import LEVELS, MODES, PROOFS, line, who, why
from garde.model.actor import ActorKind
from garde.model.finding import Proof


def _entry(payload: k.Payload, kind: str = "x") -> Entry:
    return Entry(1, 1_700_000_000.0, "agent", kind, payload, "", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_is_said_and_is_safe_to_show(kind: str, language: str) -> None:
    told = line(_entry(SAMPLES[kind], kind), say_in(language))
    assert told.tone in {"good", "warn", "bad", "note"}
    assert told.text
    assert "version does not know" not in told.text
    assert "{" not in told.text
    assert not {unicodedata.category(c) for c in told.text} & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("kind", SAMPLES)
def test_french_is_not_english(kind: str) -> None:
    payload = SAMPLES[kind]
    assert line(_entry(payload), say_in("fr")).text != line(_entry(payload), say_in("en")).text


def test_a_kind_of_a_newer_version_is_named() -> None:
    told = line(_entry(k.Foreign("{}"), "ward_packed\x1b"), say_in("en"))
    assert told.text == "An entry of a kind this version does not know: ward_packed\\x1b"


def test_every_proof_and_every_mode_has_words() -> None:
    assert set(PROOFS) == {proof.value for proof in Proof}
    assert set(MODES) == {"enforce", "observe", "watching only"}
    assert set(LEVELS) == {"family", "tree", "session", "user", "share", "host"}


def test_actors_are_named_by_what_is_known_of_them() -> None:
    say = say_in("en")
    assert who(PROCESS, say) == "python3 (process 4031, user carla)"
    assert who(SMB, say) == "Samba client 10.20.3.41 (user carla)"
    two = k.ActorNote("smb", 812, address="10.0.0.9", users=(Text("a"), Text("b\x1b")))
    assert who(two, say) == "Samba client 10.0.0.9 (one connection, several users: a, b\\x1b)"
    assert "not attributable" in who(k.ActorNote("kernel"), say)
    assert who(k.ActorNote("unknown"), say) == "an unknown writer"
    assert {kind.value for kind in ActorKind} == {"process", "smb", "kernel", "unknown"}


def test_numbers_and_plurals_follow_the_language() -> None:
    one, none, many = k.RestoreStarted("", 1), k.RestoreStarted("", 0), k.RestoreStarted("", 12_345)
    english, french = say_in("en"), say_in("fr")
    assert line(_entry(one), english).text == "Putting 1 file back"
    assert line(_entry(none), english).text == "Putting 0 files back"
    assert line(_entry(many), english).text == "Putting 12,345 files back"
    assert line(_entry(none), french).text == "Restauration de 0 fichier"
    assert line(_entry(many), french).text == "Restauration de 12\u202f345 fichiers"
    assert line(_entry(k.Lagging(2.5, 3)), french).text == "L’analyse a 2,5 s de retard : 3 fichiers attendent"


def test_many_actors_do_not_fill_the_screen() -> None:
    verdict = k.VerdictReached("v1", "tree", Text("1"), 20.0, 18.0, (), (PROCESS, SMB, SMB))
    told = line(_entry(verdict), say_in("en")).text
    assert told == "Judged an attack: python3 (process 4031, user carla) and 2 more, by 0 damaged files"


def test_an_unknown_proof_is_shown_as_it_is_and_never_filled_in() -> None:
    damage = k.FileDamage(Text(HOSTILE), Text(b""), 0.0, ("{path}", "type_lost"))
    assert why(damage, say_in("en")) == "{path}; it is no longer the type of file it was"


def test_braces_in_a_hostile_name_or_reason_are_only_text() -> None:
    payload = k.HoldReleased("h", "v", "{by}", "{0.__class__}")
    assert line(_entry(payload), say_in("en")).text == "Let go by {by}: {0.__class__}"
    refused = k.RestoreFailed("v", Text(b"/srv/{path}"), Text(b"{reason}"))
    assert line(_entry(refused), say_in("fr")).text == "/srv/{path} n’a pas pu être restauré : {reason}"


def test_an_erased_name_is_said_to_be_erased() -> None:
    payload = k.RestoreFailed("v", Text(None, "aa"), Text(b"x"))
    assert line(_entry(payload), say_in("fr")).text.startswith("[effacé] ")


def test_a_clean_restore_is_good_and_one_with_losses_is_not() -> None:
    say = say_in("en")
    assert line(_entry(k.RestoreFinished("v", 4, 0, 0, 0.31)), say).tone == "good"
    lost = line(_entry(k.RestoreFinished("v", 4, 2, 1, 0.31)), say)
    assert lost.tone == "bad"
    assert lost.text == "4 files put back in 0.3 s, 2 were sound already, 1 could not be put back"
