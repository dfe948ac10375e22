"""`garde night`: the story, played on the lab, with its score at the end.

Comes in: a seed, up to where to play, where to put the truth. Goes out: the story's clock and the entries as they come,
and the score: a table beside the story's own times, or with --json one object as the last line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from garde.cli.lab import NoInstall
from garde.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from garde.cli.screen import Screen
    from garde.journal.entry import Entry
    from garde.lab.night.account import Account
    from garde.lab.night.colleague import Day
    from garde.lab.night.outside import Message, Sheet
    from garde.lab.night.play import Ended
    from garde.lab.night.witness import Seen

MOST_SEED = 2**63 - 1


def night(
    *,
    until: Annotated[
        str,
        Parameter(help="How far to play: cut, plan, paper, morning or account. Default: everything this version has."),
    ] = "",
    seed: Annotated[int | None, Parameter(help="Draws who, where and how. Default: drawn; it is shown.")] = None,
    truth: Annotated[Path | None, Parameter(help="File for the attackers' truth, to set beside the score.")] = None,
    journal: Annotated[
        Path | None, Parameter(help="File for the night's journal: `garde journal verify --export FILE` proves it.")
    ] = None,
    pages: Annotated[
        Path | None,
        Parameter(help="Folder for what the crisis room's printer and the wards' printed, pictures, the last page."),
    ] = None,
    no_install: NoInstall = False,
    as_json: Json = False,
) -> int:
    """Play the night on a lab of its own: damage spreads from one machine, people are called, and it comes again.

    The hospital is made, attacked and removed again, in two to five minutes. From `plan` on, people are called by a
    modem, the emergency plan is triggered, ambulances are diverted and a situation report is printed. With `paper`, two
    wards go on on paper while the record is away, and everything goes back into it. With `morning`, servers come back
    in waves under watch. With `account`, it is said what it was, where it came from and whether data left; a second
    hospital is warned, and attacked; drafts and evidence are handed over. What the score says of harm, time and loss
    comes from a witness outside Garde; the rest is Garde's word. It needs root.

    Example: garde night --until account --seed 7
    """
    import secrets

    from garde.cli.screen import Screen
    from garde.errors import UsageError
    from garde.lab.night.play import Order, play
    from garde.lab.night.story import check_stage

    stage = check_stage(until)
    if seed is not None and not 0 <= seed <= MOST_SEED:
        raise UsageError(f"--seed {seed} is out of range", f"0 to {MOST_SEED}")
    for name, path in (("truth", truth), ("journal", journal), ("pages", pages)):
        if path is not None:
            _check_place(name, path, folder=name == "pages")
    drawn = secrets.randbits(31) if seed is None else seed
    order = Order(stage, drawn, truth, journal, pages, install=not no_install)
    with _ends_in_order():
        if as_json:
            return _close(_as_json(order, play, Screen(as_json=True)))
        return _close(_for_people(order, play))


def _check_place(name: str, path: Path, *, folder: bool) -> None:
    from garde.errors import UsageError

    if (path.exists() and path.is_dir() != folder) or not path.absolute().parent.is_dir():
        raise UsageError(f"--{name} {path} can't be written", "name one in a folder that is there")


def _ends_in_order() -> Any:
    """SIGTERM ends the night as Ctrl-C does: the hospital is taken down."""
    import contextlib
    import signal

    @contextlib.contextmanager
    def inside() -> Any:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    return inside()


def _close(ended: Ended) -> int:
    """Return 0 where the machine was refused everywhere and nothing is lost; raises Incomplete with what went wrong."""
    from garde.errors import Incomplete

    score, wrong = ended.score, []
    if score.refused_everywhere_s is None:
        wrong.append("the spreading machine was not refused at every server")
    if score.lost:
        wrong.append(f"{score.lost} documents are lost: {_named(ended.lost)}")
    if not score.proven:
        wrong.append("the cut was not proven")
    if not score.recurrence_joined:
        wrong.append("the second burst was not joined to the first")
    if ended.faults:
        wrong.append("the journal does not prove to be whole")
    wrong += _wrong_with_plan(ended) + _wrong_with_paper(ended) + _wrong_with_morning(ended)
    wrong += _wrong_with_account(ended.accounted) if ended.accounted is not None else []
    if wrong:
        raise Incomplete("; ".join(wrong), f"play it again with --seed {score.seed}, and look into the entries above")
    return 0


def _named(lost: dict[str, list[str]]) -> str:
    """Return which documents, a few of each server: the names are the lab's own."""
    from garde.journal.text import plain

    return ", ".join(f"{plain(name)} on {server}" for server, names in lost.items() for name in names[:3])


