"""Ways to reach people: the one typed table.

Comes in: a word of calling.toml. Goes out: `CHANNELS`, for each kind how it is made from its options. The contract is
in `base.py`; a conformance suite runs over the whole table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from garde.oncall.channels.base import Channel
from garde.oncall.channels.mail import Mail, MailOptions
from garde.oncall.channels.messenger import Messenger, MessengerOptions
from garde.oncall.channels.modem import Modem, ModemOptions
from garde.oncall.channels.off import Off, OffOptions
from garde.oncall.channels.printer import Printer, PrinterOptions
from garde.oncall.channels.webhook import Webhook, WebhookOptions


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of channel."""

    options: type[msgspec.Struct]
    make: Callable[[str, Any], Channel]  # ValueError for options that make no sense, without a secret in it


CHANNELS: Final[dict[str, Kind]] = {
    "modem": Kind(ModemOptions, Modem),
    "printer": Kind(PrinterOptions, Printer),
    "webhook": Kind(WebhookOptions, Webhook),
    "mail": Kind(MailOptions, Mail),
    "messenger": Kind(MessengerOptions, Messenger),
    "off": Kind(OffOptions, Off),
}
