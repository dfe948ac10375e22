"""One machine during one sweep: what several checks need is read once.

Comes in: `Given`. Goes out: `Machine`: the kept baseline, the machine as it is, dpkg's database, the signed lists, the
changes with their explanations. Each is read when it is first asked for.
"""

from __future__ import annotations

from functools import cached_property

from garde.recovery.checks.base import Baseline, Given
from garde.recovery.checks.baseline import take
from garde.recovery.checks.compare import Change, compare
from garde.recovery.checks.dpkg import Dpkg
from garde.recovery.checks.explain import Explainer
from garde.recovery.checks.lists import RINGS, Archive, read_archive
from garde.recovery.checks.names import Root, unspell
from garde.recovery.checks.store import BaselineUnusable, read
from garde.recovery.checks.things import parse


class Machine:
    """What is known of one machine."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.root = Root(given.root)

    @cached_property
    def kept(self) -> tuple[Baseline | None, str, str]:
        """Return the baseline of the sound day, its digest, and why there is none to use."""
        if self.given.baseline is None:
            return None, "", "no baseline was ever taken here"
        try:
            baseline, digest = read(self.given.baseline, self.given.believed)
        except BaselineUnusable as error:
            return None, "", str(error)
        return baseline, digest, ""

    @cached_property
    def now(self) -> Baseline:
        """The machine as it is."""
        given = self.given
        return take(given.root, live=given.live, now=given.now, also=given.also, dpkg=self.dpkg)

    @cached_property
    def dpkg(self) -> Dpkg:
        """Its packages."""
        return Dpkg(self.root)

    @cached_property
    def archive(self) -> Archive:
        """What its signed lists say; only key rings that are as they were on the sound day count."""
        names = (package.name for package in self.dpkg.packages.values())
        return read_archive(self.root, self._rings(), names)

    def _rings(self) -> list[bytes]:
        kept, _, _ = self.kept
        was = (kept or self.now).parts.get("files", {})
        now = self.now.parts.get("files", {})
        same = (name for name, line in was.items() if name in now and parse(now[name]).alike(parse(line)))
        return [path for path in map(unspell, same) if path.startswith(tuple(ring + b"/" for ring in RINGS))]

    @cached_property
    def _explainer(self) -> Explainer | None:
        kept, _, _ = self.kept
        return None if kept is None else Explainer(self.root, kept, self.now, self.dpkg, self.archive)

    @property
    def unproven(self) -> list[str]:
        """Packages that were upgraded as far as dpkg says, with no signed list to hold that against."""
        return self._explainer.unproven if self._explainer else []

    @property
    def doubted(self) -> dict[str, str]:
        """Packages whose change explains nothing, and why."""
        return self._explainer.doubted if self._explainer else {}

    @cached_property
    def changes(self) -> list[tuple[Change, str]]:
        """Return what differs from the kept baseline, each with why it is honest, or ""."""
        kept, explainer = self.kept[0], self._explainer
        if kept is None or explainer is None:
            return []
        found = compare(kept, self.now)
        explainer.expect(found)
        return [(change, explainer.explain(change)) for change in found]
