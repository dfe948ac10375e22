"""Laboratory and radiology go on, on paper: requests that came, results, critical results that must be called.

Comes in: entries of the desk's journal, what somebody typed from a form. Goes out: payloads, or a refusal with what to
do; what is open, what is critical and not called; registers and labels as documents. It opens no socket and no file,
and judges no patient: what is critical stands in a table that the hospital's own laboratory must have agreed to.

    nouns.py       what stands on a form, and in a result (sealed in the journal)
    number.py      how requests are numbered: a sheet of a pack, or a label
    critical.py    the table of critical limits
    state.py       requests, results, calls: the fold, with its rules
    policy.py      what may be written next
    look.py        what is open, late, loud: rows for people
    paper.py       registers and labels as documents
"""
