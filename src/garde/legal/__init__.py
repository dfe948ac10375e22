"""What the law asks of a hospital under attack: clocks, drafts, signatures, submissions, the ransom decision.

Comes in: entries of the hub's journal, the estate. Goes out: clocks that run, drafts whose every field names its
entries, what is due and what is late. It sends nothing to anybody: a person signs, hands in and says so. It is no
lawyer: a form's field that its source does not confirm says so, and what is not known stays unknown.
"""
