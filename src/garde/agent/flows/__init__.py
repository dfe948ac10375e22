"""Flow records on this machine: read all the time, so that somebody can look back at them on the night.

Comes in: `flows.toml` in the agent's state directory. Goes out: the store `flows.sqlite`, and in the agent's journal
when each source began and ceased to see. `process.py` starts it beside the core, `worker.py` is the loop, `track.py`
makes the kernel count. The question itself is an errand (`garde.agent.errands.flows`).
"""
