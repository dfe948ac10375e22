"""Nouns: frozen data that every floor speaks of. Imports nothing of ours and does no I/O."""
