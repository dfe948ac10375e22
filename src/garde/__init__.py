"""Garde: what a hospital needs on the night ransomware comes.

One package, one command per role. `docs/architecture.md` shows the floors; imports go down only.
"""

__version__ = "0.1.0"
