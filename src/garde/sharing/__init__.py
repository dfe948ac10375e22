"""Sharing: warning the neighbours of what was seen here, and watching for what they warn of.

Comes in: incidents and findings, what a person releases, what neighbours sent. Goes out: a warning, guarded and waiting
for a person's eyes; whom it is sent to; a watch list for the agents; a precaution with its price in care. `out/` is the
way out, `in_/` the way in. It releases nothing by itself, and believes nothing of a neighbour but what to watch for.
"""
