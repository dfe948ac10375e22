"""Synthetic hospital documents: whole files of ten kinds, made by the libraries that real ones are made with.

Comes in: a folder, a count, a seed. Goes out: `make_share` (a share worth looking at, some 500 files from 0.3 kB to
2 MB) and `make_some` (many smaller ones quickly, with their SHA-256, for the drill). The same seed and library versions
give the same bytes. Nobody in them exists: every family name begins with TEST- and every number with SYN.
"""

from garde.lab.documents.share import Document, make_share, make_some

__all__ = ["Document", "make_share", "make_some"]
