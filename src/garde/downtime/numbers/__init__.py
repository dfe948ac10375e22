"""Downtime numbers: who arrives while the record is away, under a number that nobody can take for the hospital's own.

Comes in: entries of the desk's journal, what a person typed, the census where there is one. Goes out: payloads, or a
refusal with what to do; who arrived; labels and the registry as a document. It opens no socket and no file, and never
joins two people by itself.

    form.py      how a number is written, read aloud, and told from a patient number
    state.py     blocks, numbers, matches: the fold, with its rules
    newcomer.py  what is known of a person: sealed in the journal
    policy.py    blocks, giving, correcting, voiding        matching.py: whose a number is
    likeness.py  what of a person agrees with a record
    people.py    `arrivals`: who is here under a downtime number (packs, worklist, census)
    need.py      how many numbers a place needs
    labels.py    sheets of labels, the registry
"""
