"""The lab's hospital with its real servers, without Garde in it: wired as drawn, and gone without a trace.

What Garde does on it is the night's own test (tests/e2e/test_night.py).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from garde.lab.attackers.smb_attack import PASSWORD
from garde.lab.attackers.smb_theft import Theft
from garde.lab.hospital import aside, fileserver, flows, hospital, modem, needs, network, printer, record, remains
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.internet import NAMES_PORT, THIEF_PORT
from garde.lab.hospital.plan import (
    CRISIS_PRINTER,
    DESK,
    FEED_PORT,
    GATEWAY,
    HUB,
    INTERNET,
    MODALITY,
    NEIGHBOUR,
    NEIGHBOUR_MACHINES,
    RECORD,
    SHARES,
    SWITCH,
    WARD_PCS,
    Plan,
)
from garde.lab.night import abroad, care, spread
from garde.lab.night.beside import Beside
from garde.lab.night.draw import FILES, Burst, draw
from garde.lab.night.outside import Outside, wait_until
from garde.lab.night.prober import Line
from garde.lab.night.traffic import Traffic
from garde.lab.night.witness import NightWitness
from garde.lab.ward_traffic.witness import differences
from garde.oncall.channels.base import Handed, Page
from garde.oncall.channels.modem import Modem, ModemOptions

_WHY_NOT = needs.missing()
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]

USER = "s.dubois"
PROCESS = """
import sys
from functools import partial
from garde.lab.hospital.hospital import Hospital
say = partial(print, flush=True)
Hospital(sys.argv[1], guarded=False, paper=True, show=say).up()
say("up")
sys.stdin.read()
"""


def traces() -> dict[str, set[str]]:
    """Everything of any lab that could be left on this machine."""
    # Other tests' client machines are named otherwise (garde<N>-c<host>).
    plan = Plan("x", 1, Path())
    second = [f"{NEIGHBOUR}-{name}" for name in NEIGHBOUR_MACHINES]
    ours = re.compile(rf"garde\d+-({'|'.join([*plan.machines, INTERNET, *plan.aside, *second])})")
    there = network.NETNS.iterdir() if network.NETNS.is_dir() else ()
    spaces = {path.name for path in there if ours.fullmatch(path.name)}
    mounts = re.findall(r"\S*garde-lab\S*", Path("/proc/self/mountinfo").read_text())
    loops = {str(path) for path in Path("/sys/block").glob("loop*/loop/backing_file") if "garde-lab" in _text(path)}
    homes = {str(home) for place in record.PLACES if place.is_dir() for home in place.iterdir()}
    marked = {
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and b"GARDE_LAB=" in _text(entry / "environ").encode()
    }
    return {"namespaces": spaces, "mounts": set(mounts), "loops": loops, "homes": homes, "processes": marked}


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@pytest.fixture(scope="module")
def lab() -> Iterator[Hospital]:
    before = traces()
    with Hospital("test-lab", guarded=False, documents=60, paper=True, account=True) as made:
        own = subprocess.run(["ip", "addr"], capture_output=True, text=True, check=True).stdout
        assert f"198.18.{made.plan.number}." not in own, "no address in the machine's own network"
        assert not set(re.findall(r"^\d+: ([^@:]+)", own, re.M)) & {it.port for it in made.machines.values()} - {""}
        yield made
    assert traces() == before, "something is left of the lab"


def reach(lab: Hospital, machine: str, address: str, port: int, seconds: float = 1.0) -> bool:
    words = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))"
    arguments = [sys.executable, "-I", "-S", "-c", words, address, str(port), str(seconds)]
    return lab.run(machine, arguments, capture_output=True).returncode == 0


@pytest.mark.parametrize("server", SHARES)
def test_each_file_server_serves_on_both_versions_with_the_hospitals_accounts(lab: Hospital, server: str) -> None:
    for address in (lab.plan.address(server), lab.plan.address6(server)):
        target, secret = f"//{address}/{SHARES[server]}", f"{USER}%{lab.secrets.logins[USER]}"
        done = lab.run("ws-admissions", ["smbclient", target, "-U", secret, "-c", "ls"], capture_output=True)
        assert done.returncode == 0 and b"blocks available" in done.stdout, done
    assert len(lab.documents[server]) == 60


def test_a_wrong_password_is_refused(lab: Hospital) -> None:
    target = f"//{lab.plan.address('files-wards')}/wards"
    done = lab.run("ws-ward-3", ["smbclient", target, "-U", f"{USER}%wrong", "-c", "ls"], capture_output=True)
    assert b"NT_STATUS_LOGON_FAILURE" in done.stdout + done.stderr


def test_the_server_knows_its_users_by_name_and_this_machine_does_not(lab: Hospital) -> None:
    words = ["smbclient", f"//{lab.plan.address('files-wards')}/wards", "-U", f"{USER}%{lab.secrets.logins[USER]}"]
    client = lab.popen("ws-admissions", words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        config = str(fileserver.configuration(lab.plan, "files-wards"))
        asked = fileserver.entering(lab.plan, "files-wards", ["smbstatus", "-s", config, "--json"])
        until = time.monotonic() + 10
        users: set[str] = set()
        while users != {USER} and time.monotonic() < until:
            told = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
            users = {it["username"] for it in told["sessions"].values()}
        assert users == {USER}
    finally:
        client.kill()
        client.communicate()
    assert USER not in Path("/etc/passwd").read_text()


def test_the_gateway_lets_out_and_not_in(lab: Hospital) -> None:
    for version in (4, 6):
        outside = network.outside_address(lab.plan, network.PROVIDER, version)
        assert reach(lab, "ws-ward-3", outside, 5061), f"out, IPv{version}"
    inside = (lab.plan.address("files-wards"), lab.plan.address6("files-wards"))
    lab.run("internet", ["ip", "route", "add", f"{inside[0]}/32", "via", f"{lab.plan.outside4}.1"])
    assert not reach(lab, "internet", inside[0], 445, 0.5), "in"


@pytest.mark.parametrize(("way", "port"), [("bulk", THIEF_PORT), ("sessions", THIEF_PORT), ("names", NAMES_PORT)])
def test_what_is_stolen_arrives_and_is_counted(lab: Hospital, way: str, port: int) -> None:
    plan, server, before = lab.plan, "files-admin", abroad.taken(lab.internet_log)
    thief = network.outside_address(plan, network.THIEF)
    theft = Theft(plan.address(server), SHARES[server], USER, 10, 1, thief, port, way, 400_000)
    words = [sys.executable, "-P", "-m", "garde.lab.attackers.smb_theft"]
    secret = {PASSWORD: lab.secrets.logins[USER]}
    done = lab.run("ct-1", words, input=msgspec.json.encode(theft), env=secret, capture_output=True)
    sent = json.loads(done.stdout)["bytes"]
    assert 400_000 <= sent < 1_000_000, done
    assert wait_until(lambda: abroad.taken(lab.internet_log) - before == sent, 5.0)


def test_one_machine_is_led_from_outside_and_the_gateways_counts_say_so(lab: Hospital) -> None:
    controller = network.outside_address(lab.plan, network.CONTROLLER)
    with Beside(lab, "ct-1", "garde.lab.attackers.led", controller, "443", "ct-1") as led:
        table = lab.run(GATEWAY, ["conntrack", "-L", "-d", controller], capture_output=True).stdout.decode()
        (report,) = map(json.loads, led.end())
    assert report["lines"] == 1 and report["sent"] >= len("ct-1\n")
    assert f"src={lab.plan.address('ct-1')}" in table and "bytes=" in table


def test_the_gateway_exports_what_passes_by_it(lab: Hospital) -> None:
    host, _, port = flows.COLLECTOR.partition(":")
    hear = "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); s.bind((sys.argv[1], int(sys.argv[2])))"
    hear += "; s.settimeout(20); print('ready', flush=True); print(s.recv(4096)[1])"
    listening = lab.popen(GATEWAY, [sys.executable, "-I", "-c", hear, host, port], stdout=subprocess.PIPE)
    assert listening.stdout is not None and listening.stdout.readline() == b"ready\n"
    # The kernel hands packets on by the block: there must be some thousands until the exporter sees any.
    ask = "import socket, sys, time; s = socket.socket(type=socket.SOCK_DGRAM); s.connect((sys.argv[1], 53))"
    ask += "; [(s.send(bytes(64)), time.sleep(0.001) if not i % 20 else None) for i in range(8000)]"
    outside = network.outside_address(lab.plan, network.THIEF)
    assert lab.run("ws-ward-3", [sys.executable, "-I", "-c", ask, outside]).returncode == 0
    assert listening.communicate(timeout=25)[0] == b"9\n", "NetFlow v9"


def test_the_second_hospital_has_nothing_of_the_first_but_a_line_between_the_hubs(lab: Hospital) -> None:
    second = lab.neighbour
    assert second is not None and len(second.documents) == 80
    here, there = lab.plan.line_addresses

    def answers(machine: str, address: str) -> bool:
        words = (
            "import socket, sys; sys.exit(socket.socket().connect_ex((sys.argv[1], 9)) != 111)"  # refused: it is there
        )
        call = [sys.executable, "-I", "-S", "-c", words, address]
        return second.programs.run(machine, call, capture_output=True, timeout=20).returncode == 0

    assert answers(HUB, here) and answers(HUB, lab.plan.address(HUB))
    assert not answers(HUB, lab.plan.address("files-wards")) and not answers("ws-1", there)
    target, login = f"//{second.plan.address('files-wards')}/wards", "e.nagy"
    words = ["smbclient", target, "-U", f"{login}%{second.logins[login]}", "-c", "ls"]
    assert second.programs.run("ws-1", words, capture_output=True).returncode == 0


def test_the_record_answers_those_who_know_its_password(lab: Hospital) -> None:
    words = ["psql", "-X", "-At", "-h", lab.plan.address(RECORD), "-U", "record", "-d", "record"]
    words += ["-c", "SELECT count(*) FROM patient"]
    done = lab.run("ws-ward-3", words, env={"PGPASSWORD": lab.secrets.database}, capture_output=True)
    assert done.stdout.strip() == b"400", done
    refused = lab.run("ws-ward-3", words, env={"PGPASSWORD": "wrong"}, capture_output=True)
    assert refused.returncode != 0


def test_the_switch_shuts_a_port_when_the_hub_asks_and_only_then(lab: Hospital) -> None:
    plan, known = lab.plan, lab.secrets.switch
    base = ["-v3", "-l", "authPriv", "-u", known.user, "-a", "SHA-256", "-A", known.authentication, "-x", "AES", "-X"]
    quiet = {"SNMP_PERSISTENT_DIR": str(plan.home / "log"), "MIBS": ""}

    def snmp(tool: str, *words: str, privacy: str = known.privacy) -> str:
        command = [tool, *base, privacy, "-r", "1", "-t", "1", "-On", plan.address(SWITCH), *words]
        return lab.run(HUB, command, capture_output=True, env=quiet).stdout.decode()

    names = snmp("snmpwalk", "1.3.6.1.2.1.31.1.1.1.1")
    (index,) = re.findall(r"\.(\d+) = STRING: \"p72\"", names)
    admin = f"1.3.6.1.2.1.2.2.1.7.{index}"
    server = plan.address("files-wards")
    assert reach(lab, "ws-admissions", server, 445)
    assert "INTEGER" not in snmp("snmpset", admin, "i", "2", privacy="not the right one")
    assert reach(lab, "ws-admissions", server, 445)
    try:
        assert "INTEGER: 2" in snmp("snmpset", admin, "i", "2")
        assert not reach(lab, "ws-admissions", server, 445, 0.5)
        assert reach(lab, "ws-ward-3", server, 445), "one port, and no other"
    finally:
        snmp("snmpset", admin, "i", "1")
    assert reach(lab, "ws-admissions", server, 445)


def block(lab: Hospital, server: str, *addresses: str) -> None:
    """What an agent would do, by hand: refuse a client at once, for open connections as for new ones."""
    rules = "".join(f"{'ip6' if ':' in it else 'ip'} saddr {it} drop; " for it in addresses)
    table = f"table inet by_hand {{ chain input {{ type filter hook input priority -200; {rules} }}; }}\n"
    done = lab.run(server, ["nft", "-f", "-"], input=table.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_burst_is_seen_from_the_attackers_side_and_refusals_to_the_moment(lab: Hospital) -> None:
    plan = lab.plan
    machine, servers = "analyser-1", ("files-imaging", "files-admin")
    script = msgspec.structs.replace(
        draw(1, plan), mode="new-then-delete", user=USER, bursts=(Burst(machine, servers, 2),) * 2
    )
    witness = NightWitness({server: lab.share_of(server) for server in SHARES}, lab.documents)
    witness.look()
    blocked: list[float] = []

    def show(files: int, refused: tuple[str, ...]) -> None:
        if files >= 20 and not blocked:
            blocked.append(time.monotonic())
            for server in SHARES:
                block(lab, server, plan.address(machine), plan.address6(machine))

    played = spread.play(lab, script, 0, show)
    for server in SHARES:
        lab.run(server, ["nft", "delete", "table", "inet", "by_hand"])
    assert spread.servers_in_order(played.logged) == list(servers)
    seen = witness.judge(machine, played.logged, played.lines, list(SHARES))
    assert blocked and seen.refused_everywhere_s is not None
    assert seen.began + seen.refused_everywhere_s >= blocked[0]  # never before somebody refused it
    assert seen.untouched_refused_s is not None and seen.untouched_refused_s <= seen.refused_everywhere_s
    assert 18 <= seen.touched_count < FILES * len(servers)  # somebody stopped it: how soon is no matter here
    assert sum(map(len, witness.lost(afresh=True).values())) == pytest.approx(seen.touched_count, abs=4)
    for server in servers:
        note = played.logged[server].notes[0]
        assert (
            "Garde's lab" in (lab.share_of(server) / note).read_text()
            or "labo de Garde" in (lab.share_of(server) / note).read_text()
        )
    assert all(isinstance(line, Line) and line.answered for line in played.lines)


def test_time_passes_on_the_labs_clock_alone(lab: Hospital) -> None:
    lab.advance(3600.0)
    lab.advance(60.0)
    assert lab.clock_offset == 3660.0


def test_a_second_lab_lives_beside_it_and_leaves_alone(lab: Hospital) -> None:
    with Hospital("test-beside", guarded=False, documents=5) as other:
        assert set(other.plan.namespaces).isdisjoint(lab.plan.namespaces)
        assert not reach(lab, "ws-ward-3", other.plan.address("files-wards"), 445, 0.3), "two hospitals, no way between"
        assert reach(other, "ws-ward-3", other.plan.address("files-wards"), 445)
    assert record.find("test-beside") is None
    assert reach(lab, "ws-ward-3", lab.plan.address("files-wards"), 445)


PRINT = """
import sys
from garde.oncall.channels.base import Page
from garde.oncall.channels.printer import Printer, PrinterOptions
printer = Printer("room", PrinterOptions(sys.argv[1]))
print(printer.hand(Page("a" * 32, "GARDE", ("GARDE", "a page"), "")))
print(printer.print("Garde report 1", b"%PDF-1.7 page", "application/pdf"))
"""


def test_the_modem_sends_and_receives_and_the_printer_prints(lab: Hospital) -> None:
    plan = lab.plan
    folders = {name: str(plan.modem(name)) for name in ("outbox", "sent", "error", "inbox")}
    channel = Modem("modem", ModemOptions(**folders))
    with Outside(plan) as outside:
        page = Page("b" * 32, "GARDE", ("GARDE", "Answer 123 456 789 : you know — œ"), "+32 470 00 00 01")
        assert isinstance(channel.hand(page), Handed)
        assert wait_until(lambda: any(plan.modem("sent").iterdir()), 20)
        (message,) = outside.messages
        assert (message.number, outside.text(message)) == ("+32470000001", page.text)
        modem.receive(plan, "+32470000001", "YES 123456789 é", 1)
        assert wait_until(lambda: bool(channel.replies()), 20)
        (reply,) = channel.replies()
        assert (reply.sender, reply.text) == ("+32470000001", "YES 123456789 é")
        done = lab.run(HUB, [sys.executable, "-P", "-c", PRINT, printer.crisis(plan).uri], capture_output=True)
        assert done.stdout.count(b"Handed") == 2, done
        assert wait_until(lambda: len(outside.sheets) == 2, 20)
        assert [outside.file(each).read_bytes() for each in outside.sheets][1] == b"%PDF-1.7 page"
        assert outside.file(outside.sheets[0]).read_bytes().startswith(b"GARDE")


def test_the_desk_hears_the_feed_and_loses_none_of_it_when_the_record_is_cut_away(lab: Hospital) -> None:
    plan = lab.plan
    with Traffic(lab, 7) as traffic:
        assert traffic.wait_delivered(60)
        network.pull_record(plan, out=True)
        try:
            traffic.on_paper(("SI",), ("SI",))
            lab.advance(1800)
            assert wait_until(lambda: traffic.state().failing and len(traffic.came()) == 1, 20)
        finally:
            network.pull_record(plan, out=False)
        traffic.stop()
        assert traffic.wait_delivered(60)
        (census,) = aside.command(lab.programs, plan, DESK, "downtime", "census")
        assert differences(traffic.truth(), census) == []
        (status,) = aside.command(lab.programs, plan, DESK, "downtime", "status")
        assert status["running"] and status["messages"] >= len(traffic.delivered()) == traffic.state().acknowledged
        assert status["wrong_clocks"] == status["not_understood"] == {}


def test_what_stands_aside_is_reached_from_nowhere_else(lab: Hospital) -> None:
    plan = lab.plan
    feed, desk = plan.feed_address(DESK), plan.aside_address(DESK)
    assert reach(lab, RECORD, feed, FEED_PORT), "by the one wire, at the one port"
    assert not reach(lab, MODALITY, feed, FEED_PORT, 0.3) and not reach(lab, MODALITY, desk, FEED_PORT, 0.3)
    for machine in (HUB, "ws-ward-3", GATEWAY, INTERNET):
        for address in (feed, desk, *(plan.aside_address(pc) for pc in WARD_PCS.values())):
            assert not reach(lab, machine, address, FEED_PORT, 0.3), (machine, address)
    assert not reach(lab, RECORD, plan.aside_address("pc-si"), printer.PORT, 0.3)
    assert not any(plan.aside_address(pc) in plan.estate_text for pc in WARD_PCS.values())


def test_each_ward_has_a_printer_at_its_own_pc(lab: Hospital) -> None:
    for ward, pc in WARD_PCS.items():
        uri = aside.ward_printer(lab.plan, ward).uri
        network.pull_ward(lab.plan, ward, out=True)
        done = lab.run(pc, [sys.executable, "-P", "-c", PRINT, uri], capture_output=True)
        network.pull_ward(lab.plan, ward, out=False)
        assert done.stdout.count(b"Handed") == 2, done
        spool = lab.plan.ward_spool(ward)
        assert wait_until(lambda spool=spool: any(spool.glob("*.pdf")), 20)  # type: ignore[misc]
        assert not reach(lab, MODALITY, lab.plan.aside_address(pc), printer.PORT, 0.3), "nobody else prints there"


def test_what_works_is_seen_from_the_devices_themselves(lab: Hospital) -> None:
    assert set(care.real(lab).values()) == {"works"}
    for server in (*SHARES, RECORD):
        block(lab, server, lab.plan.address("ct-1"), lab.plan.address6("ct-1"))
    try:
        found = care.real(lab)
    finally:
        for server in (*SHARES, RECORD):
            lab.run(server, ["nft", "delete", "table", "inet", "by_hand"])
    assert {name for name, state in found.items() if state != "works"} == {"radiology"}


def test_processes_of_the_lab_are_all_known(lab: Hospital) -> None:
    names = {program.name for program in lab.record.programs() if program.runs}
    assert {
        "snmpd",
        "postgres",
        "internet",
        "smsd",
        *(f"{it}-{CRISIS_PRINTER}" for it in ("bus", "avahi", "printer")),
        *(fileserver.program_name(it) for it in SHARES),
    } <= names
    assert len(remains.living(lab.record)) >= len(names)
    assert GATEWAY in lab.machines


# Killed as soon as it says so, or when it is up.
@pytest.mark.parametrize("step", ["network", "disks", "servers", "documents", "up"])
def test_what_a_killed_run_left_is_taken_down_from_elsewhere(step: str) -> None:
    before = traces()
    name = f"test-kill-{step}"
    environment = {**os.environ, "PYTHONPATH": str(Path(hospital.__file__).parents[3])}
    words = [sys.executable, "-c", PROCESS, name]
    with subprocess.Popen(words, env=environment, start_new_session=True, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        for line in maker.stdout:
            if line.decode().strip() == step:
                break
        maker.send_signal(signal.SIGKILL)
    found = record.find(name)
    if found is None:  # killed before it was a lab
        assert step == "network"
        hospital.take_down()
    else:
        assert found.is_abandoned
        hospital.take_down(name)
    assert traces() == before
