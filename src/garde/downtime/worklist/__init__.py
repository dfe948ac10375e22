"""Radiology goes on: a DICOM modality worklist from the census, requests on paper, people under downtime numbers.

Comes in: the census as it is shown, the registers' requests, who arrived; a modality's question as a data set. Goes
out: scheduled procedure steps (PS3.4 Annex K) that match, with the keys that were asked for. It opens no socket: the
desk does (`garde.desk.worklist`). It plans nothing: what is asked for is due.

    modality.py     which orders are images, and of which modality (table: modalities.toml)
    who.py          whose image it is
    items.py        what is to be done: items from census, paper and arrivals
    words.py        the words that are ours, English and French
    dataset.py      an item as a data set (PS3.4 table K.6-1)
    match.py        matching (PS3.4 C.2.2.2, K.2.2) and answers
"""
