"""The closed words of `hospital.yaml`, and what each of its fields means.

Comes in: nothing. Goes out: the words that a field may hold, and one line of help for every field. The JSON schema is
made from it; docs/estate.md and the nouns are checked against it by tests. It checks nothing itself.
"""

from __future__ import annotations

import re

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)

MACHINE_ROLES = (
    "server",
    "workstation",
    "gateway",
    "switch",
    "hub",
    "modality",
    "laboratory",
    "printer",
    "other",
)
PERSON_ROLES = (
    "on_call_it",
    "it_director",
    "security_officer",
    "crisis_coordinator",
    "general_director",
    "medical_director",
    "nursing_director",
    "emergency_head",
    "laboratory_head",
    "radiology_head",
    "pharmacy_head",
    "ward_head",
    "facility",
    "communication",
    "legal",
    "dpo",
    "supplier",
)
CONSOLE_ROLES = ("operator", "admin")  # of accounts; a rule may name them beside the roles of people
ACTIONS = ("block", "kick", "account", "read_only", "isolate", "outside", "port")
NEEDS = ("automatic", "one", "two", "unanswered", "never")
CARE = ("any", "none")
SEVERITIES = (1, 2, 3)
# The order of restart: what stands first is what the others stand on.
LAYERS = (
    "core",
    "network",
    "identity",
    "monitoring",
    "storage",
    "telephony",
    "index",
    "laboratory",
    "radiology",
    "pharmacy",
    "record",
    "theatre",
    "scheduling",
    "mail",
    "web",
    "other",
)

# The words that a field may hold. "*" in place of a field's own name: each item of its list.
CHOICES: dict[str, tuple[str, ...]] = {
    "machines.role": MACHINE_ROLES,
    "machines.layer": LAYERS,
    "people.roles": PERSON_ROLES,
    "rota.role": PERSON_ROLES,
    "authority.actions": ACTIONS,
    "authority.needs": NEEDS,
    "authority.care": CARE,
    "authority.roles": PERSON_ROLES + CONSOLE_ROLES,
}

HELP: dict[str, str] = {
    "name": "The hospital's name.",
    "languages": "Languages of the words for people, two letters each; the first is the hospital's own.",
    "sites": "Places.",
    "sites.id": "Id.",
    "sites.name": "Name for people.",
    "sites.address": "Street and town.",
    "segments": "Parts of the network.",
    "segments.id": "Id.",
    "segments.name": "Name for people.",
    "segments.networks": "Its networks (CIDR), IPv4 and IPv6.",
    "segments.site": "Site.",
    "machines": "Every machine that matters to care, to the network or to the hub.",
    "machines.id": "Id.",
    "machines.name": "Name for people.",
    "machines.role": "What it is.",
    "machines.addresses": "Its own addresses, IPv4 and IPv6.",
    "machines.segment": "Segment; its addresses must lie in it.",
    "machines.mac": "MAC address.",
    "machines.os": "Operating system, in words.",
    "machines.owner": "Person who answers for it.",
    "machines.switch": "Switch it hangs on (for a switch: the one above it).",
    "machines.port": "Port there, as the switch names it (ifName).",
    "machines.agent": "Whether Garde's agent runs on it.",
    "machines.needs": "Machines without which it neither starts nor works.",
    "machines.snmp": "Switches: ADDRESS:PORT of its SNMP agent. User and passwords are secrets of the hub.",
    "machines.layer": "Place in the order of restart; nothing: by its role and the services on it.",
    "machines.flows": "What it may talk to when it returns under watch: ADDRESS or NETWORK (both ways), "
    "ADDRESS:PORT/tcp or [IPV6]:PORT/udp (it asks); nothing: the machines that it needs "
    "and those that need or use what it does.",
    "machines.supplier": "Who reaches it from outside to look after it; nothing: nobody.",
    "machines.accounts": "Service accounts that run on it: changed before it returns.",
    "machines.keys": "Keys and certificates that it holds: changed before it returns.",
    "services": "What the hospital does with its machines, in the words of its wards.",
    "services.id": "Id; no machine may have the same.",
    "services.name": "Name in each language.",
    "services.machines": "Machines that do it: it stops where one of them stops.",
    "services.needs": "Services without which it stops.",
    "services.uses": "Services or machines without which it goes on with less.",
    "services.wards": "Wards that use it; none named: the whole house.",
    "services.instead": "What the wards do without it, in each language.",
    "services.clinical": "Whether it counts in the price of a cut.",
    "services.heads": "People who sign for it when it returns; none named: whoever heads a ward, or care.",
    "services.tried_from": "Machines at which a clinician tries it before it returns.",
    "wards": "Wards and departments.",
    "wards.id": "Id.",
    "wards.name": "Name in each language.",
    "wards.beds": "Beds.",
    "wards.phone": "Telephone that works without the exchange, if there is one.",
    "wards.site": "Site.",
    "people": "Who can be reached, may decide, or both.",
    "people.id": "Id.",
    "people.name": "Name.",
    "people.roles": "Roles in a crisis.",
    "people.phones": "Telephones, the best first.",
    "people.mail": "Mail address, best one outside the hospital's own mail.",
    "people.language": "Language to call them in.",
    "people.logins": "Account names, in the directory and at the console.",
    "rota": "Who is on call.",
    "rota.role": "Role.",
    "rota.people": "People, the first is called first.",
    "rota.hours": "When, local time: `Mon-Fri 08:00-18:00; Sat,Sun`; nothing: always.",
    "authority": "The written authority: who may make which cut. The first rule that fits counts.",
    "authority.id": "Id.",
    "authority.actions": "Cuts that it speaks of.",
    "authority.needs": "Who must say yes.",
    "authority.severity": "Counts from this severity of the incident on: 1, 2 or 3.",
    "authority.care": "`none`: only where no clinical service stops; `any`: whatever the price.",
    "authority.after_s": "For `unanswered`: seconds without an answer of anybody.",
    "authority.roles": "Who may say yes; none named: every operator.",
    "authority.words": "The sentence as it was signed, in each language.",
    "never_cut": "What is never cut off.",
    "never_cut.what": "A machine's id, an address, or a network (CIDR).",
    "never_cut.why": "Why.",
    "gateways": "Ways to the outside.",
    "gateways.machine": "Machine that is the gateway; it carries an agent.",
    "gateways.outside": "Names of its interfaces that lead out.",
    "gateways.allow": "Flows that stay open when the outside is cut: ADDRESS, ADDRESS:PORT/tcp or [IPV6]:PORT/udp.",
    "neighbours": "Other hospitals, to be warned.",
    "neighbours.id": "Id.",
    "neighbours.name": "Name.",
    "neighbours.contact": "Telephone or mail of its on-call service.",
    "neighbours.key": "Its public key for signed warnings, in hex.",
}

# Fields that name something: by the tables in which it must stand.
REFERENCES: dict[str, tuple[str, ...]] = {
    "segments.site": ("sites",),
    "machines.segment": ("segments",),
    "machines.owner": ("people",),
    "machines.switch": ("machines",),
    "machines.needs": ("machines",),
    "services.machines": ("machines",),
    "services.needs": ("services",),
    "services.uses": ("services", "machines"),
    "services.wards": ("wards",),
    "services.heads": ("people",),
    "services.tried_from": ("machines",),
    "wards.site": ("sites",),
    "rota.people": ("people",),
    "gateways.machine": ("machines",),
}