def _wrong_with_plan(ended: Ended) -> list[str]:
    score = ended.score
    missing = {
        "nobody was called": score.called_s is None,
        "no page was printed": score.page_printed_s is None,
        "the plan was not triggered": score.plan_triggered_s is None,
        "the 112 centre did not acknowledge the diversion": score.diversion_acknowledged is False,
    }
    return [words for words, lacks in missing.items() if lacks]


def _wrong_with_paper(ended: Ended) -> list[str]:
    if ended.papered is None:
        return []
    told, real = ended.papered.told, ended.papered.real
    wrong = {
        f"{real.messages_lost} messages that the desk acknowledged are lost": real.messages_lost > 0,
        "the packs did not come to the wards": told.packs_s is None,
        "no sheet was printed": not real.sheets_printed,
        f"{real.sheets_printed} sheets were printed, the desk knows of {told.sheets_printed}": (
            real.sheets_printed != told.sheets_printed
        ),
        f"{told.sheets_accounted} of {told.sheets_printed} sheets are accounted for": (
            told.sheets_accounted != told.sheets_printed
        ),
        f"the census is not what the hospital's books say: {'; '.join(ended.papered.differences[:3])}": (
            not real.census_equal
        ),
        "the modality was given no worklist": not real.worklist_items,
        f"{ended.papered.doubled} messages came to the record more than once under another number": (
            ended.papered.doubled > 0
        ),
    }
    return [words for words, so in wrong.items() if so]


def _wrong_with_morning(ended: Ended) -> list[str]:
    if ended.returned is None:
        return []
    told, real = ended.returned.told, ended.returned.real
    wrong = {
        "backups could still be deleted": real.retention_frozen_s is None,
        f"of {len(ended.returned.waves)} waves {real.waves} came back": real.waves != len(ended.returned.waves),
        f"Garde says {told.waves} waves came back, {real.waves} did": told.waves != real.waves,
        f"open too early: {'; '.join(ended.returned.final.too_early[:3])}": real.opened_before_verified > 0,
        f"the relapse reached {real.relapse_files} files before it was cut again": not 0 < real.relapse_files < 5,
        "the record was not brought back": real.record_restored_to is None,
        f"{real.files_lost} files or rows are lost: {'; '.join(ended.returned.wrong[:3])}": real.files_lost > 0,
        "the plan was not lifted": ended.returned.final.lifted is None,
    }
    return [words for words, so in wrong.items() if so]


SIZE_WITHIN = 0.1  # of what left: counted on the line by one, without its headers by the other
FEW = 2  # files of the first verdict next door: the first one, and one that was judged in the same breath


def _wrong_with_account(account: Account) -> list[str]:
    told, real = account.told, account.real
    wrong = {
        f"the family is {real.family}, Garde says {told.family or 'unknown'}": told.family != real.family,
        f"it was led from {real.origin}, Garde says {told.origin}": told.origin != real.origin,
        f"that address lies in {account.real_country}, Garde says {account.country or 'nothing'}": (
            account.country != account.real_country
        ),
        f"whether data left: {real.egress}, Garde says {told.egress}": told.egress != real.egress,
        f"{real.egress_bytes} bytes left, Garde says {told.egress_bytes}": not _near(
            told.egress_bytes, real.egress_bytes
        ),
        "no warning was ready": real.warning_s is None,
        "nobody attacked the hospital that was warned": real.neighbour_touched <= 0,
        f"next door the first verdict took {account.judged_by} files": not 0 < account.judged_by <= FEW,
        f"{len(account.lost_next_door)} documents are lost there": bool(account.lost_next_door),
        f"the evidence does not hold: {'; '.join(account.wrong[:3])}": bool(account.wrong),
        "the bundle was not verified, or a forged one was": not told.evidence_verified,
        f"{real.drafts} drafts were handed in, Garde says {told.drafts}": told.drafts != real.drafts,
    }
    return [words for words, so in wrong.items() if so]


def _near(told: int | None, real: int | None) -> bool:
    """Whether what was said to have left is what left, within a tenth."""
    if told is None or real is None:
        return False
    return abs(told - real) <= SIZE_WITHIN * real


# --- for machines -----------------------------------------------------------------------------------------------------


