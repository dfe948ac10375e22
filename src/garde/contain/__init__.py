"""Contain: what stops a proven attacker, reversibly: on one machine by a hold, in the whole house by cuts.

Comes in: verdicts; at the hub, the reports of all agents, the hospital and its written authority, decisions of
people. Goes out: holds (`actions/`), with their undo; at the hub, one incident with its spread, proposals with their
price in care, orders, and what became of them. It does not judge who is an attacker and does not put files back.

    state.py    from entries to what is known       reports.py, outcomes.py: the two halves; memory.py: the data
    policy.py   what follows from an entry          spread.py, planner.py, authority.py, orders.py: its steps
    isolation.py  cuts of machines on their way back
    words.py    all of it in plain words
    actions/    the world: holds and cuts
"""
