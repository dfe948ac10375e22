"""Which ATT&CK techniques were really seen.

Comes in: entries. Goes out: ids of MITRE ATT&CK (Enterprise), sorted. Only what an entry shows is named; what a family
is known to do otherwise is not, since nobody saw it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.entry import Entry

ENCRYPTED: Final = "T1486"  # Data Encrypted for Impact
DESTROYED: Final = "T1485"  # Data Destruction
SHARES: Final = "T1021.002"  # Remote Services: SMB/Windows Admin Shares
ACCOUNTS: Final = "T1078"  # Valid Accounts
EXTORTED: Final = "T1657"  # Financial Theft
SHELL: Final = "T1059.004"  # Command and Scripting Interpreter: Unix Shell
OUT_BY_DNS: Final = "T1048.003"  # Exfiltration Over Unencrypted Non-C2 Protocol
OUT_TO_CLOUD: Final = "T1567.002"  # Exfiltration to Cloud Storage
OUT: Final = "T1048"  # Exfiltration Over Alternative Protocol
SLOWLY: Final = "T1030"  # Data Transfer Size Limits
NAMES: Final = {
    ENCRYPTED: "Data Encrypted for Impact",
    DESTROYED: "Data Destruction",
    SHARES: "SMB/Windows Admin Shares",
    ACCOUNTS: "Valid Accounts",
    EXTORTED: "Financial Theft",
    SHELL: "Unix Shell",
    OUT_BY_DNS: "Exfiltration Over Unencrypted Non-C2 Protocol",
    OUT_TO_CLOUD: "Exfiltration to Cloud Storage",
    OUT: "Exfiltration Over Alternative Protocol",
    SLOWLY: "Data Transfer Size Limits",
}
_SHELLS: Final = frozenset({b"sh", b"bash", b"dash", b"zsh", b"ksh"})


def techniques_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the ids."""
    return tuple(sorted({each for entry in entries for each in _of(entry)}))


def _of(entry: Entry) -> Iterator[str]:
    match entry.payload:
        case k.VerdictReached(actors=actors):
            yield ENCRYPTED
            for actor in actors:
                yield from _of_actor(actor)
        case k.FindingMade(actor=actor):
            yield ENCRYPTED
            yield from _of_actor(actor)
        case k.MassDeleteSeen():
            yield DESTROYED
        case f.NoteTaken():
            yield EXTORTED
        case f.EgressSeen(why=why):
            yield OUT_BY_DNS if "dns_tunnel" in why else OUT_TO_CLOUD if "cloud_storage" in why else OUT
            if "trickle" in why:
                yield SLOWLY


def _of_actor(actor: k.ActorNote) -> Iterator[str]:
    if actor.kind == "smb":
        yield SHARES
        if actor.users:
            yield ACCOUNTS
    elif any(each.name.value in _SHELLS for each in actor.chain):
        yield SHELL
