"""The journal: everything that happened, in order, as one record.

Comes in: a visit, what is looked for, where to begin. Goes out: HTML. It shows the newest entries first; older pages
are reached by number, so that a page means the same tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from garde.hub.console import acts
from garde.hub.console.names import Names
from garde.hub.console.sentences import TitleOf, tell
from garde.hub.console.site import Site
from garde.hub.console.web import Here, Seen
from garde.hub.present import entry_data
from garde.journal.entry import Entry
from garde.journal.kinds import AGENT_KINDS, KINDS
from garde.journal.speech import Said, mark
from garde.trust.web import html

SHOWN = 100
LOOKED_AT = 20_000  # entries looked at for one page of a machine's: a rare one must not read a million

# What people look for, as kinds of entries.
GROUPS: dict[str, tuple[str, ...]] = {
    "all": (),
    "incident": (
        "incident_opened", "incident_raised", "harm_joined", "spread_found", "incident_answered", "incident_closed",
        "incident_joined",
        "verdict_reached", "mass_delete_seen", "actor_held", "hold_refused", "hold_confirmed", "hold_released",
    ),
    "cuts": (
        "cut_proposed", "cut_changed", "cut_decided", "machine_cut", "machine_freed", "order_asked", "port_asked",
        "order_applied", "order_refused", "cut_tried", "cut_undone", "command_done", "command_failed",
    ),
    "files": ("finding_made", "file_restored", "restore_failed", "restore_started", "restore_finished"),
    "agents": (
        "agent_enrolled", "enrolment_refused", "agent_revoked", "agent_alive", "agent_silent", "envelope_refused",
        "agent_started", "agent_stopped", "mode_changed", "coverage_changed", "trees_unseen", "sensor_overflow",
        "lagging", "vault_full", "error_seen", "token_made",
    ),
    "people": (
        "signed_in", "sign_in_refused", "account_changed", "cut_decided", "incident_answered", "incident_closed",
    ),
}  # fmt: skip
GROUP_WORDS = {
    "all": mark("Everything"),
    "incident": mark("Incidents"),
    "cuts": mark("Cuts"),
    "files": mark("Files"),
    "agents": mark("Agents"),
    "people": mark("People"),
}


@dataclass(frozen=True, slots=True)
class LineShown:
    """One entry."""

    entry: Entry
    who: Said
    text: Said
    tone: str
    raw: str


@get("/journal", sync_to_thread=True)
def journal(site: Here, visit: Seen, of: FromQuery[str] = "all", before: FromQuery[int] = 0) -> Response[str]:
    """One page of it."""
    acts.check_reader(visit.caller)
    group = of if of in GROUPS else "all"
    board = site.board()
    head = site.deps.loop.journal.head()
    end = before - 1 if 0 < before <= head.seq else head.seq
    entries, reached = newest(site, GROUPS[group], end)
    title_of = site.title_of(board, visit.names)
    body = site.render(
        "journal.html",
        visit,
        lines=[_line(entry, visit.names, title_of) for entry in entries],
        groups={name: visit.say(words) for name, words in GROUP_WORDS.items()},
        group=group,
        older=f"/journal?{urlencode({'of': group, 'before': reached})}" if reached > 1 else "",
        newest=end == head.seq,
        head=head,
        waiting=site.waiting(board),
        kinds=" ".join(GROUPS[group] or KINDS) if end == head.seq else "",
    )
    return html(body)


def newest(site: Site, kinds: tuple[str, ...], end: int) -> tuple[list[Entry], int]:
    """Return the newest entries up to `end`, the newest first, and down to which number was looked."""
    found: list[Entry] = []
    reached, step = end + 1, SHOWN
    while reached > 1 and len(found) < SHOWN and end - reached < LOOKED_AT:
        start = max(reached - step, 1)
        found = list(_between(site, start, reached, kinds)) + found
        reached, step = start, step * 4
    if len(found) > SHOWN:
        found = found[-SHOWN:]
        reached = found[0].seq
    return found[::-1], reached


def _between(site: Site, first: int, behind: int, kinds: tuple[str, ...]) -> Iterator[Entry]:
    for entry in site.deps.loop.journal.entries(after=first - 1, kinds=kinds):
        if entry.seq >= behind:
            return
        yield entry


def _line(entry: Entry, names: Names, title_of: TitleOf) -> LineShown:
    told = tell(entry, names, title_of)
    who = names.speaker(entry.who) if entry.kind in AGENT_KINDS or not entry.who.startswith("person/") else Said("")
    data = entry_data(entry)
    raw = msgspec.json.format(
        msgspec.json.encode({"who": data["who"], "kind": data["kind"], **data["payload"]}), indent=2
    )
    return LineShown(entry, who, told.text, told.tone, raw.decode("utf-8", "replace"))


PAGES = [journal]
