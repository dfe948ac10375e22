"""The hub's local modem: a real gammu-smsd, on Gammu's dummy modem.

Comes in: a plan. Goes out: the daemon, in the hub's own namespace; the folders by which the hub hands it messages; and
`receive`, by which the world outside sends one. A message that it sends ends as a file in `sent`. No radio is involved.
"""

from __future__ import annotations

import subprocess

from garde.lab.hospital.plan import HUB, Plan
from garde.lab.hospital.programs import Programs

START_S = 15.0
FOLDERS = ("outbox", "sent", "error", "inbox", "dummy")
_CONFIG = """\
[gammu]
device = {dummy}
connection = none
model = dummy

[smsd]
service = files
logfile = {log}
commtimeout = 1
sendtimeout = 5
receivefrequency = 1
loopsleep = 1
inboxpath = {inbox}/
outboxpath = {outbox}/
sentsmspath = {sent}/
errorsmspath = {error}/
inboxformat = unicode
transmitformat = auto
"""
# A message as Gammu keeps it on a modem of its own making. Number and text are the only things that anybody reads.
_RECEIVED = """\
[SMSBackup000]
#
SMSC = "+3240000"
SMSCFormat = Text
SMSCValidity = 255
SentTime = 20190311T030000
DateTime = 20190311T030000
State = UnRead
Number = "{number}"
Name = ""
Text00 = {text}
Coding = Unicode_No_Compression
Folder = 1
Length = {length}
Class = -1
ReplySMSC = False
RejectDuplicates = False
ReplaceMessage = 0
MessageReference = 0
"""


def start(programs: Programs, plan: Plan) -> subprocess.Popen[bytes]:
    """Make the folders and start the daemon; `wait` tells when it has its modem."""
    for folder in FOLDERS:
        plan.modem(folder).mkdir(mode=0o700, parents=True)
    config = plan.machine_home(HUB) / "smsdrc"
    places = {folder: plan.modem(folder) for folder in FOLDERS}
    config.write_text(_CONFIG.format(log=plan.log("modem"), **places), encoding="utf-8")
    return programs.daemon("smsd", HUB, ["gammu-smsd", "-c", str(config)])


def wait(programs: Programs, plan: Plan, process: subprocess.Popen[bytes]) -> None:
    """Wait until it has opened its modem."""
    programs.wait("gammu-smsd", (plan.modem("dummy") / "sms" / "1").is_dir, START_S, process)


def receive(plan: Plan, sender: str, text: str, number: int) -> None:
    """Let a message arrive, under a number of its own."""
    beside = plan.machine_home(HUB) / "message"
    raw = text.encode("utf-16-be")
    beside.write_text(_RECEIVED.format(number=sender, text=raw.hex().upper(), length=len(text)), encoding="ascii")
    beside.rename(plan.modem("dummy") / "sms" / "1" / str(number))
