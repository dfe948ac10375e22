"""`garde share`: warning the neighbours, and being warned, from the hub's own machine.

Comes in: the hub's state directory, an action and its words. Goes out: `show`, `changes`, `export` and `print` read
(the journal and the files, beside a running hub or without one); every other action asks the hub, which checks who may
and writes who said it. To approve needs a person by name (`--login`): the hub's operator is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from garde.cli import share_in
from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock, Lang, Login, PasswordFile, person
from garde.cli.words import needed, nth

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.cli.sharing_view import SharingView
    from garde.clock import Clock

Action = Annotated[
    Literal[
        "show", "changes", "draw", "approve", "send", "told", "export", "print", "key", "unkey",
        "take", "poll", "list", "drop", "precaution",
    ],
    Parameter(name="ACTION", help="What to do; see docs/sharing.md."),
]  # fmt: skip
Words = Annotated[str, Parameter(name="WORDS", help="A warning, neighbours, a folder, as ACTION asks.")]
Version = Annotated[int, Parameter(name="--version", help="This version. Default: the newest one drawn.")]
Tlp = Annotated[
    Literal["clear", "green", "amber", "amber+strict", "red"], Parameter(name="--tlp", help="draw: for whose eyes.")
]
Channel = Annotated[str, Parameter(name="--channel", help="send, told: on this channel.")]
Unconfirmed = Annotated[
    bool, Parameter(name="--unconfirmed", negative=(), help="told: told, but has not said that he understands.")
]
Name = Annotated[str, Parameter(name="--name", help="told: who spoke there.")]
Source = Annotated[str, Parameter(name="--from", help="take: who sent it.")]
Note = Annotated[str, Parameter(name="--note", help="precaution: why, for the record.")]
READS: Final = ("show", "changes", "export", "print")


def share(
    action: Action,
    /,
    *words: Words,
    state: HubState = DEFAULT_STATE,
    version: Version = 0,
    tlp: Tlp = "amber",
    channel: Channel = "",
    unconfirmed: Unconfirmed = False,
    name: Name = "",
    source: Source = "",
    note: Note = "",
    login: Login = "",
    password_file: PasswordFile = None,
    lang: Lang = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Warn the neighbours: see what would leave, approve it, send it. Be warned: take what they send, watch for it.

    Example: garde share told w-i-1 chr-meuse --name "Dr Leroy"
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen

    screen, clock, at = Screen(as_json), clock_of(lab_clock), state.absolute()
    if action in READS:
        from garde.cli.plan import language
        from garde.cli.sharing_view import SharingView

        _read(SharingView(screen, at, clock, lang or language()), action, words, version)
        return 0
    if action in share_in.ACTIONS:
        who = person(login, password_file)
        share_in.act(action, words, share_in.Desk(at, clock, screen, who, source=source, why=note))
        return 0
    asked = _Asked(at, clock, screen, login, password_file)
    more: dict[str, Any] = {"version": version, "tlp": tlp, "channel": channel, "name": name}
    _act(asked, action, words, more | {"confirmed": not unconfirmed})
    return 0


def _read(view: SharingView, action: str, words: Sequence[str], version: int) -> None:
    match action:
        case "show":
            view.show(nth(words, 0), version)
        case "changes":
            view.changes(nth(words, 0), version)
        case "export":
            folder = _named(nth(words, 1) or nth(words, 0), "where to? garde share export FOLDER")
            view.export(nth(words, 0) if len(words) > 1 else "", version, Path(folder))
        case _:
            view.paper(nth(words, 0), version)


class _Asked:
    """Who asks the hub, and says what came of it."""

    def __init__(self, state: Path, clock: Clock, screen: Screen, login: str, password: Path | None) -> None:
        self.state, self.clock, self.screen = state, clock, screen
        self._login, self._password = login, password

    def get(self, path: str) -> Any:
        """Ask how things stand, as the operator."""
        from garde.hub.client import ask_hub

        return ask_hub(self.state, self.clock, "GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask for something, as the operator or the person named; say what was written down."""
        from garde.cli.plan import say_written
        from garde.hub.client import ask_by

        found = ask_by(self.state, self.clock, person(self._login, self._password), path, body)
        say_written(self.screen, found["entries"])
        return found

    def newest(self, name: str, version: int) -> dict[str, Any]:
        """Return the version that is meant: of the warning named or, where there is only one, of that."""
        from garde.errors import NotFound, UsageError

        known = [each for each in self.get("/sharing")["versions"] if each["drawn"]]
        if not name and len({each["warning"] for each in known}) > 1:
            raise UsageError("there are several warnings: name one", "see them: garde share show")
        fits = [each for each in known if name in ("", each["warning"]) and version in (0, each["version"])]
        if not fits:
            raise NotFound("there is no such warning", "see them: garde share show")
        found: dict[str, Any] = fits[-1]
        return found


def _act(asked: _Asked, action: str, words: Sequence[str], more: dict[str, Any]) -> None:
    match action:
        case "draw":
            incident = _named(nth(words, 0), "of which incident? garde share draw i-1")
            asked.post("/sharing/draw", {"incident": incident, "tlp": more["tlp"]})
        case "approve":
            found = asked.newest(nth(words, 0), more["version"])
            body = {"version": found["version"], "sha256": found["sha256"]}
            asked.post(_path(found["warning"], "approve"), body)
        case "send":
            found = asked.newest(nth(words, 0), more["version"])
            body = {"version": found["version"], "neighbours": list(words[1:]), "channel": more["channel"]}
            asked.post(_path(found["warning"], "send"), body)
        case "told":
            warning = _named(nth(words, 0), "which warning? garde share told WARNING NEIGHBOUR")
            whom = _named(nth(words, 1), "who was told? garde share told WARNING NEIGHBOUR")
            body = {"neighbour": whom, "confirmed": more["confirmed"], "name": more["name"]}
            asked.post(_path(warning, "told"), body | {"channel": more["channel"] or "phone"})
        case _:
            _key(asked, _named(nth(words, 0), f"whose? garde share {action} NEIGHBOUR"), drop=action == "unkey")


def _key(asked: _Asked, neighbour: str, *, drop: bool) -> None:
    found = asked.post("/sharing/keys", {"neighbour": neighbour, "drop": drop})
    if found["token"]:
        url = _collection(asked.state)
        asked.screen.data({"kind": "token", "neighbour": neighbour, "token": found["token"], "url": url})
        asked.screen.line(f"token of {neighbour}, shown this once: {found['token']}", "warn")
        asked.screen.line(f"it reads {url} and nothing else; give ca.pem with it", "note")


def _collection(state: Path) -> str:
    """Return where a neighbour reads what is approved."""
    from garde.hub.config import load_config
    from garde.hub.taxii import COLLECTION

    config = load_config(state)
    host = f"[{config.address}]" if ":" in config.address else config.address
    return f"https://{host or 'HUB'}:{config.bind[1]}{COLLECTION}"


def _path(warning: str, act: str) -> str:
    from urllib.parse import quote

    return f"/sharing/warnings/{quote(warning, safe='')}/{act}"


def _named(name: str, what: str) -> str:
    return needed(name, what, "share")
