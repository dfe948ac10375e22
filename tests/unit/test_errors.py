"""Errors for people: codes, exit codes and words that do not clash."""

from __future__ import annotations

import re

import pytest

from garde.errors import EXIT_CODES, GardeError, NotPermitted


def kinds(root: type[GardeError] = GardeError) -> list[type[GardeError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in kinds(child))]


def test_each_kind_has_its_own_code_and_exit_code() -> None:
    assert len({kind.code for kind in kinds()}) == len(kinds())
    assert len({kind.exit_code for kind in kinds()}) == len(kinds())


def test_the_table_holds_success_and_every_kind() -> None:
    assert set(EXIT_CODES) == {0, *(kind.exit_code for kind in kinds())}
    assert all(EXIT_CODES[kind.exit_code] == kind.meaning for kind in kinds())


@pytest.mark.parametrize("kind", kinds())
def test_codes_can_be_searched_for_and_exit_codes_are_no_signals(kind: type[GardeError]) -> None:
    assert re.fullmatch(r"[A-Z]+(-[A-Z]+)*", kind.code)
    assert 0 < kind.exit_code < 64  # 64 and up are taken by sysexits, 126 and up by the shell
    assert "\n" not in kind.meaning


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_says_in_its_own_words_what_it_means(kind: type[GardeError]) -> None:
    assert "meaning" in vars(kind)
    assert "code" in vars(kind)
    assert "exit_code" in vars(kind)


def test_an_error_reads_as_one_line_with_what_to_do() -> None:
    error = NotPermitted("no fanotify", "run as root")
    assert str(error) == "NOT-PERMITTED: no fanotify — run as root"
    assert (error.message, error.todo) == ("no fanotify", "run as root")


def test_an_error_with_nothing_to_do_ends_with_its_message() -> None:
    assert str(NotPermitted("no fanotify")) == "NOT-PERMITTED: no fanotify"
