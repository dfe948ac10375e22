"""Did data leave? Flow records of several sources, kept in a small store, compared with what is usual.

Comes in: the kernel's connection table, NetFlow and IPFIX datagrams, logs of Zeek and Suricata. Goes out: what left
more than usual, for where, how much and when, and just as plainly: when a source did not see, and why. It reads no
content of any connection. `base.py` has the contract of a source, `table.py` the list of them, `look.py` the question.
"""
