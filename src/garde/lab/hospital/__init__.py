"""The lab's hospital: a small clinic in network namespaces, with real servers, made and removed without a trace.

Comes in: a name. Goes out: `Hospital` (hospital.py), which makes it, gives access to its machines and takes it down,
and `take_down` (remains.py), which removes what a killed run left. What it is made of stands in `hospital.yaml`, an
estate like any other. It needs root, and touches nothing in the machine's own network: every link, address and rule
lies in a namespace of the lab's own. It attacks nobody: that is `garde.lab.night`.
"""
