"""The night's final report, for whoever has to answer for the hospital: a board of directors, not a server room.

Comes in: the journal's entries, the estate, a language, the time; a story to set beside, where somebody gives one. Goes
out: one typed `Report`, and its renderings: HTML that needs nothing from anywhere, a PDF, lines, JSON. It is a fold
like everything that the hub shows: each line names the entry that it rests on, what nobody saw is said as loudly as
what was seen, and nothing is decided here.
"""
