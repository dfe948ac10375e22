"""Forensics: what it was, where it came from, whether data left, and what is kept as evidence.

Comes in: incidents, what agents say of notes, flows, connections and evidence, wishes of people. Goes out: errands for
agents, the family, the origin, the finding on egress, the bundle of evidence. Everything it says names the entries that
it rests on, its confidence, and what it could not see. It cuts nothing, and blames nobody.
"""
