"""A hospital of 160 beds that talks HL7, as fast as somebody listens.

Comes in: a seed. Goes out: messages in the order in which its systems send them, over hours of its own time, and the
truth: who really lies where. It is the witness: it knows nothing of how the census is made, and its truth comes from
its own books, never from its messages. People, names and numbers are invented.
"""
