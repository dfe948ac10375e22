"""What restic and borg have in common: a repository that their own program reads, in a folder here or elsewhere.

Comes in: the program's words and what its answers mean, from the class that builds on this one. Goes out: the steps of
`base.Store` that are the same for both. A repository in a folder of this machine is frozen by `tree_freeze`, and then
its own program tries as well; one that is elsewhere is frozen where it lies.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Final, TypeVar

import msgspec

from garde.journal.hub_kinds import Check
from garde.journal.text import plain
from garde.recovery.points import run as tool
from garde.recovery.points.base import Fault, Freezing, Proof, StoreFault, Thawed
from garde.recovery.points.tooled import Tooled
from garde.recovery.points.tree_freeze import Rule, TreeFreeze

_T = TypeVar("_T")
# Of a check that ends so nothing follows for the points.
_NO_VERDICT: Final = frozenset({Fault.WRONG_KEY, Fault.ABSENT, Fault.NO_SPACE, Fault.LOCKED})


class Repository(Tooled):
    """One repository."""

    _tool: ClassVar[str]
    _well: ClassVar[int] = 0  # the highest exit code of a call that did what it should
    _frozen: ClassVar[str]  # what a freeze means for new backups
    _trier: ClassVar[str]  # what of the program tries to get round a freeze

    # --- the program ---------------------------------------------------------------------------------------------

    @abstractmethod
    def _words(self, command: str, *words: str) -> list[str]:
        """One call of it; raises StoreFault where it is not installed."""

    @abstractmethod
    def _fault_of(self, done: tool.Done) -> Fault | None:
        """What its words mean; None where it ended well, or where they are not known."""

    def _words_of(self, done: tool.Done) -> str:
        """The line that says what was wrong."""
        return done.last_words

    def _accept(self, done: tool.Done) -> None:
        if not 0 <= done.code <= self._well:
            fault = self._fault_of(done) or Fault.FAILED
            raise StoreFault(fault, f"{self._tool}, {self._where}: {self._words_of(done)}")

    def _run(self, command: str, *words: str) -> tool.Done:
        done = tool.run(self._words(command, *words), self._variables())
        self._accept(done)
        return done

    def _lines(self, decoder: msgspec.json.Decoder[_T], command: str, *words: str) -> Iterator[_T]:
        """What a call says, line by line as it comes; raises StoreFault where it does not end well."""
        with tool.streamed(self._words(command, *words), self._variables()) as (stream, end):
            for line in stream:
                yield self._decoded(decoder, line)
            self._accept(end())

    def _decoded(self, decoder: msgspec.json.Decoder[_T], data: bytes) -> _T:
        try:
            return decoder.decode(data)
        except msgspec.MsgspecError as error:
            why = plain(str(error), 200)
            raise StoreFault(Fault.DAMAGED, f"{self._tool}'s answer is not understood: {why}") from error

    def _verdict(self, *words: str) -> tool.Done:
        """Let it check; raises StoreFault where that says nothing about the points."""
        done = tool.run(self._words("check", *words), self._variables(), seconds=tool.LONG_S)
        fault = self._fault_of(done)
        if fault in _NO_VERDICT:
            raise StoreFault(fault, done.last_words)
        return done

    # --- where it lies -------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return plain(self.settings.repository)

    @property
    @abstractmethod
    def _folder(self) -> bytes | None:
        """The repository's folder, where it is one of this machine."""

    # --- freezing ------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def _rule(self) -> Rule:
        """Which marks its files get."""

    @abstractmethod
    def _try_itself(self) -> Check:
        """Let the program try to get round a freeze; raises StoreFault where that cannot be told."""

    @property
    def _freezes(self) -> bool:
        return self._folder is not None

    def freeze(self) -> Freezing:
        return self._tree().freeze(self._frozen)

    def is_frozen(self) -> bool:
        return self._folder is not None and self._tree().is_frozen()

    def thaw(self) -> Thawed:
        return self._tree().thaw()

    def prove_frozen(self) -> Proof:
        proof = self._tree().prove()
        if not proof.proven:
            return proof
        try:
            check = self._try_itself()
        except StoreFault as fault:
            return Proof(proof.checks, f"{proof.detail}; {self._trier} could not be tried: {fault.detail}")
        return Proof((*proof.checks, check), proof.detail)

    def _tree(self) -> TreeFreeze:
        if self._folder is None:
            raise StoreFault(Fault.CANNOT, f"{self._where} is not a folder of this machine: freeze it where it lies")
        return TreeFreeze(self._folder, self._rule, self._room.state / "freeze.json", self._room.clock)
