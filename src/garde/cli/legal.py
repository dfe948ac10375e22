"""`garde legal`: what the law asks, from the hub's own machine: clocks, drafts, signatures, submissions, the ransom.

Comes in: the hub's state directory, an action and its words. Goes out: `clocks`, `drafts`, `show` and `export` read
(the journal, beside a running hub or without one); every other action asks the hub, which checks who may and writes who
said it. Awareness, whether a duty applies, a signature, a submission and the ransom need a person by name (`--login`):
the hub's operator is none. It sends nothing to any authority.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock, Lang, Login, PasswordFile
from garde.cli.words import needed, nth

if TYPE_CHECKING:
    from garde.cli.legal_view import LegalView
    from garde.cli.screen import Screen
    from garde.clock import Clock

Action = Annotated[
    Literal[
        "clocks", "load", "aware", "applies", "drafts", "draft", "show", "edit", "sign", "submit", "ransom", "export",
    ],
    Parameter(name="ACTION", help="What to do; see docs/legal.md."),
]  # fmt: skip
Words = Annotated[str, Parameter(name="WORDS", help="Events, clocks, forms, drafts, fields, times, as ACTION asks.")]
Incident = Annotated[str, Parameter(name="--incident", help="Of this incident. Default: the newest that goes on.")]
Note = Annotated[str, Parameter(name="--note", help="Why, for the record.")]
Language = Annotated[Literal["en", "fr"] | None, Parameter(name="--language", help="draft: its language.")]
File = Annotated[Path | None, Parameter(name="--file", help="load: clocks as TOML; edit: a draft edited as text.")]
Out = Annotated[Path | None, Parameter(name="--out", help="export: FILE.pdf, FILE.json or FILE.txt.")]
Channel = Annotated[str, Parameter(name="--channel", help="submit: by which channel it was handed in.")]
Reference = Annotated[str, Parameter(name="--reference", help="submit: under which reference it was taken.")]
At = Annotated[str, Parameter(name="--at", help="submit: when. Default: now.")]

READS: Final = ("clocks", "drafts", "show", "export")
_HELP: Final = "see `garde legal --help`"


def legal(
    action: Action,
    /,
    *words: Words,
    state: HubState = DEFAULT_STATE,
    incident: Incident = "",
    note: Note = "",
    language: Language = None,
    file: File = None,
    out: Out = None,
    channel: Channel = "",
    reference: Reference = "",
    at: At = "",
    login: Login = "",
    password_file: PasswordFile = None,
    lang: Lang = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Keep the legal clocks, fill drafts from the record, sign them, say what was handed in and what was decided.

    Example: garde legal aware aware_personal_data "2026-11-24 06:10" --login dora --note "the record is encrypted"
    """
    from garde.cli.options import clock_of
    from garde.cli.plan import language as language_of
    from garde.cli.plan import say_written
    from garde.cli.screen import Screen

    screen, clock, place = Screen(as_json), clock_of(lab_clock), state.absolute()
    if action in READS:
        _read(_view(screen, place, clock, lang), action, words, incident, out)
        return 0
    desk = _Desk(place, clock, login, password_file)
    desk.said = {
        "incident": incident, "note": note, "language": language or language_of(), "channel": channel,
        "reference": reference, "at": at,
    }  # fmt: skip
    desk.file = file
    path, body = desk.asked(action, words)
    say_written(screen, desk.ask(path, body)["entries"])
    return 0


def _view(screen: Screen, place: Path, clock: Clock, lang: str | None) -> LegalView:
    from garde.cli.legal_view import LegalView
    from garde.cli.plan import language

    return LegalView(screen, place, clock, lang or language())


def _read(view: LegalView, action: str, words: Sequence[str], incident: str, out: Path | None) -> None:
    match action:
        case "clocks":
            view.clocks(incident, out)
        case "drafts":
            view.drafts(incident)
        case "show":
            view.show(_named(words, 0, "which draft? garde legal show DRAFT"))
        case _:
            view.export(_named(words, 0, "which draft? garde legal export DRAFT --out FILE.pdf"), out)


