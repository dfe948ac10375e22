"""One entry of the legal duties in one plain sentence: clocks, drafts, signatures. A part of `words.py`.

Comes in: a payload and a speaker. Goes out: the sentence and its tone. A clock or a form that only the hospital's own
data know keeps its id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garde.journal import legal_kinds as a
from garde.journal.payload import Payload
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark

EVENTS = {
    "aware_personal_data": mark("personal data are affected"),
    "aware_significant": mark("the incident is significant"),
    "discovered": mark("the breach was discovered"),
    "handled": mark("the incident is handled"),
    "ransom_paid": mark("a ransom was paid"),
}
FORMS = {
    "gdpr_33": mark("notification to the data protection authority (GDPR 33)"),
    "gdpr_34": mark("message to the patients concerned (GDPR 34)"),
    "nis2_early": mark("early warning to the CSIRT (NIS2, 24 h)"),
    "nis2_notification": mark("incident notification to the CSIRT (NIS2, 72 h)"),
    "nis2_progress": mark("progress report to the CSIRT (NIS2)"),
    "nis2_final": mark("final report to the CSIRT (NIS2, one month)"),
    "police": mark("complaint to the police"),
    "ransom": mark("record of the ransom decision"),
}
RECIPIENTS = {
    "authority": mark("the data protection authority"),
    "csirt": mark("the national CSIRT"),
    "patients": mark("the patients concerned"),
    "police": mark("the police"),
    "regulator": mark("the health regulator"),
    "insurer": mark("the insurer"),
    "vendor": mark("the vendor or partner"),
    "media": mark("the media"),
}
CLOCKS = {
    **{form: words for form, words in FORMS.items() if form not in ("ransom", "nis2_progress")},
    "hipaa_individuals": mark("notice to individuals (HIPAA)"),
    "hipaa_hhs": mark("notice to HHS (HIPAA)"),
    "hipaa_media": mark("notice to the media (HIPAA)"),
    "fr_ans": mark("serious incident report to CERT Santé (France)"),
    "fr_lopmi": mark("complaint for the insurance to pay (France)"),
    "uk_ico": mark("notification to the ICO (UK)"),
    "circia": mark("report to CISA (CIRCIA)"),
    "circia_ransom": mark("report of a ransom payment to CISA (CIRCIA)"),
    "insurer": mark("notice to the insurer"),
    "vendor": mark("notice to vendors and partners"),
}
APPLIES = {"yes": mark("applies"), "no": mark("does NOT apply"), "open": mark("may apply: it is open")}
_Spoken = tuple[Said, str]


def _loaded(e: a.ClocksLoaded, say: Say) -> _Spoken:
    return say("The legal clocks are as in {source} from now on ({by})", source=e.source, by=e.by), NOTE


def _aware(e: a.AwareSaid, say: Say) -> _Spoken:
    event = say.word(EVENTS, e.event)
    return say("Known since {since}: {event} ({by})", since=say.clock(e.since), event=event, by=e.by), WARN


def _obligation(e: a.ObligationSaid, say: Say) -> _Spoken:
    known = {"clock": say.word(CLOCKS, e.clock), "applies": say.word(APPLIES, e.applies)}
    return say("{clock}: {applies} ({by}: {why})", by=e.by, why=e.why, **known), NOTE


def _wanted(e: a.DraftWanted, say: Say) -> _Spoken:
    return say("A draft is to be filled: {form} ({by})", form=say.word(FORMS, e.form), by=e.by), NOTE


def _edited(e: a.DraftEdited, say: Say) -> _Spoken:
    return say("{by} wrote in the draft {draft}: {name}", by=e.by, draft=e.draft, name=e.name), NOTE


def _signed(e: a.DraftSigned, say: Say) -> _Spoken:
    return say("{by} signed version {version} of {draft}", by=e.by, version=e.version, draft=e.draft), GOOD


def _submitted(e: a.SubmissionSaid, say: Say) -> _Spoken:
    known = {"version": e.version, "draft": e.draft, "channel": e.channel, "by": e.by}
    if e.reference:
        return say(
            "Version {version} of {draft} was handed in at {at} by {channel}, reference {reference} ({by})",
            at=say.clock(e.at), reference=e.reference, **known,
        ), GOOD  # fmt: skip
    return say("Version {version} of {draft} was handed in at {at} by {channel} ({by})",
               at=say.clock(e.at), **known), GOOD  # fmt: skip


def _ransom(e: a.RansomDecided, say: Say) -> _Spoken:
    if e.paid:
        return say("The ransom is PAID ({by}): {why}", by=e.by, why=e.why), BAD
    return say("The ransom is not paid ({by}): {why}", by=e.by, why=e.why), GOOD


def _started(e: a.ClockStarted, say: Say) -> _Spoken:
    known = {"clock": say.word(CLOCKS, e.clock), "regime": e.regime}
    if not e.due:
        return say("Due without delay: {clock} ({regime})", **known), WARN
    return say("Due by {due}: {clock} ({regime})", due=say.clock(e.due), **known), WARN


def _warned(e: a.ClockWarned, say: Say) -> _Spoken:
    known = {"clock": say.word(CLOCKS, e.clock), "due": say.clock(e.due)}
    if e.state == "overdue":
        return say("OVERDUE since {due}: {clock}", **known), BAD
    return say("Nearly due, by {due}: {clock}", **known), WARN


def _closed(e: a.ClockClosed, say: Say) -> _Spoken:
    clock = say.word(CLOCKS, e.clock)
    if e.why == "not_applicable":
        return say("Nothing is due any more: {clock}", clock=clock), NOTE
    if e.late:
        return say("Handed in LATE, at {at}: {clock}", clock=clock, at=say.clock(e.at)), BAD
    return say("Handed in at {at}: {clock}", clock=clock, at=say.clock(e.at)), GOOD


def _made(e: a.DraftMade, say: Say) -> _Spoken:
    unknown = sum(each.state == "unknown" for each in e.fields)
    known = {"form": say.word(FORMS, e.form), "version": e.version, "draft": e.draft}
    open_fields = say.many("{n} field unknown", "{n} fields unknown", unknown)
    return say("Draft {draft}, version {version}, {fields}: {form}", fields=open_fields, **known), NOTE


def _amend(e: a.AmendmentNeeded, say: Say) -> _Spoken:
    fields = say.many("{n} field of {draft}", "{n} fields of {draft}", len(e.names), draft=e.draft)
    return say("What was handed in is no longer what is known: {fields}. An amendment is needed", fields=fields), WARN


LEGAL_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    a.ClocksLoaded: _loaded,
    a.AwareSaid: _aware,
    a.ObligationSaid: _obligation,
    a.DraftWanted: _wanted,
    a.DraftEdited: _edited,
    a.DraftSigned: _signed,
    a.SubmissionSaid: _submitted,
    a.RansomDecided: _ransom,
    a.ClockStarted: _started,
    a.ClockWarned: _warned,
    a.ClockClosed: _closed,
    a.DraftMade: _made,
    a.AmendmentNeeded: _amend,
}
