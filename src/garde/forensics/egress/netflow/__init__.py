"""NetFlow version 5 and 9 and IPFIX, received over UDP.

Comes in: datagrams. Goes out: flows, and what is missing by the exporters' own sequence numbers. `datagram.py` and
`templates.py` decode, `sequence.py` counts, `collector.py` is the source. It sends nothing.
"""
