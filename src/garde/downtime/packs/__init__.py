"""The papers of a ward: what is on them, how they look, and where they are kept until somebody needs them.

Comes in: a `CensusView`, how fresh it is, the desk's lists (contacts, high-risk drugs). Goes out: a PDF with its
`Manifest`; a `Shelf` that keeps packs sealed. It reads no feed, decides no schedule, prints nothing and sends nothing.

    shelf.py      packs on the disk, sealed; `Manifest`, what can be said of a pack without naming a patient
"""
