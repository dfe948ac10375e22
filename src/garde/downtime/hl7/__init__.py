"""HL7 v2 as it really comes: versions mixed, character sets mislabelled, segments that nobody documented.

Comes in: the bytes of one message. Goes out: `Message`, in which everything can be asked for and a missing value
is ""; an acknowledgement. It knows the form of messages, not what they mean: that is `garde.downtime.reading`.
"""
