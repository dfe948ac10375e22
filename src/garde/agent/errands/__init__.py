"""Errands: what an agent does for the way back, in a process of its own beside the core and the link.

Comes in: orders whose verb is in `garde.model.order.ERRANDS`, handed over by the link; the core's word that a hold was
confirmed. Goes out: reports of `garde.journal.recovery_kinds`, by the agent's journal and the link's outbox; words for
people. An errand may take hours: no hold, no cut and no heartbeat waits for it.

`process.py` starts it, `worker.py` assembles it, `executor.py` has the rules, `core_end.py` is the core's side.
"""
