"""The program `garde downtime`: a small machine of its own that listens to the hospital's feed and keeps the census.

Comes in: MLLP connections, files to import, questions on a local socket. Goes out: acknowledgements, once a message is
on the disk; the census; an alarm when the feed falls silent. It has its own state directory and its own key, and knows
nothing of a hub.
"""
