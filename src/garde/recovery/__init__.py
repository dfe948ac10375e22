"""Recovery: frozen retention, judged restore points, gated servers, waves under observation, and the cut again.

Comes in: incidents, what agents say of their stores and machines, decisions of people. Goes out: errands for agents,
how each server stands, its way back step by step, isolations that containment carries out. It cuts and opens nothing
itself, deletes nothing, and trusts no machine's word about itself alone.
"""
