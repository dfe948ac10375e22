"""The night: the story that Garde exists for, played on the lab's hospital, with a witness that Garde never talks to.

Comes in: a seed, and up to where the story is played. Goes out: the journal's entries as they come, the witness's
truth, and the score (`play.py`). The attackers damage only the lab's own synthetic documents, over SMB inside its
namespaces.

`draw.py` draws who, how and where; `spread.py` plays a burst; `prober.py` asks every server from the spreading machine
when it refuses; `witness.py` says what became of the files; `told.py` folds what Garde itself says; `score.py` sets
the two side by side. Later parts of the story add their stage to `story.py` and their keys to the score.
"""