class _Lines:
    """One JSON object a line."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._lock = threading.Lock()

    def _say(self, body: dict[str, Any]) -> None:
        with self._lock:
            self._screen.data(body)

    def step(self, text: str) -> None:
        self._say({"kind": "step", "text": text})

    def entry(self, entry: Entry) -> None:
        self._say({"kind": "entry", "entry": as_data(entry)})

    def begins(self, at: float) -> None:
        from garde.clock import iso

        self._say({"kind": "begins", "at": iso(at)})

    def burst(self, number: int, files: int, refused: Sequence[str]) -> None:
        """Nothing: the witness's line says it in the end."""

    def seen(self, number: int, seen: Seen) -> None:
        from garde.lab.night.score import burst

        self._say({"kind": "witness", "burst": number + 1, **burst(seen)})

    def rang(self, message: Message) -> None:
        self._say({"kind": "rang", "number": message.number, "at": round(message.at, 3)})

    def printed(self, sheet: Sheet) -> None:
        self._say({"kind": "printed", "name": sheet.name, "at": round(sheet.at, 3)})

    def colleagues(self, days: dict[str, Day]) -> None:
        for machine, day in days.items():
            self._say(
                {
                    "kind": "colleague",
                    "machine": machine,
                    "done": day.done,
                    "failed": len(day.failed),
                    "longest_s": round(day.longest_s, 3),
                }
            )

    def journal(self, entries: int, faults: int) -> None:
        self._say({"kind": "journal", "entries": entries, "faults": faults})


def as_data(entry: Entry) -> dict[str, Any]:
    """One entry as plain data; texts as they are shown, their bytes stay in the journal."""
    from garde.clock import iso

    return {
        "seq": entry.seq,
        "at": iso(entry.at),
        "who": entry.who,
        "kind": entry.kind,
        "payload": _plain(entry.payload),
    }


def _plain(value: Any) -> Any:
    import dataclasses

    from garde.journal.text import Text

    if isinstance(value, Text):
        return value.shown()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _as_json(order: Any, play: Callable[..., Ended], screen: Screen) -> Ended:
    import msgspec

    ended = play(order, _Lines(screen))
    screen.data(msgspec.to_builtins(ended.score))
    return ended


# --- for people -------------------------------------------------------------------------------------------------------


class _Screen:
    """The story's clock and a line for each entry."""

    def __init__(self, console: Console, live: Status) -> None:
        from garde.journal.speech import say_in

        self._console, self._live = console, live
        self._say = say_in("en")
        self._lock = threading.Lock()
        self._began: float | None = None
        self._now = ""

    def _line(self, text: str, style: str = "") -> None:
        from rich.text import Text

        with self._lock:
            self._console.print(Text(text, style=style), soft_wrap=True)

    def step(self, text: str) -> None:
        self._live.update(text)
        if not text.startswith("making"):
            self._line(f"· {text}", "bold")

    def begins(self, at: float) -> None:
        self._began = at

    def entry(self, entry: Entry) -> None:
        from garde.cli.screen import STYLES
        from garde.journal.words import line
        from garde.lab.night.story import clock

        if entry.kind in UNSAID:
            return
        spoken = line(entry, self._say)
        when = clock(entry.at - self._began) if self._began is not None else "--:--:--"
        who = entry.who.removeprefix("agent/")
        self._line(f"{when}  {who:14} {spoken.text}", STYLES.get(spoken.tone, ""))

    def burst(self, number: int, files: int, refused: Sequence[str]) -> None:
        self._live.update(f"files attacked: {files} · servers that refuse the machine: {len(refused)}")

    def seen(self, number: int, seen: Seen) -> None:
        from garde.lab.night.story import words

        files = ", ".join(f"{len(paths)} on {server}" for server, paths in seen.touched.items())
        self._line(
            f"  witness: {seen.machine} reached {files}; refused everywhere after {words(seen.refused_everywhere_s)}",
            "cyan",
        )

    def rang(self, message: Message) -> None:
        self._line(f"  witness: {message.number} rings", "cyan")

    def printed(self, sheet: Sheet) -> None:
        self._line(f"  witness: the crisis room's printer has {sheet.name}", "cyan")

    def colleagues(self, days: dict[str, Day]) -> None:
        for machine, day in days.items():
            self._line(
                f"  witness: {machine} went on working: {day.done} times, {len(day.failed)} failed, "
                f"the longest wait {day.longest_s:.2f} s",
                "cyan",
            )

    def journal(self, entries: int, faults: int) -> None:
        whole = "it is whole" if not faults else f"it has {faults} faults"
        self._line(f"  journal: {entries} entries, and {whole}", "cyan" if not faults else "bold red")


# Entries that a reader of the night does not need: there are hundreds, and the next line says what they come to.
UNSAID = frozenset({
    "finding_made", "file_restored", "coverage_changed", "estate_loaded", "wake_asked", "woke", "token_made",
    "command_done", "code_given", "point_judged", "errand_asked", "isolation_wanted", "isolation_over",
    "machine_looked", "machine_swept", "watch_raised", "credential_listed", "path_seen", "evidence_taken",
    "evidence_moved", "egress_looked",
})  # fmt: skip


def _for_people(order: Any, play: Callable[..., Ended]) -> Ended:
    from rich.console import Console

    from garde.cli.night_table import score_table

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(f"The night of the story, seed {order.seed}. Everything in it is synthetic.")
    with console.status("") as live:
        ended = play(order, _Screen(console, live))
    console.print(score_table(ended))
    return ended
