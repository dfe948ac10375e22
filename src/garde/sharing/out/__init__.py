"""The way out: what is known, what of it may leave the house, and the forms in which it leaves.

Comes in: entries of the journal, the estate. Goes out: indicators, the guard's difference, a page for the telephone and
for paper, STIX 2.1, MISP and CSV. Sending is the hub's business, releasing a person's.
"""
