"""The watch, sharpened by what neighbours have told: which hand is marked, and which damaged file counts for more.

Comes in: new names, hands, findings. Goes out: `Sighted` where something on the list is seen, and findings with the
proof `listed` where it is added. It holds nobody and keeps no clock. An operator's release takes the mark off the hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from garde.model.actor import Actor
from garde.model.finding import Finding, Proof
from garde.model.watchlist import Sort, WatchList
from garde.watch.commands import Sighted
from garde.watch.listed import Hit, Listed
from garde.watch.parties import Party
from garde.watch.weights import Weights

MARKS = frozenset(Sort) - {Sort.ENDING}  # an ending speaks against the file that carries it, not against the hand


class Sharpened:
    """One list in force. Made anew for each."""

    def __init__(self, whole: WatchList, weights: Weights, wall: Callable[[], float]) -> None:
        self._listed = Listed(whole)
        self._weights, self._wall = weights, wall

    def name(self, party: Party, path: bytes, name: bytes) -> Sighted | None:
        """Look the name of a new or renamed file up."""
        hit = self._listed.name(name)
        return None if hit is None else self._mark(party, hit, path)

    def hand(self, party: Party, actor: Actor, path: bytes) -> Sighted | None:
        """Look a hand up."""
        hit = self._listed.hand(actor)
        return None if hit is None else self._mark(party, hit, path)

    def digest(self, party: Party, path: bytes, sha256: bytes) -> Sighted | None:
        """Look up what a hand's file is."""
        hit = self._listed.digest(sha256)
        return None if hit is None else self._mark(party, hit, path)

    def _mark(self, party: Party, hit: Hit, path: bytes) -> Sighted | None:
        if hit.sort in MARKS and not party.listed:
            party.listed = hit.words
        if hit.sort is Sort.NOTE_NAME:
            party.left_note = True
        return Sighted(hit, path, self._wall()) if self._listed.is_news(hit, party.key) else None

    def sharpen(self, party: Party, finding: Finding) -> Finding:
        """Return the finding with `listed` added where its name or its hand is on the list; else as it is.

        Damage comes first: what the file's own proofs weigh must be enough for what is added to it.
        """
        weight = sum(self._weights.of(finding.proofs - {Proof.LISTED}))
        name = finding.path_after.rpartition(b"/")[2]
        if name != finding.path.rpartition(b"/")[2] and weight >= self._weights.listed_name:
            hit = self._listed.name(name)
            if hit is not None:
                return _with(finding, hit.words)
        least = self._weights.listed_name if party.left_note else self._weights.listed_hand
        if party.listed and weight >= least:
            return _with(finding, party.listed)
        return finding


def _with(finding: Finding, words: str) -> Finding:
    detail = f"{finding.detail}; {words}" if finding.detail else words
    return replace(finding, proofs=finding.proofs | {Proof.LISTED}, detail=detail)
