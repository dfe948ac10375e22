"""Oncall: people are told, and hear of it over whatever survives the night. Who, how, how often, until when.

Comes in: entries that somebody must know of (an incident, a cut that waits for a person, silence, a fault, a notice
that another capability asks for), and what comes back (codes). Goes out: pages as commands, one person after the
other until somebody knows; acknowledgements; decisions in the name of whoever gave the code; `notice_unanswered` where
nobody could be reached. It does not judge a decision: the written authority does.

    memory.py   what is remembered          state.py     from entries to it
    policy.py   what follows from an entry  subjects.py  which entries people are called for
    calls.py    whom to call next, on what  answers.py   what a code that came back does
    duty.py     who is on duty              pages.py     a call in two lines, in the person's language
    codes.py    short codes                 config.py    calling.toml
    survive.py  which channel survives which cut         tree.py  the printed telephone tree
    channels/   the world: modem, printer, siren, mail, messengers
"""
