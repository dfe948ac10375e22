"""The agent: one program on each file server that sees, judges, holds, restores and tells.

Comes in: trees to watch, a state directory, settings. Goes out: events (one dictionary each), entries in its own
journal, and a control socket in the state directory. Two processes: the core (sight, judgement, holding; one thread,
never waits for a disk it can avoid) and the keeper (pre-images, hashing, restore; low priority). It knows no hub yet.
"""
