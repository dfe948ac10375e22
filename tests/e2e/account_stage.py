"""A night with its account: what agents found and the hub concluded, ready for people to say, sign and send.

The hub is whole; what agents and performers would say is said in their place.
"""

from __future__ import annotations

from collections.abc import Callable

from console_stage import Stage, night_in_progress

from garde.journal import forensic_kinds as f
from garde.journal.kinds import HoldConfirmed
from garde.journal.text import Text

H = 3_600.0
DPO, DIRECTOR, COORDINATOR, IT = (
    ("jpeeters", "dpo"), ("ejanssens", "it_director"), ("shaddad", "crisis_coordinator"), ("llemaire", "operator")
)  # fmt: skip
OUTSIDE = "198.51.100.23"
SIZE = 1_073_741_824


def night_with_account(stage: Stage, pass_time: Callable[[float], object], *, upload: bool = False) -> str:
    """Return the incident: harm, what it was, where it came from, whether data left."""
    night_in_progress(stage.night, pass_time)
    incident = stage.incident()
    _evidence(stage, incident)
    pass_time(40)
    looked(stage, incident, "blind")
    pass_time(300)
    looked(stage, incident, "seen" if upload else "none_seen")
    _named(stage, incident)  # last: the hub's own rules answer to what agents say, and know of no outside here
    return incident


def warning_drawn(stage: Stage) -> None:
    """Harm is confirmed, and the hub draws its warning."""
    stage.house.loop.append([HoldConfirmed("hv1", "v1", 24)], who="agent/files-1")
    for _ in range(4):
        stage.pass_time(60)
    stage.house.wait_for("warning_drawn")


def _evidence(stage: Stage, incident: str) -> None:
    at = stage.house.clock.now()
    note = Text("Your files are <b>gone</b>. \x1b[31mPay.")
    said = [
        f.NoteTaken("", "ev-1", Text("README_<i>.txt"), note, "aa" * 32, 812, 3, at),
        f.EvidenceTaken("", "ev-1", "note", Text("README"), Text("/srv/docs"), 812, "aa" * 32, at, 0.02, True),
        f.EvidenceTaken("", "ev-2", "damaged", Text("x"), Text("/srv/docs"), 30_000, "bb" * 32, at, 0.02, True, "ev-3"),
        f.EvidenceTaken("", "ev-3", "clean", Text("x"), Text("/srv/docs"), 30_000, "cc" * 32, at, 0.02, True, "ev-2"),
        f.EvidenceGathered("", 3, 60_812, 0, 0.4),
    ]
    stage.house.loop.append(said, who="agent/files-1")


def _named(stage: Stage, incident: str) -> None:
    now, look = stage.house.clock.now(), stage.house.loop.estate
    guess = f.FamilyGuess("Drill", 0.97, ("note text: 97 % like known notes", "ending .locked"), (3, 4))
    address = look.machines["ws-supplier-1"].addresses[0]
    led = f.PathSeen("", "conntrack", address, OUTSIDE, 443, False, now - 2 * H, now, 80_000, 60_000)
    stage.house.loop.append([led], who="agent/fw-1")  # where it came from is what the hub's own rules make of this
    named = f.FamilyNamed("x", incident, "Drill", 0.97, (guess,), ("T1486",), "none_known", "", "2026-10-01")
    stage.house.loop.append([named])


def looked(stage: Stage, incident: str, finding: str) -> None:
    """A gateway and a server looked back; what the hub concludes of it."""
    now = stage.house.clock.now()
    gap = (f.Blind(now - 5 * H, now - 3 * H, "gap", 41),) if finding == "blind" else ()
    for machine, source, sort in (("fw-1", "netflow", "netflow"), ("files-1", "kernel", "conntrack")):
        said = f.EgressLooked("", source, sort, ("10.20.0.0/16",), now - 24 * H, now, 91_233, 0, gap, 9.0)
        stage.house.loop.append([said], who=f"agent/{machine}")
        gap = ()
    seen = 0
    if finding == "seen":
        address = stage.house.loop.estate.machines["files-1"].addresses[0]
        left = f.EgressSeen("", "netflow", address, "203.0.113.9", Text("drop.example"), 443, SIZE, 3, now - 4 * H,
                            now - 2 * H, ("volume", "new_destination"), 2_000_000)  # fmt: skip
        (entry,) = stage.house.loop.append([left], who="agent/fw-1")[:1]
        seen = entry.seq
    blind = ("record-1",) if finding == "blind" else ()
    told = f.EgressConcluded(incident, now, now - 24 * H, finding, SIZE if seen else 0,
                             ("fw-1/netflow", "files-1/kernel"), ("files-1", "files-2"), blind,
                             7_200.0 if blind else 0.0, (seen,) if seen else ())  # fmt: skip
    stage.house.loop.append([told])
