"""Off: a channel that is written down and reaches nobody, for a modem at the repairer's.

Comes in: pages. Goes out: a refusal with its reason.
"""

from __future__ import annotations

import msgspec

from garde.journal.oncall_kinds import ChannelNote
from garde.oncall.channels.base import Alive, Handed, OneWay, Page, Unable


class OffOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling.toml says of it."""

    reason: str = "switched off"


class Off(OneWay):
    """See the module."""

    def __init__(self, name: str, options: OffOptions) -> None:
        self.note = ChannelNote(name, "off", "nobody")
        self._options = options

    def hand(self, page: Page) -> Handed | Unable:
        return Unable(self._options.reason)

    def alive(self) -> Alive | Unable:
        return Alive(self._options.reason)
