"""What differs between two baselines of one machine.

Comes in: two baselines. Goes out: `Change`s, each with the sentence for people. It judges nothing: an honest upgrade
differs as well (`explain.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from garde.recovery.checks.base import Baseline
from garde.recovery.checks.names import unspell
from garde.recovery.checks.places import sort_of
from garde.recovery.checks.things import parse

NEW, CHANGED, GONE = "new", "changed", "gone"
# What a machine may lose without anybody gaining by it: a service that is down is for others to see.
_MAY_GO: Final = frozenset({"listeners", "modules", "preloads", "setuid"})
_WORDS: Final = {"setuid": "set-uid", "accounts": "account", "groups": "group", "packages": "package",
                 "listeners": "listener", "modules": "kernel module", "preloads": "preload"}  # fmt: skip
ORDER: Final = ("packages", "accounts", "groups", "setuid", "preloads", "listeners", "modules", "files")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    part: str
    name: str
    what: str  # new | changed | gone
    before: str = ""
    after: str = ""

    def line(self) -> str:
        """Say it in one line: `unit new: /etc/systemd/system/x.service`."""
        return f"{self._sort()} {self.what}: {self.name}{self._detail()}"

    def _sort(self) -> str:
        if self.part != "files":
            return _WORDS[self.part]
        return sort_of(unspell(self.name), parse(self.after or self.before).mode)

    def _detail(self) -> str:
        if self.part in ("files", "setuid"):
            return self._rights()
        if self.part == "packages":
            was, now = self.before.split(" ")[0], self.after.split(" ")[0]
            return f" ({was} → {now})" if was and now else f" ({was or now})"
        if self.part == "accounts":
            return f" ({self._account()})"
        same = self.part == "listeners" and "ephemeral" in self.name  # its name says the program
        return "" if same else f" ({self.after or self.before})"

    def _account(self) -> str:
        """The account without its password's digest, which stays on the machine."""
        was, now = (re.sub(r"password=[0-9a-f]{12}", "password=set", value) for value in (self.before, self.after))
        only = self.before != self.after and was == now
        return f"{now or was}{', another password' if only else ''}"

    def _rights(self) -> str:
        if self.what == CHANGED:
            was, now = parse(self.before), parse(self.after)
            if was.capabilities != now.capabilities:
                return f" (capabilities {was.capabilities} → {now.capabilities})"
            if not was.same_rights(now):
                return f" ({was.kind} {was.mode:04o} {was.owner} → {now.kind} {now.mode:04o} {now.owner})"
            return f" (→ {now.content})" if now.kind == "l" else ""
        thing = parse(self.after or self.before)
        return f" ({thing.mode:04o} {thing.owner})" if thing.raises or self.part == "setuid" else ""


def compare(before: Baseline, after: Baseline) -> list[Change]:
    """Return every difference, the parts in their order, names sorted."""
    return [change for part in ORDER for change in _of_part(part, before, after)]


def _of_part(part: str, before: Baseline, after: Baseline) -> Iterator[Change]:
    was, now = before.parts.get(part, {}), after.parts.get(part, {})
    for name in sorted({*was, *now}):
        old, new = was.get(name, ""), now.get(name, "")
        if old == new or (part == "files" and old and new and parse(old).alike(parse(new))):
            continue
        if new or part not in _MAY_GO:
            yield Change(part, name, NEW if not old else CHANGED if new else GONE, old, new)
