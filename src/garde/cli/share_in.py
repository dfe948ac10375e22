"""What `garde share` does with what neighbours send: take, poll, list, drop, precaution.

Comes in: the hub's state directory, words. Goes out: lines; what was asked is asked of the hub, which checks who may.
`take` needs a running hub: the file goes to it as it lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from garde.cli.words import needed, nth
from garde.errors import NotFound, UsageError

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock

ACTIONS: Final = ("take", "poll", "list", "drop", "precaution")
_SHORT: Final = 12  # digits of a digest that are shown, and enough to name it
_SEEN: Final = 20  # sightings shown
Who = tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Which hub is asked, and who asks."""

    state: Path
    clock: Clock
    screen: Screen
    who: Who  # login and password; None: the operator
    source: str = ""
    why: str = ""

    def post(self, path: str, body: Any) -> None:
        """Ask for something, and say what was written down."""
        from garde.hub.client import ask_by

        self.say(ask_by(self.state, self.clock, self.who, path, body))

    def send(self, path: str, file: Path) -> None:
        """Send a file, and say what was written down."""
        from garde.hub.client import send_file

        self.say(send_file(self.state, self.who, path, file))

    def say(self, found: Any) -> None:
        """Say what was written down."""
        from garde.cli.plan import say_written

        if found["entries"]:
            say_written(self.screen, found["entries"])
        else:
            self.screen.line("nothing new", "note")


def act(action: str, words: Sequence[str], desk: Desk) -> None:
    """Carry one of `ACTIONS` out."""
    match action:
        case "take":
            _take(words, desk)
        case "list":
            from garde.hub.client import ask_hub

            _list(ask_hub(desk.state, desk.clock, "GET", "/sharing/in"), desk.screen)
        case "poll":
            desk.post("/sharing/poll", {"neighbour": _named(words, 0, "whom? garde share poll NEIGHBOUR")})
        case "drop":
            name = _named(words, 0, "what? garde share drop DIGEST")
            desk.post(f"/sharing/taken/{quote(name, safe='')}/drop", {})
        case _:
            name = _named(words, 0, "which? garde share precaution ID cut")
            body = {"state": _named(words, 1, "healthy, ready or cut?"), "why": desk.why}
            desk.post(f"/sharing/precautions/{quote(name, safe='')}", body)


def _take(words: Sequence[str], desk: Desk) -> None:
    file = Path(_named(words, 0, "which file? garde share take FILE --from NEIGHBOUR"))
    if not desk.source:
        raise UsageError("who sent it?", "garde share take FILE --from NEIGHBOUR")
    if not file.is_file():
        raise NotFound(f"{file} is no file", "name the file as it came")
    desk.send(f"/sharing/taken?{urlencode({'source': desk.source})}", file)


def _named(words: Sequence[str], number: int, what: str) -> str:
    return needed(nth(words, number), what, "share")


# --- how things stand -------------------------------------------------------------------------------------------------


def _list(found: dict[str, Any], screen: Screen) -> None:
    from garde.clock import iso
    from garde.journal.text import plain

    screen.data({"kind": "watch", **found})
    watched = found["watched"]
    if watched is None:
        screen.line("No neighbour has sent anything that is watched for.", "note")
        return
    screen.line(f"Watched for: {watched['indicators']} indicators, list {watched['sha256'][:_SHORT]}…", "good")
    for each in found["taken"]:
        count = f"{each['indicators']} indicators, {each['refused']} refused"
        tone = "note" if each["counts"] else "dim"
        name = f"{each['sha256'][:_SHORT]} {plain(each['source'])}"
        screen.line(f"  {name} ({each['format']}, TLP:{(each['tlp'] or '?').upper()}): {count}", tone)
        for why in each["refused_why"]:
            screen.line(f"      {plain(why)}", "dim")
    for name, agent in found["agents"].items():
        screen.line(f"  {plain(name)}: {_stands(agent, watched['sha256'])}", _tone(agent, watched["sha256"]))
    for each in found["seen"][-_SEEN:]:
        where = f"{plain(each['machine'])} {each['where']}"
        screen.line(f"  SEEN {iso(each['at'])} {each['sort']} {each['value']} at {where}", "bad")
    for each in found["precautions"]:
        _offer(each, screen)


def _stands(agent: dict[str, Any], digest: str) -> str:
    if agent["sha256"] == digest:
        return f"watches for {agent['indicators']}" + (f" ({agent['detail']})" if agent["detail"] else "")
    if agent["command"]:
        return "asked, no answer yet"
    return f"does NOT watch for it: {agent['detail'] or 'not asked'}"


def _tone(agent: dict[str, Any], digest: str) -> str:
    return "good" if agent["sha256"] == digest else "warn"


def _offer(each: dict[str, Any], screen: Screen) -> None:
    from garde.journal.text import plain

    price = ", ".join(plain(name) for name in each["price"]) or "no clinical service"
    machines = ", ".join(plain(name) for name in each["machines"])
    stands = f"{each['state']} by {plain(each['by'])}" if each["state"] else "nobody has decided"
    screen.line(f"  PRECAUTION {each['id']}: cut {machines}; it would stop: {price}. {stands}", "warn")
