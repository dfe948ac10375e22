"""Which services of the hospital really work: asked of the machines themselves, from where people work.

Comes in: the hospital. Goes out: estate id → works, degraded, paper or closed, as far as the world can see it: whether
the record answers, whether the shares answer, which device reaches what it works with, whether the gateway lets out.
What follows for a service is written down here anew, on purpose: nothing of Garde is asked. It knows nothing of what
people on the wards do.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from garde.estate.nouns import Estate, Service
from garde.lab.hospital import network
from garde.lab.hospital.database import PORT as RECORD_PORT
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.internet import PROVIDER_PORT
from garde.lab.hospital.plan import GATEWAY, RECORD, SHARES

WAIT_S: Final = 2.0
SMB: Final = 445
# What each device works with; the others work with the patient record.
_WORKS_WITH: Final = {"ct-1": "files-imaging", "analyser-1": "files-wards"}
_PRINTER: Final = "printer-er"
_NOTHING: Final = 9  # a port where nobody listens: that it refuses shows that the machine is there
DEVICES: Final = ("ws-ward-3", "ws-admissions", "ct-1", "analyser-1")
_ASK: Final = """
import socket, sys, threading
def ask(name, host, port):
    try:
        socket.create_connection((host, int(port)), float(sys.argv[1])).close()
        print(name, flush=True)
    except OSError as error:
        if port == "9" and isinstance(error, ConnectionRefusedError):
            print(name, flush=True)
for each in sys.argv[2:]:
    threading.Thread(target=ask, args=each.split(",")).start()
"""


def real(hospital: Hospital) -> dict[str, str]:
    """How each service of the estate really stands."""
    return standing(hospital.plan.estate, down(_reached(hospital)))


def down(reached: dict[str, set[str]]) -> set[str]:
    """The machines that do not work: devices that do not reach what they work with, servers that nobody reaches."""
    cut = {device for device, found in reached.items() if _WORKS_WITH.get(device, RECORD) not in found}
    by_any = set().union(*(found for device, found in reached.items() if device not in cut))
    return cut | ({*SHARES, RECORD, GATEWAY, _PRINTER} - by_any)


def standing(estate: Estate, machines: set[str]) -> dict[str, str]:
    """What follows for the services from the machines that do not work."""
    services = {service.id: service for service in estate.services}
    stopped: set[str] = set()
    for _ in services:
        stopped |= {
            name for name, each in services.items() if not {*each.machines, *each.needs}.isdisjoint(machines | stopped)
        }
    lost = machines | stopped
    return {name: _state(each, name in stopped, not lost.isdisjoint(each.uses)) for name, each in services.items()}


def _state(service: Service, stopped: bool, less: bool) -> str:
    if stopped:
        return "paper" if service.instead else "closed"
    return "degraded" if less else "works"


def _reached(hospital: Hospital) -> dict[str, set[str]]:
    """What each device gets a connection to, all asking at once."""
    words = [sys.executable, "-I", "-S", "-c", _ASK, str(WAIT_S), *_targets(hospital)]
    asking = {each: hospital.popen(each, words, stdout=subprocess.PIPE) for each in DEVICES}
    return {device: set(process.communicate()[0].decode().split()) for device, process in asking.items()}


def _targets(hospital: Hospital) -> Iterator[str]:
    plan = hospital.plan
    for server in SHARES:
        yield f"{server},{plan.address(server)},{SMB}"
    yield f"{RECORD},{plan.address(RECORD)},{RECORD_PORT}"
    yield f"{_PRINTER},{plan.address(_PRINTER)},{_NOTHING}"
    yield f"{GATEWAY},{network.outside_address(plan, network.PROVIDER)},{PROVIDER_PORT}"
