"""The status page of `garde up`: one page on the loopback address, for whoever stands before the machine.

Comes in: the journal of the state directory, and whether the agent lives. Goes out: HTML and JSON over GET. It changes
nothing and offers no way to: releasing and restoring are commands.
"""
