"""What the pages show, as folds and as plain functions over their states: no web, no HTML, no clock.

Comes in: entries, the hub's board, the estate. Goes out: frozen records that a page says in the reader's language.
"""
