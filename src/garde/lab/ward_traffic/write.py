"""How the hospital's systems write: three senders, three versions, two character sets.

Comes in: values. Goes out: the bytes of a message. The administration speaks v2.4 in ISO 8859-1, the laboratory v2.3 in
UTF-8, the pharmacy v2.5 in UTF-8; each numbers its own messages, and each has segments that nobody else knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Brussels")


@dataclass(slots=True)
class System:
    """One sender."""

    name: str
    version: str
    label: str  # MSH-18
    charset: str
    with_zone: bool  # whether its times name their zone
    sent: int = 0

    def message(self, kind: str, at: float, segments: Sequence[str]) -> bytes:
        """Return a message; its number is this system's next one."""
        self.sent += 1
        header = [
            "MSH", "^~\\&", self.name, "CLINIC", "ENGINE", "CLINIC", self.time(at), "", kind, str(self.sent), "P",
            self.version, "", "", "AL", "NE", "BEL", self.label,
        ]  # fmt: skip
        return "\r".join(["|".join(header), *segments, ""]).encode(self.charset, "replace")

    def time(self, at: float) -> str:
        """Return a time as this system writes it."""
        local = datetime.fromtimestamp(at, ZONE)
        return local.strftime("%Y%m%d%H%M%S%z" if self.with_zone else "%Y%m%d%H%M%S")


def systems() -> tuple[System, System, System]:
    """Return administration, laboratory and pharmacy."""
    return (
        System("HIS", "2.4", "8859/1", "iso8859-1", False),
        System("LIS", "2.3", "UNICODE UTF-8", "utf-8", True),
        System("PHARMA", "2.5", "UNICODE UTF-8", "utf-8", True),
    )


def escaped(text: str) -> str:
    """Return a value with the separators escaped."""
    marks = (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\"))
    for mark, written in marks:
        text = text.replace(mark, written)
    return text
