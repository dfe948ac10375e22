"""The agent's machine output as lines for people.

Comes in: one event (a dictionary with `kind` and `at`). Goes out: a sentence, escaped, with its tone. An event of a
kind not known here is shown as it is. `Calm` keeps a burst of findings from becoming a wall of text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from garde.journal.speech import say_in
from garde.journal.text import plain
from garde.journal.words import PROOFS

Event = dict[str, Any]
Shown = tuple[str, str]  # sentence, tone
BURST = 5  # findings in a row that are shown one by one


def readable(event: Event) -> Shown:
    """Return (sentence, tone) of one event."""
    speaker = _SPEAKERS.get(str(event.get("kind")))
    if speaker is None:
        return plain(json.dumps(event, ensure_ascii=True)), "dim"
    text, tone = speaker(event)
    return f"{_clock(event)} {text}", tone


def _clock(event: Event) -> str:
    try:
        return datetime.fromisoformat(str(event.get("at"))).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"


def actor(who: Any) -> str:
    """Return the actor of an event in a few words."""
    if not isinstance(who, dict):
        return "an unknown writer"
    smb = who.get("smb")
    if isinstance(smb, dict) and smb:
        users = ", ".join(plain(str(user)) for user in smb.get("users", ())) or plain(str(who.get("user", "")))
        return f"Samba client {plain(str(smb.get('address') or 'of unknown address'))}" + (
            f" (user {users})" if users else ""
        )
    name = plain(str(who.get("comm") or who.get("exe") or "process"))
    user = f", user {plain(str(who['user']))}" if who.get("user") else ""
    return f"{name} (process {who.get('pid', '?')}{user})" if who.get("pid") else "an unknown writer"


def _count(value: Any, noun: str) -> str:
    n = len(value) if isinstance(value, list) else int(value or 0)
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def _ready(e: Event) -> Shown:
    mode = e.get("mode")
    coverage = e.get("coverage") or {}
    parts = [f"Ready: {_mode(mode)}", f"sensor {plain(str(e.get('sensor', '?')))}"]
    if isinstance(coverage, dict) and "files" in coverage:
        judge = coverage.get("judge_percent", coverage.get("judgeable_percent"))
        restore = coverage.get("restore_percent", coverage.get("restorable_percent"))
        parts.append(f"{_count(coverage['files'], 'file')}: {judge} % can be judged, {restore} % restored")
    if e.get("unseen"):
        parts.append("NOT watched: " + ", ".join(plain(_unseen(each)) for each in e["unseen"]))
    return " · ".join(parts), "bad" if e.get("unseen") or "watching" in str(mode) else "good"


def _mode(mode: Any) -> str:
    return plain(str(mode.get("in_force", mode) if isinstance(mode, dict) else mode))


def _unseen(each: Any) -> str:
    if isinstance(each, dict):
        return f"{each.get('what') or each.get('tree')} ({each.get('reason')})"
    return str(each)


def _finding(e: Event) -> Shown:
    say = say_in("en")
    why = "; ".join(say.word(PROOFS, str(proof)) for proof in e.get("proofs", ()))
    if isinstance(e.get("paths"), list):
        return f"{_count(e.get('files', e['paths']), 'document')} gone or emptied, by {actor(e.get('actor'))}", "bad"
    return f"Damaged: {plain(str(e.get('path', '?')))} — {why}", "warn"


def _listed(e: Event) -> Shown:
    what = f"{plain(str(e.get('sort', '?'))).replace('_', ' ')} {plain(str(e.get('value', '?')))}"
    where = f" at {plain(str(e['path']))}" if e.get("path") else ""
    return f"On the watch list ({plain(str(e.get('source', '?')))}): {what}{where}; nobody is held for it", "warn"


def _verdict(e: Event) -> Shown:
    known = list(e.get("actors", ()))
    actors = actor(known[0] if known else None) + (f" and {len(known) - 1} more" if len(known) > 1 else "")
    return f"ATTACK {plain(str(e.get('id', '')))}: {actors}, by {_count(e.get('files', []), 'damaged file')}", "bad"


def _held(e: Event) -> Shown:
    ids = f"{plain(str(e.get('id', '')))}: " if e.get("id") else ""
    return f"HELD {ids}{actor(e.get('actor'))} after {_count(e.get('touched'), 'file')}", "bad"


def _confirmed(e: Event) -> Shown:
    done = f" ({plain(str(e['done']))})" if e.get("done") else ""
    return f"Looked again, the evidence stands: {plain(str(e.get('id', '')))}{done}", "warn"


def _released(e: Event) -> Shown:
    return f"Let go: {plain(str(e.get('id', '')))} — {plain(str(e.get('reason', '')))}", "warn"


def _restored(e: Event) -> Shown:
    text = f"{'Would put' if e.get('dry_run') else 'Put'} {_count(e.get('files'), 'file')} back"
    failed = e.get("failed")
    if failed:
        return f"{text}; {_count(failed, 'file')} could NOT be put back", "bad"
    return text, "good"


def _lag(e: Event) -> Shown:
    waiting = f", {_count(e.get('waiting'), 'file')} waiting" if e.get("waiting") else ""
    return f"Judging is {e.get('seconds', '?')} s late{waiting}", "warn" if e.get("seconds") else "good"


def _overflow(e: Event) -> Shown:
    return "More happened than could be followed" + (
        ": looking at the folders again" if e.get("rescan") else ""
    ), "warn"


def _error(e: Event) -> Shown:
    todo = f" — {plain(str(e['todo']))}" if e.get("todo") else ""
    who = f" ({actor(e['actor'])})" if e.get("actor") else ""
    return f"{plain(str(e.get('code', 'ERROR')))}: {plain(str(e.get('message', '')))}{who}{todo}", "bad"


def _errand(e: Event) -> Shown:
    if e.get("verb") == "retention":
        words, tone = retention(e)
        return f"Backups {words}", tone
    words, tone = errand(e)
    return f"Errand {words}", tone


def errand(said: Event) -> Shown:
    """Return how one errand of the hub stands."""
    state = str(said.get("state", ""))
    what = [plain(str(said[name])) for name in ("verb", "store", "point") if said.get(name)]
    words = f"{' '.join(what) or plain(str(said.get('command', ''))[:12])}: {plain(state)}"
    done, total = int(said.get("done") or 0), int(said.get("total") or 0)
    if total:
        words += f", {100 * done // total} %"
    if said.get("detail"):
        words += f" — {plain(str(said['detail']))}"
    return words, {"done": "good", "refused": "bad"}.get(state, "note")


def retention(said: Event) -> Shown:
    """Return whether anybody can shorten a store's retention."""
    state, store = str(said.get("state", "")), plain(str(said.get("store", "")))
    detail = f" — {plain(str(said['detail']))}" if said.get("detail") else ""
    match state:
        case "frozen":
            return f"{store}: retention is frozen, proven{detail}", "warn"
        case "not proven":
            return f"{store}: retention is NOT PROVEN to be frozen{detail}", "bad"
        case _:
            return f"{store}: retention goes on{detail}", "note"


_SPEAKERS: dict[str, Callable[[Event], Shown]] = {
    "ready": _ready,
    "finding": _finding,
    "listed": _listed,
    "verdict": _verdict,
    "held": _held,
    "confirmed": _confirmed,
    "released": _released,
    "restored": _restored,
    "errand": _errand,
    "lag": _lag,
    "overflow": _overflow,
    "error": _error,
}


@dataclass(slots=True)
class Calm:
    """Shows events through `show`; of findings in a row only the first few, then how many more there were."""

    show: Callable[[str, str], None]
    row: int = 0

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if event.get("kind") == "finding" and "paths" not in event:
            self.row += 1
            if self.row > BURST:
                return
        else:
            if self.row > BURST:
                self.show(f"         … and {_count(self.row - BURST, 'more damaged file')}", "warn")
            self.row = 0
        self.show(*readable(event))
