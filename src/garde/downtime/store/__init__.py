"""The raw bytes of everything that was heard, safe before anybody is told so.

Comes in: bytes. Goes out: the same bytes, in the order of their arrival. Everything that could name a patient is
encrypted on the disk, under a key that lies in a file of its own; nothing is ever rewritten, and what is deleted is so
for its age.
"""
