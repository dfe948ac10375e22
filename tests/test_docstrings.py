"""Every module says in a docstring what it is, and no file grows past what one sitting can read.

Comes in: the text of src, bench and tests.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
LONGEST = 600  # lines; aim at 80 to 250
FILES = sorted(str(path.relative_to(TOP)) for part in ("src", "bench", "tests") for path in (TOP / part).rglob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_module_has_a_docstring_of_a_sentence(name: str) -> None:
    text = ast.get_docstring(ast.parse((TOP / name).read_bytes())) or ""
    first = text.split("\n\n")[0].rstrip()
    assert len(first.split()) >= 3, "the docstring says nothing"
    assert first.endswith((".", "?", ":", ".)", '."')), "the docstring's first paragraph is no sentence"


@pytest.mark.parametrize("name", FILES)
def test_file_is_not_too_long(name: str) -> None:
    assert len((TOP / name).read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_there_is_something_to_look_at() -> None:
    assert "src/garde/__init__.py" in FILES
