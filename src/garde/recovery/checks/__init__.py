"""Machine checks of the gate: what a server must show by itself before it returns, and what a neighbour sees of it.

Comes in: a root directory, the baseline of a sound day, what the agent knows of itself, the hub's time. Goes out: one
answer per item of the return-to-service record, with what speaks against it. It changes nothing on the machine, and it
opens nothing: a machine that was taken over can lie about itself, which is why the hub believes only the baseline whose
digest it was told on a sound day, and why another machine looks from outside.

    base.py        what a check gets and what it answers
    baseline.py    take(root) -> Baseline                                  store.py: on the disk, with its digest
    sweep.py       sweep(given) -> Swept: every check, one answer per item
    look.py        look(addresses, ports) -> Looked: from outside
    config.py      gate.toml in the state directory: where to look
"""
