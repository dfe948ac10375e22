"""Emergency: the hospital emergency plan, the diversion, the board of clinical services, the situation reports.

Comes in: incidents, cuts and what agents say; decisions of people; who was reached. Goes out: the plan's phases, tasks
with their clocks, who is to be called, who may still come, how each service stands, reports. It calls nobody itself
(`notice_needed` is answered by `oncall`), cuts nothing and lifts nothing by itself.

    nouns.py       a plan as data       read.py, check.py, canonical.py: from YAML to the entry; plans/: two of them
    memory.py      what is remembered   state.py, plan_fold.py, care_fold.py: from entries to it
    policy.py      what follows         triggers.py, tasks.py, services.py: its steps
    may.py         who may decide what
    board.py       the service board, one typed result     report.py: the situation report
    words.py       all of it in plain words                 page.py, sheets.py: as a static page, as paper
"""
