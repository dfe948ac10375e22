"""`garde request`: laboratory and radiology go on, on paper: requests, results, critical results that must be called.

Comes in: an action and its words. Goes out: what was written, registers and labels as PDF, what a modality would be
told. It works on the desk's own state directory, beside the running desk or without one. Rules:
`garde.downtime.register.state`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from garde.cli.downtime import DEFAULT_STATE, DeskState
from garde.cli.options import Json, LabClock

Action = Annotated[
    Literal["take", "result", "called", "close", "list", "labels", "register", "worklist"],
    Parameter(
        help="A request has come; its result; a critical one was read to somebody; it needs no more work; what is "
        "open; print labels; print a register; show what modalities are told."
    ),
]
What = Annotated[
    str,
    Parameter(
        name="WHAT",
        help="take, result, close, labels: the number on form or label. called: a result's id. list, register: "
        "laboratory or radiology. worklist: a modality.",
    ),
]
Service = Annotated[str, Parameter(name="--service", help="take: laboratory or radiology.")]
Ward = Annotated[str, Parameter(name="--ward", help="take: the ward that asks.")]
Patient = Annotated[str, Parameter(name="--patient", help="take: the patient's number, or downtime number.")]
For = Annotated[str, Parameter(name="--for", help="take: what is asked, as it stands on the form.")]
Modality = Annotated[str, Parameter(name="--modality", help="take: CR, CT, DX, MG, MR, NM, RF, US, XA.")]
Specimen = Annotated[str, Parameter(name="--specimen", help="take: of the laboratory.")]
Urgent = Annotated[bool, Parameter(name="--urgent", negative=(), help="take: it is.")]
Doctor = Annotated[str, Parameter(name="--doctor", help="take: who asks.")]
Reason = Annotated[str, Parameter(name="--reason", help="take: the clinical question.")]
Wanted = Annotated[str, Parameter(name="--wanted", help="take: for when (2026-11-24 14:00). Default: now.")]
Value = Annotated[
    list[str] | None, Parameter(name="--value", negative=(), help="result: 'K=6.8 mmol/L'; once for each value.")
]
Words = Annotated[str, Parameter(name="--text", help="result: in words.")]
Critical = Annotated[
    bool | None,
    Parameter(name="--critical", negative="--not-critical", help="result: where the table does not say."),
]
Replaces = Annotated[str, Parameter(name="--replaces", help="result: id of an earlier one that it corrects.")]
To = Annotated[str, Parameter(name="--to", help="called: to whom it was read.")]
ReadBack = Annotated[bool, Parameter(name="--read-back", negative=(), help="called: they repeated it.")]
How = Annotated[Literal["", "done", "refused", "void"], Parameter(name="--how", help="close: how.")]
Note = Annotated[str, Parameter(name="--note", help="close: why; no patient's name in it.")]
By = Annotated[str, Parameter(name="--by", help="Who does it, by name. Default: the login.")]
At = Annotated[str, Parameter(name="--at", help="When it happened on paper (03:40). Default: now.")]
Out = Annotated[Path | None, Parameter(name="--out", help="labels, register: the PDF.")]
Count = Annotated[int, Parameter(name="--count", help="labels: new blank numbers; register: blank lines.")]
Each = Annotated[int, Parameter(name="--each", help="labels: of each number: form, tube, one to spare.")]
Calls = Annotated[bool, Parameter(name="--calls", negative=(), help="register: the log of critical calls.")]
Blank = Annotated[bool, Parameter(name="--blank", negative=(), help="register: blank lines only.")]
Lang = Annotated[Literal["en", "fr"], Parameter(name="--lang", help="labels, register: language.")]


def request(
    action: Action,
    what: What = "",
    /,
    *,
    service: Service = "",
    ward: Ward = "",
    patient: Patient = "",
    asked: For = "",
    modality: Modality = "",
    specimen: Specimen = "",
    urgent: Urgent = False,
    doctor: Doctor = "",
    reason: Reason = "",
    wanted: Wanted = "",
    value: Value = None,
    text: Words = "",
    critical: Critical = None,
    replaces: Replaces = "",
    to: To = "",
    read_back: ReadBack = False,
    how: How = "",
    note: Note = "",
    by: By = "",
    at: At = "",
    out: Out = None,
    count: Count = 0,
    each: Each = 3,
    calls: Calls = False,
    blank: Blank = False,
    lang: Lang = "en",
    state: DeskState = DEFAULT_STATE,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Take paper requests, note results, call the critical ones, and print the registers.

    Example: garde request take K7Q2MX.12 --service laboratory --ward MED --patient 100 --for ionogramme --urgent
    """
    from garde.cli.options import clock_of
    from garde.cli.request_desk import Acts, Form, Outcome, Print, Said
    from garde.cli.screen import Screen

    form = Form(service, ward, patient, asked, modality, specimen, urgent, doctor, reason, wanted)
    outcome = Outcome(tuple(value or ()), text, critical, replaces, to, read_back, how, note)
    prints = Print(out, count, each, calls, blank, lang)
    acts = Acts(Screen(as_json), state.absolute(), clock_of(lab_clock), Said(what, by, at))
    return acts.do(action, form, outcome, prints)
