"""From an incident in the journal to the SMS in the modem's outbox and the page at the printer.

Comes in: nothing but the machine. Goes out: figures of one run. The hub is the real one (`garde.hub.program.assemble`,
its clock thread included) with real peers: `gammu-smsd` on a dummy modem, CUPS's `ippeveprinter`. Each round opens an
incident in a fresh hub, and looks, every few milliseconds, when the message lies in the outbox (or is already sent) and
when the printed page lies in the printer's spool.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.calling_peers import modem, printer
from bench.common import Report, Result, UnavailableError, warn_if_busy
from bench.stats import percentile
from garde.clock import SystemClock
from garde.estate.read import SAMPLE
from garde.hub import program
from garde.hub.config import Config
from garde.hub.setup import set_up
from garde.journal.hub_kinds import IncidentOpened

ROUNDS = 20
LOOK_S = 0.005
END_S = 30.0


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Run the bench."""
    warn_if_busy(report)
    rows = []
    with tempfile.TemporaryDirectory(prefix="garde-bench-calling-") as folder:
        for number in range(3 if quick else ROUNDS):
            rows.append(_round(Path(folder) / str(number)))
            report(f"round {number + 1}: SMS after {rows[-1]['sms_s']} s, page after {rows[-1]['page_s']} s")
    figures = {
        f"{name}_{word}": round(percentile([float(each[name]) for each in rows], share), 2)
        for name in ("sms_s", "page_s")
        for word, share in (("p50", 50), ("max", 100))
    }
    row = {
        "incidents": len(rows), "SMS in the outbox p50 s": figures["sms_s_p50"], "max s": figures["sms_s_max"],
        "page printed p50 s": figures["page_s_p50"], "page max s": figures["page_s_max"],
    }  # fmt: skip
    return {"name": "calling", "figures": figures, "rows": [row]}


def _round(folder: Path) -> dict[str, float]:
    folder.mkdir()
    with ExitStack() as at_end:
        phone = at_end.enter_context(modem(folder / "modem"))
        uri, spool = at_end.enter_context(printer(folder / "printer"))
        state, clock = folder / "state", SystemClock()
        set_up(state, Config(str(SAMPLE), address="127.0.0.1"), clock)
        _configure(state, phone, uri)
        hub = program.assemble(state, clock, at_end, complain=lambda words: None)
        at_end.enter_context(program._ticking(hub))
        began = time.perf_counter()
        hub.loop.append([IncidentOpened("i-bench", clock.now(), "files-1", 1)])
        return _watch(began, phone, spool)


def _watch(began: float, modem: Path, spool: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    while len(found) < 2 and time.perf_counter() - began < END_S:
        now = round(time.perf_counter() - began, 3)
        if "sms_s" not in found and _any(modem):
            found["sms_s"] = now
        if "page_s" not in found and any(each.stat().st_size for each in spool.rglob("*") if each.is_file()):
            found["page_s"] = now
        time.sleep(LOOK_S)
    if len(found) < 2:
        raise UnavailableError(f"only {sorted(found)} came within {END_S:.0f} s")
    return found


def _any(modem: Path) -> bool:
    return any(next((modem / name).glob("OUT*"), None) for name in ("outbox", "sent"))


def _configure(state: Path, modem: Path, uri: str) -> None:
    folders = "".join(f'{name} = "{modem / name}"\n' for name in ("outbox", "sent", "error", "inbox"))
    path = state / "calling.toml"
    path.write_text(
        f'[rules]\ntest = ""\n[[channel]]\nname = "modem"\nkind = "modem"\n{folders}'
        f'[[channel]]\nname = "printer"\nkind = "printer"\nuri = "{uri}"\n'
    )
    path.chmod(0o600)
