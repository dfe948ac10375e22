"""A draft as text that any editor opens, and back.

Comes in: a draft in full; or such a text. Goes out: the text; or the words of each field that it holds. A field begins
with a line `## [name] …`; what follows up to the next one is its words, as they stand. Everything above the first field
and every line that begins with `%` is for the reader. What was typed is data: it names no file and no form.
"""

from __future__ import annotations

import re
from typing import Final

from garde.errors import UsageError
from garde.journal.speech import Say
from garde.legal.rows import DraftPage
from garde.legal.words import field_state

MOST_BYTES: Final = 400_000
_HEAD: Final = re.compile(r"## \[([a-z0-9_]{1,64})\].*")
_OURS: Final = ("## [", "%", "\\")  # how a line of ours begins: a person's own one is marked


def to_text(page: DraftPage, say: Say) -> str:
    """Return the text."""
    row = page.row
    parts = [f"% {row.title}", f"% {page.basis}", f"% {row.draft}, {row.version}, SHA-256 {row.sha256}"]
    parts += [f"% {each}" for each in (page.warning, page.note) if each]
    for each in page.fields:
        entries = f" ({', '.join(map(str, each.entries))})" if each.entries else ""
        parts += ["", f"## [{each.name}] {each.label}", f"% {field_state(each.state, each.by, say)}{entries}"]
        parts += [f"\\{line}" if line.startswith(_OURS) else line for line in each.value.split("\n") if each.value]
    return "\n".join(parts) + "\n"


def from_text(text: str) -> dict[str, str]:
    """Return each field's words; raises UsageError where no field is in it, or one twice."""
    if len(text) > MOST_BYTES:
        raise UsageError("this is no draft: it is too long", "export it anew: garde legal export DRAFT --out FILE.txt")
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        head = _HEAD.fullmatch(line)
        if head is not None:
            if head[1] in found:
                raise UsageError(f"the field {head[1]} stands there twice", "keep one of them")
            lines = found[head[1]] = []
        elif lines is not None and not line.startswith("%"):
            lines.append(line.removeprefix("\\"))
    if not found:
        raise UsageError("no field is in it", "export it anew: garde legal export DRAFT --out FILE.txt")
    return {name: "\n".join(words).strip() for name, words in found.items()}


def changes(page: DraftPage, text: str) -> dict[str, str]:
    """Return the fields whose words are others than those of the draft."""
    said = from_text(text)
    old = {each.name: each.value.strip() for each in page.fields}
    return {name: words for name, words in said.items() if name in old and words != old[name]}
