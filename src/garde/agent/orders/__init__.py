"""Orders of the hub: checked, carried out, proven, undone, and remembered.

Comes in: signed envelopes from the poller. Goes out: cuts (`garde.contain.actions.cuts`) and reports of them. There is
no verb that runs anything; what an agent may be asked is the closed list of `garde.model.order.Verb`.
"""
