"""The hospital as data: what there is, what hangs on what, who may be called, who may decide, what is never cut.

Comes in: `hospital.yaml`, or CSV lists merged into one. Goes out: `Estate` (nouns.py), read and checked with file and
line (read.py, check.py), looked up (look.py), what stops if a machine stops (dependencies.py), what is never cut
(never.py), and its one canonical form in bytes, `to_json` and `from_json`, which the journal keeps. It watches no file,
opens no socket and decides no cut.
"""

from garde.estate.canonical import from_json, to_json

__all__ = ["from_json", "to_json"]
