"""A whole night as journal entries, from the first hostile write to the notification: for whoever reads all of it.

Comes in: the sample hospital, and which variant. Goes out: entries in order, numbered and in time, as a hub would have
them. The order and the figures are invented; the kinds are the journal's own. Nothing here runs a hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.emergency.canonical import to_json as plan_json
from garde.emergency.read import load as load_plan
from garde.emergency.read import place_of
from garde.estate.canonical import to_json
from garde.estate.look import Lookup
from garde.estate.read import SAMPLE
from garde.estate.read import load as load_estate
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import legal_kinds as g
from garde.journal import oncall_kinds as o
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.notice_kinds import NoticeAcknowledged, NoticeNeeded
from garde.journal.paper_kinds import FactHeard, ReenterSaid
from garde.journal.payload import Payload
from garde.journal.text import Text

T: Final = 1_552_269_600.0  # 2019-03-11 02:00 UTC: three o'clock in the hospital
H, M = 3_600.0, 60.0
I: Final = "i-1"  # noqa: E741 - the incident
SPREADER, OUTSIDE = "ws-supplier-1", "198.51.100.23"
DIRECTOR, IT, COORDINATOR, DPO = "janssens", "lemaire", "haddad", "peeters"
ESTATE: Final = load_estate(SAMPLE).estate
LOOK: Final = Lookup(ESTATE)
ADDRESS: Final = LOOK.machines[SPREADER].addresses[0]
PLAN: Final = load_plan(place_of("belgium"))


@dataclass
class WholeNight:
    """Writes entries one after the other; `upload`: whether data left, seen; `told`: whether people acted."""

    upload: bool = False
    told: bool = True
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = (
            self._before,
            self._attack,
            self._people,
            self._care,
            self._account,
            self._duties,
            self._warning,
            self._back,
        )
        found = [each for part in parts for each in part()]
        for at, who, payload in sorted(found, key=lambda each: each[0]):
            self.write(at, payload, who)

    def write(self, at: float, payload: Payload, who: str = "hub") -> Entry:
        """Append one."""
        seq = len(self.entries) + 1
        previous = self.entries[-1].hash if self.entries else "0" * 64
        name = hashlib.sha256(f"{previous}{seq}{payload!r}".encode("utf-8", "surrogateescape")).hexdigest()
        kind = k.NAMES[type(payload)]
        self.entries.append(Entry(seq, at, who, kind, payload, previous, name))
        return self.entries[-1]

    # --- chapters ---

    def _before(self) -> Iterator[tuple[float, str, Payload]]:
        yield T - 30 * H, "hub", h.HubStarted("0.6.0", 0)
        raw = Text(to_json(ESTATE))
        yield (
            T - 30 * H + 1,
            "hub",
            h.EstateLoaded("00", raw, "hospital.yaml", len(ESTATE.machines), len(ESTATE.services)),
        )
        yield T - 30 * H + 2, "hub", p.PlanLoaded(PLAN.id, "00", Text(plan_json(PLAN)), "belgium.yaml")
        yield T - 29 * H, "hub", p.ServiceState("mail", "degraded", "works", ("mail-1",))
        yield T - 28 * H, "hub", p.ServiceState("mail", "works", "degraded")

    def _attack(self) -> Iterator[tuple[float, str, Payload]]:
        actor = k.ActorNote("smb", 4711, Text("smbd"), user=Text("supplier"), address=ADDRESS)
        damage = _damage(14)
        yield T + 0.3, "agent/files-1", k.VerdictReached("v1", "session", Text(ADDRESS), 9.0, 5.0, damage, (actor,))
        yield T + 0.4, "agent/files-1", k.ActorHeld("hold1", "v1", "smb", actor, (4711,), 14)
        yield T + 0.6, "hub", h.HarmJoined(I, "files-1", "v1", ADDRESS, (Text("supplier"),), "same hour")
        yield T + 0.7, "hub", h.IncidentOpened(I, T, "files-1", 1)
        hops = (h.Hop(SPREADER, "files-1", T, 14),)
        yield T + 0.8, "hub", _spread(hops, 14)
        yield T + 0.9, "agent/files-1", k.HoldConfirmed("hold1", "v1", 14, "session ended, client blocked")
        yield T + 8, "agent/files-2", k.VerdictReached("v2", "session", Text("x"), 9.0, 5.0, _damage(9), (actor,))
        yield T + 8.1, "agent/files-2", k.ActorHeld("hold2", "v2", "smb", actor, (99,), 9)
        yield T + 8.3, "hub", h.HarmJoined(I, "files-2", "v2", ADDRESS, (Text("supplier"),), "same address")
        yield T + 8.4, "hub", _spread((*hops, h.Hop(SPREADER, "files-2", T + 8, 9)), 23)
        for machine, verdict, count in (("files-1", "v1", 14), ("files-2", "v2", 9)):
            for number in range(count):
                yield (
                    T + 20 + number,
                    f"agent/{machine}",
                    k.FileRestored(verdict, Text(f"f{number}"), T - 60, "ab", True),
                )
            yield T + 40, f"agent/{machine}", k.RestoreFinished(verdict, count, 0, 0, 1.2)
        yield T + 9, "hub", _cut("c-block", "block", SPREADER, "automatic", ())
        yield T + 9.1, "hub", h.CutChanged("c-block", "asked", 3, 0, 0, by="authority: spreader")
        yield T + 9.9, "hub", h.CutChanged("c-block", "proven", 3, 3, 3, by="authority: spreader")
        yield T + 9.2, "hub", _cut("c-out", "outside", "fw-1", "one", ("telephones",))
        yield T + 11 * M, f"person/{IT}", h.CutDecided("c-out", "approve", IT, "operator")
        yield T + 11 * M + 2, "hub", h.CutChanged("c-out", "proven", 1, 1, 1, by=IT)
        yield T + 30 * H, f"person/{IT}", h.CutDecided("c-out", "undo", IT, "operator")
        yield T + 30 * H + 2, "hub", h.CutChanged("c-out", "undone", 1, 1, 1, by=IT)
        yield T + 12 * M, "hub", h.AgentSilent("record-1", T + 11 * M)
        yield T + 31 * M, "hub", h.AgentAlive("record-1", "enforce", "enforce", 1200.0)
        for number, store in enumerate(("nightly", "record-base")):
            yield T + 1.6 + number, "agent/backup-1", r.RetentionFrozen("", store, True, (), 1.6 + number)

    def _people(self) -> Iterator[tuple[float, str, Payload]]:
        line = o.PageLine("Ransomware on files-1")
        page = o.PageAsked(
            command="p1",
            cause=1,
            channel="modem",
            person=IT,
            address="+32 4",
            language="en",
            notices=("n1",),
            lines=(line,),
            purpose="call",
            turn=1,
        )
        yield T + 0.75, "hub", NoticeNeeded("n1", I, (), ("on_call_it",), (("en", "x"),), False, 900.0)
        yield T + 1.1, "hub", page
        yield T + 96, "hub", NoticeAcknowledged("n1", IT, "sms", True)
        yield T + 140, f"person/{IT}", h.IncidentAnswered(I, IT)
        note = Text("the record is cut off")
        yield (
            T + 18 * M,
            f"person/{COORDINATOR}",
            p.PlanTriggered("a1", PLAN.id, "action", COORDINATOR, "crisis_coordinator", "care", I, note),
        )
        tell = ("112", "smur", "inspector")
        yield (
            T + 21 * M,
            f"person/{COORDINATOR}",
            p.DiversionChanged(
                "d1", "ambulances", "diverted", "open", COORDINATOR, "crisis_coordinator", T + 2 * H, tell
            ),
        )
        for minute, who in ((23, "112"), (25, "smur")):
            yield (
                T + minute * M,
                f"person/{COORDINATOR}",
                p.DiversionTold("d1", "ambulances", who, COORDINATOR, "phone"),
            )
            yield (
                T + minute * M + 40,
                f"person/{COORDINATOR}",
                p.DiversionAcknowledged("d1", "ambulances", who, COORDINATOR, Text("op. 12")),
            )
        if self.told:
            yield (
                T + 27 * M,
                f"person/{COORDINATOR}",
                p.DiversionTold("d1", "ambulances", "inspector", COORDINATOR, "mail"),
            )
        yield (
            T + 31 * H,
            f"person/{COORDINATOR}",
            p.DiversionChanged("d2", "ambulances", "open", "diverted", COORDINATOR, "crisis_coordinator", 0.0, ()),
        )
        yield T + 20 * H, f"person/{COORDINATOR}", p.PlanHeld("a1", T + 28 * H, COORDINATOR, "crisis_coordinator")
        yield T + 31.5 * H, f"person/{COORDINATOR}", p.PlanStoodDown("a1", (), COORDINATOR, "crisis_coordinator")

    def _care(self) -> Iterator[tuple[float, str, Payload]]:
        yield T + 11 * M + 3, "hub", p.ServiceState("telephones", "degraded", "works", ("fw-1",))
        yield T + 30 * H + 3, "hub", p.ServiceState("telephones", "works", "degraded")
        yield T + 14 * M, "hub", p.ServiceState("record", "paper", "works", ("record-1",))
        yield T + 26 * H, "hub", p.ServiceState("record", "works", "paper")
        yield T + 14 * M + 1, "hub", p.ServiceState("documents", "paper", "works", ("files-1",))
        yield T + 24 * H, "hub", p.ServiceState("documents", "degraded", "paper")
        yield T + 29 * H, "hub", p.ServiceState("documents", "works", "degraded")
        yield T + 22 * M, "hub", FactHeard("downtime", "*", "began", T + 19 * M, "desk-1")
        yield T + 25 * H, "hub", ReenterSaid("record", T - 90, IT)

    def _account(self) -> Iterator[tuple[float, str, Payload]]:
        note = Text("Your files are encrypted. \x1b[31mPay <b>2 BTC</b>")
        yield (
            T + 30,
            "agent/files-1",
            f.NoteTaken("e1", "ev-1", Text("README_<script>.txt"), note, "aa" * 32, 812, 3, T),
        )
        for number, sort in enumerate(("note", "damaged", "clean", "log")):
            taken = f.EvidenceTaken(
                "e1", f"ev-{number}", sort, Text("x"), Text("/srv"), 900, "bb" * 32, T + 31, 0.02, True
            )
            yield T + 31 + number, "agent/files-1", taken
        yield T + 36, "agent/files-1", f.EvidenceGathered("e1", 4, 3600, 1, 0.8)
        proofs = ("note text: 97 % like 14 known notes", "ending .drill", "note name README_DRILL.txt")
        ranked = (f.FamilyGuess("Drill", 0.97, proofs, (12, 30)), f.FamilyGuess("Conti", 0.02, ("note text",), (30,)))
        yield (
            T + 44,
            "hub",
            f.FamilyNamed(
                "id1",
                I,
                "Drill",
                0.97,
                ranked,
                ("T1486", "T1021.002", "T1490"),
                "none_known",
                "PyMISPGalaxies",
                "2026-10-01",
            ),
        )
        hops = (
            f.OriginHop(ADDRESS, SPREADER, "spreader", "", "", T, "seen", (), (9,)),
            f.OriginHop(
                OUTSIDE,
                "",
                "controller",
                "UA",
                "AS64500 Example Hosting",
                T - 2 * H,
                "likely",
                ("hosting", "vpn"),
                (20, 21),
            ),
        )
        yield T + 50, "hub", f.OriginFound(I, hops, Text("supplier"), ("supplier_access",), (9, 20))
        yield from self._egress()
        yield T + 40 * H, "hub", f.BundleMade("b1", I, Text("/srv/police"), "cd" * 32, 18, 91_000, 300, "rfc3161")

    def _egress(self) -> Iterator[tuple[float, str, Payload]]:
        gap = f.Blind(T - 3 * H, T - 2.8 * H, "gap", 41)
        looked = f.EgressLooked(
            "e2", "gateway", "netflow", ("10.20.0.0/16",), T - 24 * H, T + 60, 91_233, 1, (gap,), 9.0
        )
        yield T + 70, "agent/fw-1", looked
        sources, covered = ("fw-1/gateway", "files-1/conntrack"), ("files-1", "files-2", "files-3")
        yield (
            T + 72,
            "hub",
            f.EgressConcluded(
                I,
                T + 60,
                T - 24 * H,
                "blind" if not self.upload else "none_seen",
                0,
                sources,
                covered,
                ("record-1",),
                720.0,
                (40,),
            ),
        )
        if self.upload:
            seen = f.EgressSeen(
                "e2",
                "gateway",
                LOOK.machines["files-1"].addresses[0],
                "203.0.113.9",
                Text("drop.example"),
                443,
                1_073_741_824,
                3,
                T - 5 * H,
                T - 3 * H,
                ("volume", "new_destination"),
                2_000_000,
            )
            entry = (T + 2 * H, "agent/fw-1", seen)
            yield entry
            yield (
                T + 2 * H + 1,
                "hub",
                f.EgressConcluded(
                    I, T + 2 * H, T - 24 * H, "seen", 1_073_741_824, sources, covered, ("record-1",), 720.0, ()
                ),
            )
        else:
            yield (
                T + 2 * H,
                "hub",
                f.EgressConcluded(
                    I, T + 2 * H, T - 24 * H, "none_seen", 0, sources, (*covered, "record-1"), (), 0.0, (40,)
                ),
            )

    def _duties(self) -> Iterator[tuple[float, str, Payload]]:
        if not self.told:
            return
        aware = T + 3 * H
        yield T + 3.2 * H, f"person/{DPO}", g.AwareSaid(I, "aware_personal_data", aware, DPO, Text("understood"))
        for clock, regime, recipient, due in (
            ("gdpr_33", "GDPR art. 33(1)", "authority", aware + 72 * H),
            ("gdpr_34", "GDPR art. 34", "patients", 0.0),
            ("nis2_early", "NIS2 art. 23(4)(a)", "csirt", aware + 24 * H),
            ("nis2_notification", "NIS2 art. 23(4)(b)", "csirt", aware + 72 * H),
        ):
            yield T + 3.2 * H + 1, "hub", g.ClockStarted(clock, I, regime, recipient, aware, due, 99)
        for draft, form, hours in (("dr-1", "nis2_early", 5.0), ("dr-2", "gdpr_33", 33.0)):
            made = g.DraftMade(
                draft, I, form, "en", 1, "ee" * 32, (g.DraftField("began", Text("03:00"), "known", (9,)),)
            )
            yield T + (hours - 1) * H, "hub", made
            yield T + (hours - 0.5) * H, f"person/{DPO}", g.DraftSigned(draft, 1, "ee" * 32, DPO)
            yield (
                T + hours * H,
                f"person/{DPO}",
                g.SubmissionSaid(draft, 1, T + hours * H, "portal", Text("2019/77"), DPO),
            )
            yield T + hours * H + 1, "hub", g.ClockClosed(form, "submitted", T + hours * H, False)
        yield T + 36 * H, "hub", g.AmendmentNeeded("dr-2", 1, ("data_left",), 120)
        yield T + 6 * H, f"person/{DIRECTOR}", g.RansomDecided(I, False, DIRECTOR, Text("no guarantee"))

    def _warning(self) -> Iterator[tuple[float, str, Payload]]:
        yield T + 46, "hub", s.WarningDrawn("w", "w-1", I, 1, "amber", "ff" * 32, 9, 4, ("internal names",))
        if self.told:
            neighbour = ESTATE.neighbours[0].id
            yield T + 34 * M, f"person/{COORDINATOR}", s.WarningApproved("w-1", 1, "ff" * 32, COORDINATOR)
            yield T + 35 * M, f"person/{COORDINATOR}", s.NeighbourTold("w-1", neighbour, "taxii", COORDINATOR, True)

    def _back(self) -> Iterator[tuple[float, str, Payload]]:
        waves = (("db-1",), ("record-1", "files-1"))
        yield T + 9 * H, f"person/{DIRECTOR}", r.RestartPlanned(waves, 4 * H, H, DIRECTOR, "it_director")
        for machine, begins in (("db-1", 20.0), ("record-1", 21.0), ("files-1", 23.0)):
            for number, stage in enumerate(("isolated", "verified", "observing", "listed", "open")):
                yield T + (begins + number) * H, "hub", r.StepMoved(machine, 1, 1, "", stage, "", "rule")
        yield T + 32 * H, f"person/{COORDINATOR}", h.IncidentClosed(I, COORDINATOR)


def _damage(count: int) -> tuple[k.FileDamage, ...]:
    path = Text("/srv/wards/plan.docx")
    return (k.FileDamage(path, path, T, ("random_change",)),) * count


def _spread(hops: tuple[h.Hop, ...], files: int) -> h.SpreadFound:
    suspect = h.Suspect(SPREADER, ADDRESS, (Text("supplier"),), 0.98, "first and only writer")
    return h.SpreadFound(I, SPREADER, "files-1", T, hops, (suspect,), (), files)


def _cut(cut: str, action: str, target: str, needs: str, price: tuple[str, ...]) -> h.CutProposed:
    return h.CutProposed(
        cut, I, action, target, (ADDRESS,), (), ("files-1",), 1, price, (), (), "opened again", needs, "rule"
    )
