"""Back-entry: paper goes back into the record, and nothing of it is lost on the way.

Comes in: entries of the desk's journal (packs, printings, sheets that came back, scans, what was keyed), the census.
Goes out: which sheets are missing, by name; what is to be keyed next; what does not fit; what is to go to the record.
Folds are pure but for the seal that they are handed. Nothing here opens a socket or a file: that is `garde.desk`.

    account.py        every printed sheet: returned, or named as missing
    returns.py        what people say became of sheets          scans.py: what pictures say
    items.py          what can be copied from paper, in which order
    state.py          the fold of all of it
    guide.py          what comes next, what may be keyed, who must look at it
    discrepancies.py  what does not fit
    switch.py         who is back in the record, signed by name
    sending.py        what is to go there                        outbox.py: how far it has gone
    messages.py       as HL7 v2.5                                bundle.py: as FHIR R4
"""
