"""The acts of `garde number`: each opens the desk's journal, does one thing, and says what was written.

Comes in: the command's words. Goes out: lines, a PDF, an exit code. Whoever sees names is written down first.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from garde.cli.number_view import LOW, left_of, list_numbers
from garde.desk.asking import ask_or_read
from garde.desk.config import Config, load_config
from garde.desk.control import user_name
from garde.desk.numbers import Numbers, Signed
from garde.downtime.book import Book
from garde.downtime.moments import past_time
from garde.downtime.numbers import policy
from garde.downtime.numbers.form import Clash, Number, read_number
from garde.downtime.numbers.labels import Grid, Sheets, label_sheets
from garde.downtime.numbers.need import need
from garde.downtime.numbers.newcomer import Newcomer, allergies_said
from garde.downtime.numbers.state import Block, State
from garde.downtime.store.seal import Seal
from garde.errors import Incomplete, NotFound, Refused, UsageError
from garde.journal.text import plain

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.downtime.nouns import Person

_TYPESET_S = 240.0  # for 5,000 numbers


@dataclass(frozen=True, slots=True)
class Words:
    """What was said of a person and a number."""

    what: str
    word: str
    by: str
    at: str
    note: str
    person: dict[str, str]
    allergies: str
    left: str
    agree: str
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Supply:
    """What was said of blocks and labels."""

    count: int
    per_day: float
    days: float
    first: int
    out: Path | None
    copies: int
    lang: str


class Acts:
    """One call of the command."""

    def __init__(self, screen: Screen, state: Path, clock: Clock, words: Words, supply: Supply) -> None:
        self._screen, self._state, self._clock, self._words, self._supply = screen, state, clock, words, supply
        self._login = user_name(os.getuid())

    def do(self, action: str) -> int:
        """Do it; returns the exit code."""
        acts: dict[str, Callable[[], int]] = {
            "need": self._need, "check": self._check, "reserve": self._reserve, "labels": self._labels,
            "list": self._list, "issue": self._issue, "change": self._change, "void": self._void,
            "match": self._match, "confirm": self._confirm, "refuse": self._refuse,
        }  # fmt: skip
        return acts[action]()

    @property
    def _who(self) -> Signed:
        return Signed(self._words.by or self._login, self._login)

    @contextlib.contextmanager
    def _numbers(self) -> Iterator[tuple[Config, Numbers]]:
        config = load_config(self._state)
        with Book(self._state, Seal.load(self._state), self._clock, who=self._login) as book:
            yield config, Numbers(config, book, self._clock)

    def _said(self, kind: str, payload: Any, text: str, tone: str = "good") -> None:
        import msgspec

        body = msgspec.to_builtins(payload, enc_hook=lambda _: None)
        self._screen.data({"kind": kind, **{name: value for name, value in body.items() if value is not None}})
        self._screen.line(plain(text), tone)

    # --- supply ---

    def _per_sheet(self, config: Config) -> float:
        return config.numbers.columns * config.numbers.rows / (self._supply.copies or config.numbers.copies)

    def _need(self) -> int:
        config = load_config(self._state) if (self._state / "desk.json").exists() else Config()
        found = need(self._supply.per_day, days=self._supply.days, per_sheet=self._per_sheet(config))
        self._said(
            "need", found, f"{found.numbers} numbers on {found.sheets} sheets of labels, for {found.days:g} days"
        )
        return 0

    def _clash(self, prefix: str) -> Clash:
        found = ask_or_read(self._state, self._clock, {"ask": "prefix", "prefix": prefix})
        if found.pop("rebuilding"):
            raise Incomplete("the census is being rebuilt: not every number is known yet", "try again in a minute")
        return Clash(**found)

    def _check(self) -> int:
        config = load_config(self._state)
        clash = self._clash(self._words.what.upper() or config.numbers.prefix)
        self._screen.data({"kind": "prefix", **{name: getattr(clash, name) for name in Clash.__slots__}})
        policy.check_prefix(clash)
        if not clash.compared:
            self._screen.line(f"{clash.prefix}: no patient number has been heard of: nothing is proven", "warn")
            return Incomplete.exit_code
        self._screen.line(f"{clash.prefix}: none of {clash.compared} patient numbers could be one", "good")
        if clash.digits:
            self._screen.line(
                f"  {clash.digits} of them could be one for a system that keeps digits only: scan a label into each "
                "system and look", "warn",
            )  # fmt: skip
        return 0

    def _reserve(self) -> int:
        supply, place = self._supply, self._words.what
        config = load_config(self._state)
        policy.check_place(place)
        if bool(supply.count) == bool(supply.per_day):
            raise UsageError("how many?", "--count 200, or --per-day 30 for four weeks")
        count = supply.count or need(supply.per_day, days=supply.days, per_sheet=self._per_sheet(config)).numbers
        clash = self._clash(config.numbers.prefix)
        with self._numbers() as (_, numbers):
            found = numbers.reserve(place, count, clash, self._who, supply.first)
            block = numbers.state.blocks[found.block]
        first, last = Number(block.prefix, block.first), Number(block.prefix, block.last)
        self._said("reserved", found, f"Block {found.block}: {count} numbers for {place}, {first} to {last}")
        if not clash.compared:
            self._screen.line(
                "  No patient number has been heard of yet: try it again later: garde number check", "warn"
            )
        self._screen.line(f"Next: garde number labels {found.block} --out {found.block}.pdf", "dim")
        return 0

    def _labels(self) -> int:
        from garde.paper import NotTypeset, typeset

        out = self._supply.out
        if out is None:
            raise UsageError("no file was named", f"garde number labels {self._words.what or 'BLOCK'} --out labels.pdf")
        with self._numbers() as (config, numbers):
            block, chosen = self._chosen(numbers.state)
        grid = Grid(config.numbers.columns, config.numbers.rows, config.numbers.margin_x, config.numbers.margin_y)
        copies = self._supply.copies or config.numbers.copies
        whole = len(chosen) > 1
        sheets = Sheets(config.hospital, block.place, block.block, chosen, copies, registry=whole)
        document = label_sheets(sheets, grid, language=self._supply.lang, made_at=self._clock.now())
        try:
            printed = typeset(document, timeout_s=_TYPESET_S)
        except NotTypeset as error:
            raise Incomplete(
                f"the labels could not be set: {error.reason}", "print fewer: reserve smaller blocks"
            ) from error
        try:
            out.write_bytes(printed.pdf)
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}", "name another file with --out") from error
        data = {
            "file": str(out),
            "block": block.block,
            "numbers": len(chosen),
            "copies": copies,
            "pages": printed.pages,
        }
        self._screen.data({"kind": "labels", **data})
        self._screen.line(f"{out}: {len(chosen)} numbers, {copies} labels of each, {printed.pages} pages", "good")
        return 0

    def _chosen(self, state: State) -> tuple[Block, list[Number]]:
        """Return a block with what is left of it, or one number with its block."""
        name = self._words.what.strip()
        if (block := state.blocks.get(name.upper())) is not None:
            free = list(state.free(block))
            if not free:
                raise Refused(f"block {block.block} has no number left", "reserve more, or name one number")
            return block, free
        try:
            number = read_number(name)
        except ValueError as error:
            known = ", ".join(state.blocks) or "none"
            raise NotFound(f"{name or 'nothing'} is no block", f"blocks: {known}; garde number reserve WARD") from error
        block = state.block_of(number)
        if block is None:
            raise NotFound(f"{number} is of no block that was reserved here", "look at garde number list")
        return block, [number]

    # --- people ---

    def _moment(self, config: Config, text: str) -> float | None:
        if not text:
            return None
        try:
            return past_time(text, self._clock.now(), config.manner.place)
        except ValueError as error:
            raise UsageError(str(error), "see `garde number --help`") from error

    def _issue(self) -> int:
        words = self._words
        status, allergic_to = allergies_said(words.allergies)
        person = Newcomer(**words.person, allergies=status, allergic_to=allergic_to)  # type: ignore[arg-type]
        label = policy.read_typed(words.word) if words.word else None
        with self._numbers() as (config, numbers):
            at = self._moment(config, words.at)
            found = numbers.issue(
                words.what, person, self._who, number=label, at=at, elsewhere=words.elsewhere
            )  # fmt: skip
            left = left_of(numbers.state, words.what)
        self._said("issued", found, f"{found.number}  ({read_number(found.number).spoken})")
        if status.value == "not recorded":
            self._screen.line("  allergies NOT RECORDED: ask the patient", "warn")
        if left < LOW:
            self._screen.line(plain(f"  {words.what} has {left} numbers left: garde number reserve"), "warn")
        return 0

    def _change(self) -> int:
        words = self._words
        changes: dict[str, Any] = {name: value for name, value in words.person.items() if value}
        if words.allergies:
            changes["allergies"], changes["allergic_to"] = allergies_said(words.allergies)
        with self._numbers() as (config, numbers):
            if words.left:
                changes["left"] = self._moment(config, words.left)
            if not changes and not words.word:
                raise UsageError(
                    "nothing to write down", "name what is known now: --family, --allergies, --bed, --left"
                )
            at = self._moment(config, words.at) or changes.get("left")
            found = numbers.change(policy.read_typed(words.what), self._who, changes, place=words.word, at=at)
        self._said("changed", found, f"{found.number}: written down")
        return 0

    def _void(self) -> int:
        with self._numbers() as (_, numbers):
            found = numbers.void(policy.read_typed(self._words.what), self._who, self._words.note)
        self._said("void", found, f"{found.number} is void: it is never given again", "warn")
        return 0

    # --- whose they are ---

    def _match(self) -> int:
        number, record = policy.read_typed(self._words.what), self._words.word.strip()
        typed = tuple(each.strip() for each in self._words.agree.split(",") if each.strip())
        person, reused = self._person_of(record)
        with self._numbers() as (_, numbers):
            found = numbers.match(number, record, person, self._who, typed)
        agree = ", ".join(f"{each} (a person's word)" if each in found.typed else each for each in found.identifiers)
        self._said("matched", found, f"{number}: {agree} agree", "warn")
        if found.differ:
            self._screen.line(f"  DIFFERENT: {', '.join(found.differ)}", "bad")
        if person is None:
            self._screen.line("  The census does not have this record: nothing was compared by the desk", "warn")
        if reused:
            self._screen.line("  This number was another person's before: look twice", "bad")
        self._screen.line(f"A second person compares and confirms: garde number confirm {number} --by NAME", "dim")
        return 0

    def _person_of(self, record: str) -> tuple[Person | None, bool]:
        """Return who the census has under this number today, and whether it was somebody else's before."""
        import msgspec

        from garde.downtime.nouns import Person

        if not record:
            return None, False
        question = {"ask": "patient", "number": record}
        answer = ask_or_read(self._state, self._clock, question)
        found = answer["patients"]
        if answer["rebuilding"]:
            raise Incomplete("the census is being rebuilt: the record may be in it", "try again in a minute")
        if not found:
            return None, False
        return msgspec.convert(found[-1]["person"]["value"], Person), len(found) > 1

    def _confirm(self) -> int:
        with self._numbers() as (_, numbers):
            found = numbers.confirm(self._words.what, self._who, self._words.note)
        self._said("linked", found, f"{found.number} is linked, by two people")
        return 0

    def _refuse(self) -> int:
        with self._numbers() as (_, numbers):
            found = numbers.refuse(self._words.what, self._who, self._words.note)
        self._said("refused", found, f"{found.number} stays apart", "warn")
        return 0

    def _list(self) -> int:
        with self._numbers() as (config, numbers):
            state = numbers.state
        list_numbers(state, self._words.what, config.manner.place, self._screen, self._looked)
        return 0

    def _looked(self, what: str) -> None:
        with Book(self._state, Seal.load(self._state), self._clock, who=self._login) as book:
            book.looked(self._login, what)
