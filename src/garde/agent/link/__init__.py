"""The link to the hub: a process of its own beside the agent's core, which never waits for it.

Comes in: what the agent's journal keeps, by a pipe that drops rather than blocks, and from the journal itself. Goes
out: reports and heartbeats to the hub, orders from it. Without a hub it waits, and the agent works on alone.

`process.py` assembles it, `pipe.py` is the core's end. docs/link.md is the contract with the hub.
"""
