"""The list of flow sources: the word of the settings, and what stands behind it.

Comes in: settings. Goes out: a source, not opened. Others have no door here yet: a source is code that runs as root.
"""

from __future__ import annotations

from typing import Final

from garde.clock import Clock
from garde.forensics.egress.base import Source
from garde.forensics.egress.config import SourceSettings
from garde.forensics.egress.conntrack.source import Conntrack
from garde.forensics.egress.netflow.collector import NetFlow
from garde.forensics.egress.nouns import Inside
from garde.forensics.egress.suricata import Suricata
from garde.forensics.egress.zeek import Zeek

SOURCES: Final[dict[str, type[Source]]] = {
    "conntrack": Conntrack,
    "netflow": NetFlow,
    "zeek": Zeek,
    "suricata": Suricata,
}


def make(settings: SourceSettings, inside: Inside, clock: Clock) -> Source:
    """Return the source that these settings name."""
    return SOURCES[settings.sort](settings, inside, clock)
