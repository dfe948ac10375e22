"""A hub with a real journal and loop, all its capabilities, and a pager that only notes what it was given.

`pass_time` moves the clock from one due moment to the next, as the hub's own clock thread would find them; `restart`
ends the hub and starts it anew on the same journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from garde.clock import VirtualClock
from garde.estate.nouns import Duty, Estate, Gateway, Machine, Person, Rule, Service
from garde.hub.board import BOARD
from garde.hub.capabilities import CAPABILITIES
from garde.hub.keeping import estate_loaded
from garde.hub.loop import Loop
from garde.hub.performer import NEVER
from garde.hub.roster import ROSTER
from garde.hub.wakes import Wakes
from garde.journal import hub_kinds as h
from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o
from garde.journal import open_journal
from garde.journal.entry import Entry
from garde.journal.payload import Command, Payload
from garde.oncall.codes import slot_of
from garde.oncall.memory import Call, State

START = 1_800_000_000.0  # Fri 15 Jan 2027, 08:00 UTC
PEOPLE = (
    Person("ann", "Ann", ("on_call_it",), ("+320001", "+320009"), "ann@out.example", "en", ("ann.l",)),
    Person("ben", "Ben", ("on_call_it",), ("+320002",), "ben@out.example", "fr", ("ben.l",)),
    Person("eve", "Eve", ("it_director",), ("+320003",), "eve@out.example", "en", ("eve.l",)),
    Person("max", "Max", ("general_director",), ("+320004",), "", "fr"),
    Person("zoe", "Zoé", ("crisis_coordinator",), ("+320005",), "", "fr", ("zoe.l",)),
)
ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.0.5",)),
        Machine("files-1", "Files 1", "server", ("10.0.0.11",), agent=True),
        Machine("files-2", "Files 2", "server", ("10.0.0.12",), agent=True),
        Machine("gw", "Gateway", "gateway", ("10.0.0.1",), agent=True),
        Machine("sw", "Switch", "switch", ("10.0.0.2",)),
        Machine("pc", "Printer", "printer", ("10.0.0.91",), switch="sw", port="p1"),
        Machine("ws-9", "Desk 9", "workstation", ("10.0.0.109",)),
    ),
    services=(Service("lab", {"en": "Laboratory", "fr": "Laboratoire"}, ("ws-9",)),),
    people=PEOPLE,
    rota=(Duty("on_call_it", ("ann", "ben")), Duty("it_director", ("eve",)), Duty("crisis_coordinator", ("zoe",))),
    authority=(
        Rule("one", ("block", "isolate"), "one", words={"en": "One."}),
        Rule("outside", ("outside",), "two", roles=("it_director", "general_director"), words={"en": "Two."}),
        Rule("unanswered", ("isolate",), "unanswered", severity=2, after_s=300.0, words={"en": "Unanswered."}),
    ),
    gateways=(Gateway("gw", ("wan0",), ("203.0.113.11", "203.0.113.12:587/tcp")),),
    languages=("en", "fr"),
)
MODEM = o.ChannelNote("modem", "modem", "person", "phone")
MAIL = o.ChannelNote("mail", "mail", "person", "mail", outside=True)
PRINTER = o.ChannelNote("printer", "printer", "place", needs=("pc",))
SIREN = o.ChannelNote("siren", "webhook", "place", about=("incident",))
RULES = o.CallRules(test="", quiet="")
CHANNELS = (MODEM, MAIL, PRINTER)


class Pager:
    """A performer that takes pages down. `broken`: channels that refuse; `mute`: channels that never say anything."""

    kinds = ("page_asked",)

    def __init__(self) -> None:
        self.got: list[o.PageAsked] = []
        self.broken: set[str] = set()
        self.mute: set[str] = set()
        self._say: Callable[[Sequence[Payload]], None] = lambda payloads: None

    def open(self, say: Callable[[Sequence[Payload]], None]) -> None:
        self._say = say

    def begin(self, command: Command, entry: Entry) -> None:
        assert isinstance(command, o.PageAsked)
        self.got.append(command)
        if command.channel in self.broken:
            self._say([h.CommandFailed(command.command, "no network")])
        elif command.channel not in self.mute:
            self._say([h.CommandDone(command.command, "taken")])

    def settled(self, command: str) -> None:
        pass

    def tick(self) -> None:
        pass

    def next_due(self) -> float:
        return NEVER

    def close(self) -> None:
        pass


class House:
    """See the module. `rules` and `channels` are what the hospital set up."""

    def __init__(
        self,
        folder: Path,
        rules: o.CallRules = RULES,
        channels: tuple[o.ChannelNote, ...] | None = CHANNELS,
        estate: Estate = ESTATE,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.clock, self.pager = folder, VirtualClock(START), Pager()
        self.complaints: list[str] = []
        self._open()
        self.loop.append([estate_loaded(estate, Path("hospital.yaml"))])
        if channels is not None:
            self.loop.append([o.CallingSet("", channels, rules)])

    def _open(self) -> None:
        self.journal = open_journal(self.folder, who="hub", clock=self.clock)
        self.loop = Loop(
            self.journal, CAPABILITIES, [Wakes(self.clock), self.pager], self.clock, views=[ROSTER, BOARD],
            complain=self.complaints.append,
        )  # fmt: skip
        self.loop.start()

    def restart(self, down_s: float = 0.0) -> None:
        self.close()
        self.clock.advance(down_s)
        self._open()
        self.loop.tick()

    def close(self) -> None:
        self.loop.close()
        self.journal.close()

    # --- what happens ---

    def say(self, *payloads: Payload, who: str = "") -> list[Entry]:
        return self.loop.append(payloads, who=who)

    def pass_time(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while (due := self.loop.next_due()) <= end:
            self.clock.advance(max(0.0, due - self.clock.now()))
            self.loop.tick()
        self.clock.advance(end - self.clock.now())

    def incident(self, severity: int = 1, name: str = "i-1") -> str:
        self.say(h.IncidentOpened(name, self.clock.now() - 5, "files-1", severity))
        return name

    def cut(self, name: str = "c-1", needs: str = "one", action: str = "isolate", **more: Any) -> h.CutProposed:
        words = {
            "addresses": ("10.0.0.109",), "users": (), "where": ("files-1",), "rank": 1, "price": (), "degraded": (),
            "works": (), "undo": "", "why": {"isolate": "One.", "outside": "Two."}.get(action, ""), **more,
        }  # fmt: skip
        return h.CutProposed(cut=name, incident="i-1", action=action, target="ws-9", needs=needs, **words)

    def notice(self, name: str = "n-1", **more: Any) -> n.NoticeNeeded:
        words: dict[str, Any] = {
            "about": "", "people": (), "roles": ("on_call_it",), "texts": (("en", "Read this."), ("fr", "Lisez.")),
            "all_must": False, "within_s": 600.0, **more,
        }  # fmt: skip
        return n.NoticeNeeded(name, **words)

    def code(self, person: str, notice: str = "n-1", meaning: str = "ack", **more: Any) -> list[Entry]:
        """A code comes back by SMS."""
        call = self.call(notice)
        generation = more.pop("generation", call.generation)
        given = o.CodeGiven(notice, person, generation, meaning, "sms", "modem", **more)
        return self.say(given)

    # --- what came of it ---

    @property
    def state(self) -> State:
        found: State = self.loop.look("oncall", lambda state: state)
        return found

    def call(self, notice: str = "n-1") -> Call:
        return self.state.calls[notice]

    def pages(self, purpose: str = "call", channel: str = "") -> list[o.PageAsked]:
        return [
            each.payload
            for each in self.journal.entries(kinds=("page_asked",))
            if isinstance(each.payload, o.PageAsked)
            and each.payload.purpose == purpose
            and channel in ("", each.payload.channel)
        ]

    def called(self, purpose: str = "call") -> list[tuple[float, str]]:
        """When (seconds since the start, to the hundredth) who was called."""
        return [
            (round(each.at - START, 2), each.payload.person)
            for each in self.journal.entries(kinds=("page_asked",))
            if isinstance(each.payload, o.PageAsked) and each.payload.person and each.payload.purpose == purpose
        ]

    def said(self, kind: str) -> list[Any]:
        return [each.payload for each in self.journal.entries(kinds=(kind,))]

    def when(self, kind: str) -> list[float]:
        return [round(each.at - START, 2) for each in self.journal.entries(kinds=(kind,))]


def text(page: o.PageAsked) -> str:
    """The page with its codes' slots in place of codes."""
    return "\n".join(f"{line.text}{' <' + line.code + '>' if line.code else ''}" for line in page.lines)


def asked(page: o.PageAsked) -> list[str]:
    """The notices whose codes stand on the page."""
    return [slot_of(line.code).notice for line in page.lines if line.code]


def without(estate: Estate, **more: Any) -> Estate:
    return replace(estate, **more)
