"""Where an address is: offline, from files. `sources.py` has the one table of sorts of files."""
