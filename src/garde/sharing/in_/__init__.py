"""The way in: what neighbours sent, read as data, and what follows for the watch.

Comes in: entries of the journal, bundles of neighbours. Goes out: indicators to watch for. A bundle names no command,
no path and no rule; what cannot be read is counted.
"""
