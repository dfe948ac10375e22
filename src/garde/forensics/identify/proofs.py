"""What speaks for a family, as closed sentences with values.

Comes in: values that are ours (a pattern of the catalogue, a count) and never an attacker's words. Goes out: English as
it stands in an entry; `garde.forensics.words` says it in other languages.
"""

from __future__ import annotations

from typing import Final

from garde.journal.speech import mark

LIKE: Final = mark("its note reads like a known one of this family: {percent} % alike")
CONTACT: Final = mark("its note gives {count} addresses that are known from notes of this family alone")
CALLED: Final = mark("its note calls itself by this name")
NOTE_NAME: Final = mark("its note is called like this family's: {pattern}")
NOTE_ENDING: Final = mark("the name of its note holds the ending of the files, as this family's does: {pattern}")
ENDING: Final = mark("files end in {ending}")
HASH: Final = mark("a file with the SHA-256 {hash} is listed as this family's")
RULE: Final = mark("the rule {rule} matches")
SENTENCES: Final = (LIKE, CONTACT, CALLED, NOTE_NAME, NOTE_ENDING, ENDING, HASH, RULE)
