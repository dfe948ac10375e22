"""From raw bytes to statements: what a message says, in the census's words.

Comes in: raw bytes as they lie in the store, when they were received, and how this hospital writes things (`Manner`).
Goes out: `Read`, always: what is not understood has its reason there. Pure: the same bytes are read the same way for
ever, until a newer version of Garde understands more (`VERSION`), when what was not understood is read again.
"""
