"""What a ward needs when the screens go dark: the hospital's feed, kept, and the census that is made of it.

Comes in: HL7 v2 messages (MLLP), FHIR R4 resources, tables (CSV). Goes out: a store of the raw bytes, encrypted, that
loses nothing of what could not be read, and a census: bed by bed, who lies there, with every figure's source and time.
Nothing is shared with the hub: own store, own key, own journal, own process. It decides nothing about an incident,
prints nothing, and writes nothing back into the hospital's record.
"""
