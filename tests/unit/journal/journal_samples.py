"""One payload of every kind, for tests that go through all of them."""

from __future__ import annotations

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import legal_kinds as a
from garde.journal import notice_kinds as n
from garde.journal import oncall_kinds as o
from garde.journal import paper_kinds as w
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal import sharing_kinds as share
from garde.journal.text import Text

HOSTILE = b"/srv/\x1b[31mward\n\xff/plan.docx"
PROCESS = k.ActorNote(
    "process", 4031, Text("python3"), Text("/usr/bin/python3"), Text("carla"), chain=(k.ProcessNote(12, Text("bash")),)
)
SMB = k.ActorNote(
    "smb", 812, Text("smbd"), Text("/usr/sbin/smbd"), Text("carla"), "10.20.3.41", (Text("carla"),), (Text("docs"),)
)
FILE = k.FileDamage(
    Text(HOSTILE), Text(HOSTILE + b".locked"), 1_700_000_000.5, ("random_change", "type_lost"),
    "zip.docx", "unknown", 38_912, False, Text("38,912 changed bytes are uniformly random"),
)  # fmt: skip
SECOND = k.FileDamage(Text(b"/srv/b.pdf"), Text(b"/srv/b.pdf"), 1_700_000_000.6, ("structure_broken",), changed=4096)
SKIPPED = k.SkippedNote(Text(b"/srv/nas\x07"), "network file system")
MODEM = o.ChannelNote("modem", "modem", "person", "phone")
PRINTER = o.ChannelNote("printer", "printer", "place", needs=("printer-1",), about=("incident",))

