"""The lab: synthetic hospital documents, the attackers of the drill, and the drill that witnesses them.

Comes in: a folder of the reader's own choosing. Goes out: documents made there, and the truth about what was done to
them. It holds no malware: the attackers damage only files that the drill itself made a moment before, and refuse
every other path.
"""
