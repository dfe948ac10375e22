"""The attackers of the drill: stand-ins that destroy documents the way ransomware does, and touch nothing else.

Comes in: an order from `lab/drill.py` (which files it made, how fast, in which mode). Goes out: damage to exactly
those files, and the truth about it in shared memory that only the drill reads. Nothing here can reach another path:
every file is opened by `ground.py`, relative to the drill's own folder, and names outside its list are refused. The
"cipher" is random bytes that nobody keeps a key for; nothing here spreads, hides, persists or talks to a network.
"""
