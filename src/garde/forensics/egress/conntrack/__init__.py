"""The kernel's table of connections, with its counters, by netlink.

Comes in: what the kernel says when a connection begins and ends, and again and again the whole table. Goes out: flows.
`netlink.py` speaks with the kernel, `source.py` is the source. Accounting has to be switched on, and something has to
make the kernel track at all: `garde.agent.flows.track` does both.
"""
