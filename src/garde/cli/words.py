"""The words behind a command's action: each by its place, and what is said where one is missing.

Comes in: words, a command's name. Goes out: a word; UsageError where it is needed and not there.
"""

from __future__ import annotations

from collections.abc import Sequence


def nth(words: Sequence[str], number: int) -> str:
    """Return a word by its place; "" where there are fewer."""
    return words[number] if len(words) > number else ""


def needed(word: str, what: str, command: str) -> str:
    """Return the word; raises UsageError with the question that it answers where it is empty."""
    from garde.errors import UsageError

    if not word:
        raise UsageError(what, f"see `garde {command} --help`")
    return word
