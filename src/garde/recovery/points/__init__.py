"""Restore points: one adapter for each sort of backup, all under one contract.

Comes in: the stores that an agent's settings name (`config`). Goes out: their points, frozen retention, samples to
judge, data brought to a scratch place, verified, and put in place. No adapter deletes a point, and none overwrites a
damaged original.

    base     the contract, its results and its fault
    config   stores.toml
    table    which class serves which sort
"""
