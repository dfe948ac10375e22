"""The papers of a ward: what is on them, how they look, and where they are kept until somebody needs them.

Comes in: a `CensusView`, how fresh it is, the desk's lists (contacts, high-risk drugs). Goes out: a PDF with its
`Manifest`; a `Shelf` that keeps packs sealed. It reads no feed, decides no schedule, prints nothing and sends nothing.

    basis.py      the hospital at one moment: all that packs are made from
    voice.py      one language (`words/`), one time zone, and words from outside made safe to print
    people.py     who somebody is: the strip on each page, the three shapes of allergies
    patient.py    one patient's sheet        mar.py   the sheet on which the giving of drugs is signed
    ward.py       a ward's pack              services.py   laboratory, radiology, pharmacy, theatre, outpatients
    making.py     from content to a PDF, with a code on each page        templates/, forms.json   how it looks
    shelf.py      packs on the disk, sealed; `Manifest`, what can be said of a pack without naming a patient
"""
