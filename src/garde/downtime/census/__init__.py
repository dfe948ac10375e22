"""Who lies where, and what is known of them: a pure fold over what the feed told.

Comes in: `Told`, in whichever order and however often. Goes out: the census, bed by bed. Every fact is kept by when its
sender said it, not by when it came, and a copy of it is the same fact; so a replay, live reception, a repeated message
and a shuffled queue end in the same census. It reads no message, asks no clock and keeps nothing on the disk.
"""
