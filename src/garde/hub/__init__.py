"""The hub: one small machine in the crisis room, outside the domain, that joins what the agents see.

Comes in: signed envelopes of the agents, decisions of people. Goes out: one journal, signed orders, the console and
its API. It runs the capabilities named in `capabilities.CAPABILITIES` as one loop over the journal and decides
nothing itself.
"""
