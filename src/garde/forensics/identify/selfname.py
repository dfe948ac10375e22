"""What a note calls itself.

Comes in: a `Reading`, the catalogue, words that notes use anyway. Goes out: family -> how clearly, 0 to 1. A name
counts where it stands apart: alone on a line or in a heading, in capitals, beside "ransomware" or "team", as the
beginning of an onion address (which gangs choose). Words of everyday speech (`Family.ordinary`) count only in such
places, other names wherever they stand. Whether the text is a note at all is not its business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from garde.forensics.identify.catalogue import Catalogue, squeeze
from garde.forensics.identify.reading import Reading

CLEAR, LIKELY, WEAK = 1.0, 0.7, 0.4
_LEAST_VANITY: Final = 4  # first letters of an onion address: each further one costs whoever chose it 32 times as much
_LEAST_ODD: Final = 5  # letters of a name that the galaxy alone has
_WORDS: Final = re.compile(r"[A-Za-z\d][\w]{0,30}(?:[- ][A-Za-z\d]\w{0,30})?")
_AFTER: Final = re.compile(
    r"\W{0,4}(?:v?\d(?:\.\d)?\W{0,3})?(?:ransom|team|group|gang|locker|project|strain|encrypt|decryptor|blog|news)",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(r"(?:we are|this is|by|from|named|called|the)\W{1,3}(?:the\W{1,3})?$", re.IGNORECASE)
_HEADING: Final = 4  # words of a line that is one


@dataclass(frozen=True, slots=True)
class SelfNames:
    """Finds them. `families`: those that the classifier knows, for which a plain mention is enough."""

    catalogue: Catalogue
    families: frozenset[str]

    def __call__(self, reading: Reading) -> Mapping[str, float]:
        """Return the families that the text names."""
        found: dict[str, float] = {}
        for line in reading.text.splitlines():
            for family, clear in self._in_line(line[:2000]):
                found[family] = max(found.get(family, 0.0), clear)
        for family in self._vanity(reading.onions):
            found[family] = CLEAR
        return found

    def _in_line(self, line: str) -> list[tuple[str, float]]:
        heading = len(line.split()) <= _HEADING
        found = []
        for match in re.finditer(r"[^\W_][\w]{1,30}", line):
            for word, end in self._pairs(line, match):
                family = self.catalogue.names.get(squeeze(word), "")
                if family and (clear := self._clear(family, line, slice(match.start(), end), heading)):
                    found.append((family, clear))
        return found

    def _pairs(self, line: str, match: re.Match[str]) -> list[tuple[str, int]]:
        """A word, and with the next one: `Black Basta`."""
        after = re.match(r"[ -]([^\W_]\w{1,30})", line[match.end() :])
        pair = [(f"{match[0]} {after[1]}", match.end() + after.end())] if after else []
        return [(match[0], match.end()), *pair]

    def _clear(self, family: str, line: str, at: slice, heading: bool) -> float:
        word, known = line[at], self.catalogue.family(family)
        apart = bool(_AFTER.match(line[at.stop :]))
        capital = word.isupper() or (word[:1].isupper() and (heading or _BEFORE.search(line[: at.start]) is not None))
        odd = any(sign.isdigit() for sign in word) or (word != word.lower() and word[1:] != word[1:].lower())
        if not (known.own or family in self.families):
            return LIKELY if apart and len(word) >= _LEAST_ODD and not word.islower() else 0.0
        if known.ordinary:
            return (
                CLEAR if apart and not word.islower() else LIKELY if heading and capital else WEAK if capital else 0.0
            )
        return CLEAR if apart or heading or capital or odd else LIKELY

    def _vanity(self, onions: frozenset[str]) -> list[str]:
        found = []
        for family in self.families | {each.id for each in self.catalogue.families.values() if each.own}:
            letters = squeeze(family)
            if len(letters) >= _LEAST_VANITY and any(each.startswith(letters) for each in onions):
                found.append(family)
        return found
