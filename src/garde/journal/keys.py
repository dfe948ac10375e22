"""The secrets of one journal: what its references and its snapshots are keyed with.

Comes in: the journal's identity and key, as stored beside the chain. Goes out: references that stand for words in the
chain, and digests of snapshots. A reference is BLAKE2b of the words under the journal's random key and a random salt of
their own; the salt goes with the words when they are erased, so that a guessed name can no longer be tested against the
chain. The key signs nothing: whoever can read the store can read it. Checkpoints are signed with a key from elsewhere.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import blake2b

from garde.journal.entry import Head, origin

SALT = 16  # bytes, the most that BLAKE2b takes


@dataclass(frozen=True, slots=True)
class Keys:
    """Identity and key of one journal."""

    identity: bytes
    key: bytes

    def lookup(self, words: bytes) -> bytes:
        """Return what equal words are found by, as long as they are kept."""
        return blake2b(words, key=self.key, digest_size=16).digest()

    def ref(self, words: bytes, salt: bytes) -> str:
        """Return the reference, in hex."""
        return blake2b(words, key=self.key, salt=salt, digest_size=16).hexdigest()

    def snapshot(self, name: str, head: Head, data: bytes) -> bytes:
        """Return the digest of a snapshot together with what it is a snapshot of."""
        digest = blake2b(key=self.key, person=b"garde-snapshot", digest_size=32)
        for part in (name.encode(), str(head.seq).encode(), head.hash.encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update(data)
        return digest.digest()


def new_meta() -> dict[str, bytes]:
    """Return what a new journal starts from: its identity, its key and the head before the first entry."""
    identity = secrets.token_bytes(16)
    return {"identity": identity, "key": secrets.token_bytes(32), "head": f"0:{origin(identity)}".encode()}