class _Desk:
    """What an action asks of the hub, and who asks."""

    def __init__(self, state: Path, clock: Clock, login: str, password: Path | None) -> None:
        self._state, self._clock, self._login, self._password = state, clock, login, password
        self.said: dict[str, str] = {}
        self.file: Path | None = None

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the hub, as its operator or as the person named."""
        from garde.cli.options import person
        from garde.hub.client import ask_by

        return ask_by(self._state, self._clock, person(self._login, self._password), path, body)

    def asked(self, action: str, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        """Return where to ask, and what."""
        acts: dict[str, Callable[[Sequence[str]], tuple[str, dict[str, Any]]]] = {
            "load": self._load,
            "aware": self._aware,
            "applies": self._applies,
            "draft": self._draft,
            "edit": self._edit,
            "sign": self._sign,
            "submit": self._submit,
            "ransom": self._ransom,
        }
        return acts[action](words)

    def _load(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        from garde.errors import UsageError

        if self.file is None and list(words) != ["default"]:
            raise UsageError("which clocks? garde legal load --file FILE.toml, or garde legal load default", _HELP)
        if self.file is None:
            return "/legal/clocks", {"content": "", "source": "default"}
        return "/legal/clocks", {"content": _content(self.file), "source": self.file.name}

    def _aware(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        event = _named(words, 0, 'aware of what? garde legal aware aware_personal_data "2026-11-24 06:10"')
        when = " ".join(words[1:])
        since = self._time(when) if when else self._clock.now()
        return "/legal/aware", {"event": event, "since": since, "note": self.said["note"],
                                "incident": self.said["incident"]}  # fmt: skip

    def _applies(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        clock = _named(words, 0, "which duty? garde legal applies nis2_early no --note WHY")
        says = _named(words, 1, "yes, no or open? garde legal applies nis2_early no --note WHY")
        return "/legal/applies", {"clock": clock, "applies": says, "why": self.said["note"],
                                  "incident": self.said["incident"]}  # fmt: skip

    def _draft(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        form = _named(words, 0, "which form? garde legal draft gdpr_33 --language fr")
        return "/legal/drafts", {"form": form, "language": self.said["language"], "incident": self.said["incident"]}

    def _edit(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        draft = _named(words, 0, "which draft? garde legal edit DRAFT FIELD WORDS, or --file FILE.txt")
        if self.file is not None:
            return _path(draft, "edit"), {"text": _content(self.file)}
        name = _named(words, 1, "which field? garde legal edit DRAFT FIELD WORDS; see `garde legal show DRAFT`")
        return _path(draft, "edit"), {"name": name, "value": " ".join(words[2:])}

    def _sign(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        row = self._row(_named(words, 0, "which draft? garde legal sign DRAFT --login NAME"))
        return _path(row["draft"], "sign"), {"version": row["version"], "sha256": row["sha256"]}

    def _submit(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        row = self._row(_named(words, 0, 'which draft? garde legal submit DRAFT --channel "online form" --login NAME'))
        at = self._time(self.said["at"]) if self.said["at"] else self._clock.now()
        return _path(row["draft"], "submit"), {"version": row["version"], "at": at, "channel": self.said["channel"],
                                               "reference": self.said["reference"]}  # fmt: skip

    def _row(self, draft: str) -> dict[str, Any]:
        """Return the draft as it stands: what is signed is what is shown now."""
        from garde.cli.legal_view import row_of

        return row_of(self._state, self._clock, draft)

    def _ransom(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        from garde.errors import UsageError

        says = _named(words, 0, "paid or not? garde legal ransom not-paid --login NAME")
        if says not in ("paid", "not-paid"):
            raise UsageError("the ransom is paid or not-paid", _HELP)
        return "/legal/ransom", {"paid": says == "paid", "why": self.said["note"], "incident": self.said["incident"]}

    def _time(self, text: str) -> float:
        """Return a time in the past: `06:10` is the last one on the wall."""
        from garde.emergency.times import read_past
        from garde.errors import UsageError

        try:
            return read_past(text, self._clock.now())
        except ValueError as error:
            raise UsageError(str(error), _HELP) from error


def _path(draft: str, act: str) -> str:
    from urllib.parse import quote

    return f"/legal/drafts/{quote(draft, safe='')}/{act}"


def _named(words: Sequence[str], number: int, what: str) -> str:
    return needed(nth(words, number), what, "legal")


def _content(file: Path) -> str:
    from garde.errors import UsageError

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}", "name a text file that can be read") from error
