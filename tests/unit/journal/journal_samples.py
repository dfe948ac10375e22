"""One payload of every kind, for tests that go through all of them."""

from __future__ import annotations

from garde.journal import kinds as k
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
}
