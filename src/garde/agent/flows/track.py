"""Having the kernel track connections and count their bytes.

Comes in: nothing. Goes out: nothing, or OSError with the reason. The kernel tracks only where some rule asks for it,
and counts only where it is told to: this says both, in this machine's own network namespace. The rule lies in a chain
that no packet ever goes through (table `inet garde_flows`): that it is there is enough. What passes is not changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from garde.contain.actions.nft import run_nft

TABLE: Final = "garde_flows"
_RULES: Final = f"""\
add table inet {TABLE}
add chain inet {TABLE} tracked
flush chain inet {TABLE} tracked
add rule inet {TABLE} tracked ct state new counter
"""
_SWITCHES: Final = ("nf_conntrack_acct", "nf_conntrack_timestamp")
_FOLDER: Final = Path("/proc/sys/net/netfilter")


def track() -> None:
    """Make it so; may be said as often as one likes."""
    run_nft(["-f", "-"], _RULES)  # first: it loads the module that has the switches
    for name in _SWITCHES:
        path = _FOLDER / name
        if path.read_text(encoding="ascii").strip() != "1":
            path.write_text("1", encoding="ascii")
