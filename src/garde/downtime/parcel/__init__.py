"""Parcels: what goes from the desk to a ward's PC and back, whoever carries it: a network, a stick, a runner.

Comes in: a pack, or what a ward's PC has to tell; the keys of both sides. Goes out: bytes that only the other side can
read and only this side can have made; and, of bytes that anybody may have made, the same again after every check, or
`ParcelRefusedError`. It knows no socket, keeps no counters and decides nothing.

    keys.py       both sides' keys, the cards by which they come to know each other, fingerprints for people
    envelope.py   sealed (HPKE, RFC 9180) and signed (Ed25519) bytes; every check on the way in
    goods.py      a pack as the content of a parcel
    receipt.py    what a ward's PC tells: kept, freshness, printed
"""
