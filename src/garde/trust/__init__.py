"""Trust: keys, signed envelopes, the hub's own CA, enrolment and release codes.

Comes in: keys and bytes. Goes out: envelopes that nobody else can make, certificates that agents and browsers believe
because of a pin and not because of the world's authorities, one-time tokens, printed codes, files of facts that name
nobody; how passwords are kept, how often somebody may try one, and how much HTTP a stranger may send. It opens no
connection.
"""
