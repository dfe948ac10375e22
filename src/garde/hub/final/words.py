"""Words of the final report for values that the journal keeps as ids. Each is said in the reader's language.

Comes in: nothing. Goes out: tables, for `Say.word`; an id that is in none is shown as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from garde.journal.speech import Said, mark

if TYPE_CHECKING:
    from garde.hub.final.teller import Teller
    from garde.journal.legal_kinds import RansomDecided

COUNTRY_NOT_BLAME: Final = mark("infrastructure that was seen, not blame")
FINDINGS: Final = {
    "none_seen": mark("no sign of it was seen"),
    "seen": mark("YES, it was seen"),
    "blind": mark("it cannot be told: part of the way was not watched"),
}
WHY: Final = {
    "volume": mark("far more than usual"),
    "long_session": mark("one session for hours"),
    "new_destination": mark("to a place never seen before"),
    "dns_tunnel": mark("hidden in name look-ups"),
    "cloud_storage": mark("to a cloud store"),
    "trickle": mark("slowly, over hours"),
}
SORTS: Final = {
    "conntrack": mark("connections counted by the machine itself"),
    "netflow": mark("flow records of a router"),
    "zeek": mark("Zeek logs"),
    "suricata": mark("Suricata logs"),
}
ROLES: Final = {
    "spreader": mark("the machine that spread it"),
    "foothold": mark("where it came in"),
    "relay": mark("passed on by"),
    "controller": mark("led from"),
    "receiver": mark("data sent to"),
}
CONFIDENCE: Final = {"seen": mark("seen"), "likely": mark("likely"), "possible": mark("possible")}
MAY_BE: Final = {
    "relay": mark("a relay"),
    "vpn": mark("a VPN"),
    "hosting": mark("a hosting company"),
    "tor": mark("a Tor exit"),
    "shared_address": mark("an address of many"),
}
FOOTHOLDS: Final = {
    "supplier_access": mark("a supplier’s access to the machine that spread it"),
    "reached_from_outside": mark("it was reached from outside"),
    "from_another_machine": mark("from another machine of the house"),
    "led_from_outside": mark("it was led from outside"),
}
DECRYPTOR: Final = {
    "known": mark("A decryptor is known."),
    "none_known": mark("No decryptor is known."),
    "unknown": mark("Whether there is a decryptor is not known."),
}
EVIDENCE: Final = {
    "note": mark("ransom notes"),
    "damaged": mark("damaged files"),
    "clean": mark("the same files, clean"),
    "sample": mark("suspicious programs, made harmless"),
    "log": mark("logs"),
    "capture": mark("network captures"),
    "image": mark("disk images"),
    "record": mark("records"),
}
HOW: Final = {
    "phone": mark("by phone"),
    "radio": mark("by radio"),
    "mail": mark("by mail"),
    "message": mark("by message"),
    "visit": mark("in person"),
    "sms": mark("by text message"),
    "file": mark("by a file handed over"),
    "taxii": mark("from server to server (TAXII)"),
    "console": mark("at the console"),
    "code": mark("by its code"),
    "portal": mark("at its web site"),
    "paper": mark("on paper"),
}
# Ids of the clocks' data and of the drafts: what is not in here is shown as its owner named it.
FORMS: Final = {
    "gdpr_33": mark("notification to the data protection authority"),
    "gdpr_34": mark("letter to the patients"),
    "nis2_early": mark("early warning to the CSIRT"),
    "nis2_notification": mark("notification to the CSIRT"),
    "nis2_progress": mark("progress report to the CSIRT"),
    "nis2_final": mark("final report to the CSIRT"),
    "police": mark("complaint to the police"),
    "ransom": mark("decision about the ransom"),
}
RECIPIENTS: Final = {
    "authority": mark("data protection authority"),
    "csirt": mark("national CSIRT"),
    "patients": mark("patients"),
    "police": mark("police"),
    "regulator": mark("health regulator"),
    "media": mark("media"),
    "insurer": mark("insurer"),
    "vendor": mark("supplier or partner"),
    "hospital": mark("the hospital itself"),
}


def paid(decided: RansomDecided, teller: Teller) -> Said:
    """Return what was decided about the ransom."""
    who = teller.person(decided.by)
    if decided.paid:
        return teller.say("Ransom: {who} decides to pay", who=who)
    return teller.say("Ransom: {who} decides not to pay", who=who)
