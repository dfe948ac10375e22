"""Reading file contents: what kind a file is, whether it holds together, and what damage a change did.

Comes in: bytes, before and after. Goes out: a kind, a structure, fingerprints, and a `Comparison` with proofs of
damage. It opens, writes and logs nothing, keeps no content, weighs no proof and knows no actor.

    access       bytes in memory or behind a descriptor
    kinds        the signature table, text and containers of ciphertext (text, cipher)
    structure/   one checker for each family of formats, in one table
    randomness   chi-square and serial correlation fit for the length (encoded: under base64 and hex)
    changes      which bytes changed; fingerprint: the same without a pre-image
    compare      the judgement (facts: what the rules ask; rules: one for each proof)
    new_file     the same for a file without a version before
"""

from garde.content.access import Bytes, FileBytes, MemoryBytes, identify
from garde.content.compare import Comparison, compare, whole
from garde.content.facts import Before
from garde.content.fingerprint import fingerprint
from garde.content.kinds import family, is_recognised, is_text, sniff
from garde.content.new_file import NewFile, judge_new
from garde.content.randomness import Randomness, randomness
from garde.content.structure import Structure, check_structure

__all__ = [
    "Before",
    "Bytes",
    "Comparison",
    "FileBytes",
    "MemoryBytes",
    "NewFile",
    "Randomness",
    "Structure",
    "check_structure",
    "compare",
    "family",
    "fingerprint",
    "identify",
    "is_recognised",
    "is_text",
    "judge_new",
    "randomness",
    "sniff",
    "whole",
]
