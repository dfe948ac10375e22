"""Back-entry: paper goes back into the record, and nothing of it is lost on the way.

Comes in: entries of the desk's journal (packs, printings, sheets that came back, scans, what was keyed), the census.
Goes out: which sheets are missing, by name; what is to be keyed next; what does not fit; what is to go to the record.
Folds are pure but for the seal that they are handed. Nothing here opens a socket or a file: that is `garde.desk`.

    account.py     every printed sheet: returned, or named as missing
"""