SAMPLES: dict[str, k.Payload] = {
    "agent_started": k.AgentStarted("0.1.0", "enforce", "enforce", "fanotify", 1, True, (Text(b"/srv"),)),
    "agent_stopped": k.AgentStopped("asked to stop"),
    "mode_changed": k.ModeChanged("enforce", "watching only", "no right to see who writes"),
    "coverage_changed": k.CoverageChanged(1000, 1000, 990, "first pass", 8, "restic nightly"),
    "trees_unseen": k.TreesUnseen((SKIPPED,)),
    "sensor_overflow": k.SensorOverflow("fanotify", True),
    "lagging": k.Lagging(2.5, 31),
    "vault_full": k.VaultFull(Text(b"/srv/.garde-vault"), "no space left"),
    "error_seen": k.ErrorSeen("keeper", Text(b"read failed: \x1b[2J"), "look at the disk"),
    "finding_made": k.FindingMade(FILE, PROCESS, "v1"),
    "mass_delete_seen": k.MassDeleteSeen("u1", "deleted", 40, PROCESS, True),
    "verdict_reached": k.VerdictReached("v1", "session", Text("10.20.3.41"), 21.5, 18.4, (FILE, SECOND), (SMB,)),
    "actor_held": k.ActorHeld("h1", "v1", "smb", SMB, (812, 813), 4, (SKIPPED,)),
    "hold_refused": k.HoldRefused("v1", PROCESS, "never held: sshd"),
    "hold_confirmed": k.HoldConfirmed("h1", "v1", 4, "session ended, client blocked"),
    "hold_released": k.HoldReleased("h1", "v1", "operator", "released by hand"),
    "restore_started": k.RestoreStarted("v1", 4),
    "file_restored": k.FileRestored("v1", Text(HOSTILE), 1_699_999_000.0, "ab" * 32, True, Text(b"/srv/e/1")),
    "restore_failed": k.RestoreFailed("v1", Text(HOSTILE), Text(b"\x1bdisk full")),
    "restore_finished": k.RestoreFinished("v1", 4, 1, 1, 0.31),
    "texts_erased": k.TextsErased(3, "request of a patient"),
    "plan_loaded": p.PlanLoaded("belgium", "cd" * 32, Text(b'{"id":"belgium"}'), "belgium.yaml", "anna"),
    "plan_proposed": p.PlanProposed("q1", "action", "care", "i1", ("record",), "service"),
    "plan_rejected": p.PlanRejected("q1", "anna", "general_director", Text("not yet")),
    "plan_triggered": p.PlanTriggered("p-1", "belgium", "action", "anna", "it_director", "care", "i1", Text("go\x1b")),
    "plan_phase_changed": p.PlanPhaseChanged("p-1", "action", "information", "plan", "", "care"),
    "role_vacant": p.RoleVacant("p-1", "press"),
    "plan_held": p.PlanHeld("p-1", 1_700_040_000.0, "anna", "general_director", Text("until tomorrow morning")),
    "plan_hold_ended": p.PlanHoldEnded("p-1", 1_700_040_000.0),
    "criterion_said": p.CriterionSaid("p-1", "night", True, "anna", "nursing_director", Text("staffed")),
    "plan_stood_down": p.PlanStoodDown("p-1", ("quiet",), "anna", "general_director", Text("accepted")),
    "task_given": p.TaskGiven("p-1", "alert", "switchboard", 1_700_000_900.0, "plan", Text("Alert everybody")),
    "task_taken": p.TaskTaken("p-1", "alert", "anna", "operator"),
    "task_done": p.TaskDone("p-1", "alert", True, "anna", "operator", Text("by megaphone")),
    "task_overdue": p.TaskOverdue("p-1", "alert", 1_700_000_900.0),
    "diversion_changed": p.DiversionChanged(
        "d1", "emergency", "diverted", "open", "anna", "emergency_head", 1_700_010_000.0, ("112",), Text("no record")
    ),
    "diversion_told": p.DiversionTold("d1", "emergency", "112", "anna", "phone"),
    "diversion_acknowledged": p.DiversionAcknowledged("d1", "emergency", "112", "anna", Text("operator 12\x1b")),
    "diversion_waits": p.DiversionWaits("d1", "emergency", "told", ("112",)),
    "service_state": p.ServiceState("record", "paper", "works", ("record-1",)),
    "service_overridden": p.ServiceOverridden("record", "degraded", "anna", "operator", 1_700_010_000.0, Text("copy")),
    "flag_changed": p.FlagChanged("it_normal", "ended", "anna", "it_director", Text("all green")),
    "report_wanted": p.ReportWanted("anna", "operator"),
    "report_asked": p.ReportAsked(command="d" * 32, cause=12, number=1, by="plan"),
    "report_made": p.ReportMade("d" * 32, 1, "", 0, 12, Text(b"{}"), "typesetting took longer than 20 s"),
    "desk_started": w.DeskStarted(812),
    "desk_stopped": w.DeskStopped("asked to stop"),
    "feed_changed": w.FeedChanged("silent", 1_700_000_000.0),
    "messages_purged": w.MessagesPurged(40),
    "looked": w.Looked("nina", "census MED1\x1b"),
    "sign_in_noted": w.SignInNoted("sign-in refused", "nina from 10.0.0.9"),
    "downtime_began": w.DowntimeBegan("nina", 1_700_000_000.0, ("MED",), Text("the record is gone\x1b")),
    "downtime_ended": w.DowntimeEnded("nina", Text("record-1 answers")),
    "facts_trusted": w.FactsTrusted("hub", "ab" * 32, "nina"),
    "facts_written": w.FactsWritten(1_700_000_000_000, 12, "cd" * 32, "nina"),
    "facts_taken": w.FactsTaken("hub", 1_700_000_000_000, 2, "cd" * 32, "nina"),
    "reenter_said": w.ReenterSaid("record", 1_700_000_000.0, "anna"),
    "fact_heard": w.FactHeard("service_state", "record", "paper", 1_700_000_000.0, "hub"),
    "numbers_reserved": w.NumbersReserved("b1", "D1", 1, 40, "URG", "nina"),
    "number_issued": w.NumberIssued("D1-000001-X", "URG", "nina", 1_700_000_100.0, Text("sealed:AAAA")),
    "number_described": w.NumberDescribed("D1-000001-X", "ICU", "nina", 1_700_000_150.0, Text("sealed:CCCC")),
    "number_voided": w.NumberVoided("D1-000002-Y", "nina", Text("label torn\x1b")),
    "number_matched": w.NumberMatched("m1", "D1-000001-X", ("family", "birth"), "nina", Text("sealed:BBBB")),
    "number_linked": w.NumberLinked("m1", "D1-000001-X", True, "otto", Text("seen both")),
    "pack_made": w.PackMade(
        "K7Q2MX", "MED", "ward", 31, "ab" * 32, 1_700_000_000.0, "alarm", 1.4, ("census", "MAR 1/2"), Text("sealed:CC")
    ),
    "pack_sent": w.PackSent("K7Q2MX", "MED", "no answer"),
    "pack_kept": w.PackKept("K7Q2MX", 31, "ab" * 32, 1_700_000_000.0, 1_700_000_060.0),
    "pack_shredded": w.PackShredded("J6P1LW", "newer"),
    "pack_stale": w.PackStale("K7Q2MX", True, 1_700_000_000.0),
    "pack_opened": w.PackOpened("K7Q2MX", "nina"),
    "ward_enrolled": w.WardEnrolled("MED-PC", ("MED",), "http://10.20.4.9:2580", "ab" * 32, "cd" * 32, 7, "nina"),
    "ward_forgotten": w.WardForgotten("MED-PC", "nina"),
    "desk_trusted": w.DeskTrusted("CHU", "ab" * 32, "cd" * 32, 7, ("MED",), "nina"),
    "sheets_printed": w.SheetsPrinted("r1", "K7Q2MX", "MED", (1, 2, 3), 1, "ward printer", "nina"),
    "sheet_returned": w.SheetReturned("K7Q2MX.3", "missing", "nina", "", Text("fell into the sink\x1b")),
    "scan_taken": w.ScanTaken("cd" * 16, 3, ("K7Q2MX.1", "K7Q2MX.2"), (3,), "nina"),
    "item_keyed": w.ItemKeyed(
        "i1", "K7Q2MX.2", "medication", 1_700_000_200.0, True, "nina", Text("sealed:DD"), Text("sealed:EE")
    ),
    "item_checked": w.ItemChecked("i1", False, "otto", Text("8 units, not 80")),
    "switched_back": w.SwitchedBack("MED", "nina", "Dr Maes", Text("sealed:DD"), Text("all copied")),
    "message_due": w.MessageDue("GD0001", "hl7", "ADT^A40", ("m1",), Text("sealed:FF")),
    "message_answered": w.MessageAnswered("GD0001", "AE", "segment unknown"),
    "request_taken": w.RequestTaken("L-0001", "laboratory", "MED", "lab", 1_700_000_300.0, Text("sealed:D")),
    "result_noted": w.ResultNoted("x1", "L-0001", True, "lab", 1_700_000_400.0, Text("sealed:HH")),
    "request_closed": w.RequestClosed("L-0001", "refused", "lab", 1_700_000_450.0, Text("haemolysed\x1b")),
    "result_called": w.ResultCalled("x1", "lab", 1_700_000_460.0, True, Text("Sister Ann\x1b")),
    "worklist_asked": w.WorklistAsked("CT1", 4),
    "stores_known": r.StoresKnown((r.StoreNote("nightly", "restic", "srv-files-1", True),)),
    "retention_frozen": r.RetentionFrozen("b" * 32, "nightly", True, (h.Check("it can be cut", False, False),), 0.4),
    "retention_thawed": r.RetentionThawed("b" * 32, "nightly", "anna"),
    "point_judged": r.PointJudged(
        "b" * 32, "nightly", "4f2a\x1b", "srv-files-1", 1_699_990_000.0, "green", "before", 41_000, 9_000_000_000,
        400, 400, 12, 0, "whole", "done", 1_699_990_000.0, ("taken 3 h before the first hostile write",),
    ),
    "points_judged": r.PointsJudged("b" * 32, "nightly", 14, 32.5),
    "point_restored": r.PointRestored(
        "b" * 32, "nightly", "4f2a", "place", 41_000, 9_000_000_000, 0, True, 1_699_990_000.0, 80.0, 40.0,
        Text("/srv/wards"), Text("/srv/.garde-kept/1"),
    ),
    "baseline_taken": r.BaselineTaken("b" * 32, "ab" * 32, 3_210),
    "machine_swept": r.MachineSwept(
        "b" * 32, "ab" * 32, (r.ItemAnswer("rebuilt", "no", (Text(b"/etc/cron.d/x\x1b"),), 2),)
    ),
    "machine_looked": r.MachineLooked("b" * 32, "srv-files-1", (22, 445), 1_024),
    "watch_raised": r.WatchRaised("b" * 32, 1_700_100_000.0),
    "errand_asked": r.ErrandAsked(
        command="b" * 32, cause=9, machine="backup-1", verb="judge", about="srv-files-1", store="nightly", by="anna"
    ),
    "isolation_wanted": r.IsolationWanted("w-1", "srv-files-1", ("10.20.0.5:445/tcp",), "rule", "it is watched"),
    "isolation_over": r.IsolationOver("w-1", "srv-files-1", "anna"),
    "server_rated": r.ServerRated("srv-files-1", "impacted", "rule", Text("it was hit")),
    "step_moved": r.StepMoved("srv-files-1", 1, 1, "isolated", "verified", "everything is answered", "rule"),
    "machine_recut": r.MachineRecut("srv-files-2", 1, "srv-files-1", "a file was destroyed"),
    "credential_listed": r.CredentialListed("krbtgt", "dc-1", "directory", 2),
    "first_harm_said": r.FirstHarmSaid("i1", 1_700_000_000.0, "anna"),
    "judging_wanted": r.JudgingWanted("srv-files-1", "", "anna"),
    "point_chosen": r.PointChosen("srv-files-1", "nightly", "4f2a", "place", "anna", "it_director"),
    "thaw_wanted": r.ThawWanted("backup-1", "", "anna", "it_director"),
    "baseline_wanted": r.BaselineWanted("srv-files-1", "anna"),
    "gate_answered": r.GateAnswered(
        "srv-files-1", 1, "evidence", "no", "anna", "it_director", 1_700_100_000.0, Text("police waived\x1b")
    ),
    "gate_signed": r.GateSigned("srv-files-1", 1, "service", "nina", "ward_head"),
    "restart_planned": r.RestartPlanned(
        (("dc-1",), ("srv-files-1", "srv-files-2")), 14_400.0, 3_600.0, "anna", "operator", ("the record before mpi",)
    ),
    "step_wanted": r.StepWanted("srv-files-1", "begin", "anna", "it_director"),
    "credential_changed": r.CredentialChanged("krbtgt", "anna"),
    "watch_reinforced": r.WatchReinforced(1_702_600_000.0, "anna", "it_director"),
    "watch_list_taken": share.WatchListTaken("b" * 32, "ab" * 32, 1_204, 0.8),
    "indicator_seen": share.IndicatorSeen(
        "", "note_name", Text(b"READ_ME\x1b.txt"), "nb-nord", Text("/srv/wards"), 1_700_000_900.0, False
    ),
    "warning_asked": share.WarningAsked(
        command="d" * 32, cause=9, incident="i1", version=2, upto=41, tlp="amber"
    ),
    "warning_drawn": share.WarningDrawn(
        "d" * 32, "w-i1", "i1", 2, "amber", "ab" * 32, 7, 3, ("an internal address", "a patient's file name\x1b")
    ),
    "warning_send_asked": share.WarningSendAsked(
        command="e" * 32, cause=10, warning="w-i1", version=2, neighbour="nb-nord", channel="modem"
    ),
    "watch_list_made": share.WatchListMade("ab" * 32, 1_204, ("nb-nord\x1b",), 0.2),
    "precaution_offered": share.PrecautionOffered(
        "p-1", "nb-nord", ("srv-files-1",), ("laboratory",), "ransomware since 03:00\x1b"
    ),
    "warning_wanted": share.WarningWanted("i1", "green", "anna"),
    "warning_approved": share.WarningApproved("w-i1", 2, "ab" * 32, "anna"),
    "warning_send_wanted": share.WarningSendWanted("w-i1", 2, ("nb-nord",), "", "anna"),
    "share_key_made": share.ShareKeyMade("nb-nord", "ab" * 32, "anna"),
    "neighbour_told": share.NeighbourTold("w-i1", "nb-nord", "modem", "anna", True, Text(b"Dr Leroy\x1b"), 2),
    "shared_taken": share.SharedTaken(
        "nb-nord", "stix", "ab" * 32, "amber", 1_204, 3, ("no pattern of ours",), "anna", "taxii"
    ),
    "shared_unread": share.SharedUnread("nb-nord", "ab" * 32, "no JSON\x1b", "anna", "file"),
    "precaution_decided": share.PrecautionDecided("p-1", "ready", "anna", Text(b"until 08:00\x1b")),
    "note_taken": f.NoteTaken("c" * 32, "e1", Text(b"READ\x1b_ME.txt"), Text(b"pay \xff"), "ab" * 32, 812, 40, 1.7e9),
    "evidence_taken": f.EvidenceTaken(
        "c" * 32, "e1", "damaged", Text(HOSTILE), Text(b"/srv/e/\x07"), 38_912, "ab" * 32, 1.7e9, -2.25, True, "e2"
    ),
    "evidence_gathered": f.EvidenceGathered("c" * 32, 12, 4_096_000, 1, 3.5, "no room\x1b"),
    "flow_source_state": f.FlowSourceState("gw-flows", "netflow", "blind", ("gw\x1b",), 1.7e9, "socket closed"),
    "egress_seen": f.EgressSeen(
        "c" * 32, "gw-flows", "10.20.3.41", "203.0.113.9", Text(b"cdn.\x1b.example"), 443, 1_073_741_824, 3, 1.7e9,
        1.7e9 + 7200, ("volume", "new_destination"), 4_096,
    ),
    "egress_looked": f.EgressLooked(
        "c" * 32, "gw-flows", "netflow", ("gw",), 1.7e9, 1.7e9 + 86_400, 91_000, 1,
        (f.Blind(1.7e9, 1.7e9 + 60, "gap", 12),), 6.5,
    ),
    "path_seen": f.PathSeen(
        "c" * 32, "conntrack", "10.20.3.41", "203.0.113.9", 443, False, 1.7e9, 1.7e9 + 60, 812, 1_024, Text("carla\x1b")
    ),
    "identify_asked": f.IdentifyAsked(command="c" * 32, cause=9, incident="i1", entries=(4, 9)),
    "family_named": f.FamilyNamed(
        "c" * 32, "i1", "Drill\x1b", 0.97, (f.FamilyGuess("Drill", 0.97, ("note text",), (4,)),), ("T1486",),
        "none_known", "galaxy", "2026-11-02",
    ),
    "places_asked": f.PlacesAsked(command="c" * 32, cause=9, incident="i1", addresses=("203.0.113.9", "203.0.113.10")),
    "places_found": f.PlacesFound(
        "c" * 32, "i1", (f.PlaceFound("203.0.113.9", "UA", "AS64500 Ex", ("hosting",), "own", "2026-03-01"),), ("own",)
    ),
    "origin_found": f.OriginFound(
        "i1",
        (
            f.OriginHop("10.20.3.41", "pc-radio-3", "spreader", "", "", 1.7e9, "seen", (), (4,)),
            f.OriginHop("203.0.113.9", "", "controller", "UA", "AS64500", 1.7e9, "likely", ("hosting",), (9,)),
        ),
        Text("carla\x1b"), ("remote access",), (4, 9),
    ),
    "egress_concluded": f.EgressConcluded(
        "i1", 1.7e9, 1.69e9, "blind", 0, ("gw/gw-flows",), ("files",), ("pc-radio-3",), 3_600.0, (4,)
    ),
    "evidence_moved": f.EvidenceMoved("e1", "ab" * 32, "bundle", "anna", "hub", False),
    "bundle_asked": f.BundleAsked(command="c" * 32, cause=9, incident="i1", by="anna", language="fr"),
    "bundle_made": f.BundleMade("c" * 32, "i1", Text(b"/srv/police\x1b"), "ab" * 32, 12, 4_096_000, 812, "rfc3161"),
    "bundle_wanted": f.BundleWanted("i1", "anna", "fr"),
    "evidence_referred": f.EvidenceReferred(
        "e9", "image", Text("disk \x1b"), Text("safe of the police"), "", "anna", Text("seal 12")
    ),
    "hub_started": h.HubStarted("0.2.0", 12_345),
    "hub_stopped": h.HubStopped("asked to stop"),
    "estate_loaded": h.EstateLoaded("cd" * 32, Text(b'{"name":"Clinique \xc3\xa9"}'), "hospital.yaml", 41, 12),
    "token_made": h.TokenMade("srv-files-1", "ef" * 32, 1_700_003_600.0, "anna"),
    "agent_enrolled": h.AgentEnrolled("srv-files-1", "12" * 32, "ef" * 32, "10.20.1.11"),
    "enrolment_refused": h.EnrolmentRefused("srv-files-1", "10.20.9.9", "the token was used before"),
    "agent_revoked": h.AgentRevoked("srv-files-1", "anna", "the machine was reinstalled"),
    "agent_alive": h.AgentAlive("srv-files-1", "enforce", "watching only", 31.5, -2.25),
    "agent_silent": h.AgentSilent("srv-files-1", 1_700_000_100.0),
    "envelope_refused": h.EnvelopeRefused("srv-files-1\x1b[2J", "FORGED", "the signature is not its", "10.20.9.9", 40),
    "wake_asked": h.WakeAsked(command="a" * 32, cause=7, due=1_700_000_300.0, key="unanswered/i1"),
    "woke": h.Woke("a" * 32, "unanswered/i1", 1_700_000_300.0),
    "incident_opened": h.IncidentOpened("i1", 1_700_000_000.5, "srv-files-1", 1),
    "incident_raised": h.IncidentRaised("i1", 2, "a second server"),
    "incident_joined": h.IncidentJoined("i2", "i1", "same account", True),
    "harm_joined": h.HarmJoined("i1", "srv-files-2", "v2", "10.20.3.41", (Text("carla"),), "same address", True),
    "spread_found": h.SpreadFound(
        "i1", "pc-radio-3", "srv-files-1", 1_700_000_000.5,
        (h.Hop("pc-radio-3", "srv-files-1", 1_700_000_000.5, 4, (Text("carla"),)),),
        (h.Suspect("pc-radio-3", "10.20.3.41", (Text("carla"),), 0.97, "every damaged file was written from it"),),
        (Text("carla"),), 11,
    ),
    "cut_proposed": h.CutProposed(
        "c1", "i1", "block", "pc-radio-3", ("10.20.3.41", "fe80::41"), (Text("carla"),), ("srv-files-1", "srv-files-2"),
        1, ("radiology",), ("record",), ("laboratory",), "the address is taken off the list", "automatic", "rule 1",
    ),
    "cut_changed": h.CutChanged("c1", "not_proven", 3, 2, 1, ("srv-files-2",), "authority: rule 1"),
    "machine_cut": h.MachineCut("pc-radio-3", "c1", "block"),
    "machine_freed": h.MachineFreed("pc-radio-3", "c1"),
    "cut_decided": h.CutDecided("c2", "approve", "anna", "it_director", Text(b"seen on site \x1b")),
    "incident_answered": h.IncidentAnswered("i1", "anna"),
    "incident_closed": h.IncidentClosed("i1", "anna", Text("machine rebuilt")),
    "order_asked": h.OrderAsked(
        command="b" * 32, cause=9, cut="c1", machine="srv-files-1", verb="block", addresses=("10.20.3.41",),
        users=(Text("carla"),), allow=("10.20.0.5:8443/tcp",), by="authority", reason="spread", expires=1_700_000_600.0,
    ),
    "port_asked": h.PortAsked(
        command="c" * 32, cause=9, cut="c3", machine="pc-radio-3", switch="sw-1", port="7", up=False, by="anna"
    ),
    "command_done": h.CommandDone("c" * 32, "port 7 is shut"),
    "command_failed": h.CommandFailed("c" * 32, "the switch does not answer"),
    "order_applied": h.OrderApplied("b" * 32, "c1", "1 address refused", False),
    "order_refused": h.OrderRefused("b" * 32, "c1", "NEVER", "10.20.0.5 is on the never-cut list"),
    "cut_tried": h.CutTried("b" * 32, "c1", False, (h.Check("the client is refused", True, False),)),
    "cut_undone": h.CutUndone("c1", "b" * 32, "code"),
    "notice_needed": n.NoticeNeeded(
        "plan:1", "i-1", ("anna",), ("it_director",), (("en", "The plan\nbegins"),), True, 900.0
    ),
    "notice_over": n.NoticeOver("plan:1", "decided"),
    "notice_acknowledged": n.NoticeAcknowledged("plan:1", "anna", "sms", True),
    "notice_unanswered": n.NoticeUnanswered("plan:1", ("anna",), "nobody acknowledged in time"),
    "reply_received": n.ReplyReceived("modem", Text(b"+32400\x1b"), Text(b"OUI [digits] \xff")),
    "calling_set": o.CallingSet("c" * 64, (MODEM, PRINTER), o.CallRules()),
    "page_asked": o.PageAsked(
        command="d" * 32, cause=7, channel="modem", person="anna", address="+32400", language="fr", notices=("plan:1",),
        lines=(o.PageLine("GARDE \x1b"), o.PageLine("Answer ########", "plan:1|anna|1")), purpose="call", turn=1,
    ),
    "page_lost": o.PageLost("d" * 32, "modem", "nobody fetched it"),
    "channel_alive": o.ChannelAlive("modem", "signal 61 %"),
    "channel_silent": o.ChannelSilent("modem", "no answer"),
    "code_given": o.CodeGiven("plan:1", "anna", 1, "yes", "phone", by="boris"),
    "reply_refused": o.ReplyRefused("modem", Text(b"+32400\x1b"), "no code in it", "plan:1"),
    "duty_changed": o.DutyChanged("d-1", "on_call_it", ("anna",), 1.7e9, 1.7e9 + 3600, "boris", Text("ill\x1b")),
    "duty_dropped": o.DutyDropped("d-1", "boris"),
    "call_test_asked": o.CallTestAsked("2026-11-30", ""),
    "call_test_ended": o.CallTestEnded("2026-11-30", ("modem",), ("printer",), "anna", 41.2),
    "account_changed": h.AccountChanged("anna", "it_director", "made", "setup"),
    "clocks_loaded": a.ClocksLoaded("ef" * 32, Text(b'{"clocks":[]}'), "clocks.toml", "anna"),
    "aware_said": a.AwareSaid("i1", "aware_personal_data", 1_700_000_000.0, "anna", Text(b"the record is gone \x1b")),
    "obligation_said": a.ObligationSaid("nis2_early", "no", "anna", Text("not an entity"), "i1"),
    "draft_wanted": a.DraftWanted("i1", "gdpr_33", "fr", "anna"),
    "draft_edited": a.DraftEdited("gdpr_33-fr-1", "records", Text(b"12 000 \x1b"), "anna"),
    "draft_signed": a.DraftSigned("gdpr_33-fr-1", 2, "ab" * 32, "anna"),
    "submission_said": a.SubmissionSaid(
        "gdpr_33-fr-1", 2, 1_700_100_000.0, "online form", Text(b"DOS-2023-1 \x1b"), "anna"
    ),
    "ransom_decided": a.RansomDecided("i1", False, "anna", Text(b"no guarantee \x1b")),
    "clock_started": a.ClockStarted("gdpr_33", "i1", "GDPR art. 33(1)", "authority", 1.7e9, 1.7e9 + 259_200.0, 12),
    "clock_warned": a.ClockWarned("gdpr_33", "soon", 1.7e9 + 259_200.0, "i1"),
    "clock_closed": a.ClockClosed("gdpr_33", "submitted", 1_700_100_000.0, True, "i1"),
    "draft_made": a.DraftMade(
        "gdpr_33-fr-1", "i1", "gdpr_33", "fr", 2, "ab" * 32,
        (
            a.DraftField("nature", Text(b"Files were encrypted \x1b"), "known", (4, 9)),
            a.DraftField("records", Text(), "unknown", ()),
        ),
        "gdpr_33-fr-0",
    ),
    "amendment_needed": a.AmendmentNeeded("gdpr_33-fr-1", 2, ("data_left", "nature"), 44),
    "signed_in": h.SignedIn("anna", "break-glass", "10.20.0.9"),
    "sign_in_refused": h.SignInRefused(Text("hunter2 typed in the wrong field"), "10.20.0.9", "wrong password"),
}  # fmt: skip
