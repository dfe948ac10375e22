"""The README's night: played by the command, scored by the witness, and its journal proven by anybody.

Times are the bench's business (`garde bench night`); here they are only there or not.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from garde.lab.hospital import needs, network, record
from garde.lab.hospital.plan import INTERNET, NEIGHBOUR, NEIGHBOUR_MACHINES, WARD_PCS, Plan
from garde.lab.night.bag import wrongs
from garde.lab.night.draw import draw_reach
from garde.lab.night.score import Accounted, Papers, Restarted

_WHY_NOT = needs.missing()
# The whole night is the set-up of the first test: minutes.
pytestmark = [pytest.mark.root, pytest.mark.timeout(900), pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]

SCORE = {
    "kind", "until", "seed", "refused_everywhere_s", "untouched_refused_s", "touched", "lost", "spreader",
    "first_server", "recurrence_joined", "proven",
    "called_s", "page_printed_s", "plan_triggered_s", "diversion_acknowledged", "services",
    "messages_lost", "packs_s", "pages", "sheets_printed", "sheets_accounted", "census_equal", "worklist_items",
    "retention_frozen_s", "waves", "opened_before_verified", "relapse_files", "record_restored_to", "files_lost",
    "family", "origin", "egress", "egress_bytes", "warning_s", "neighbour_touched", "evidence_verified", "drafts",
}  # fmt: skip
ASLEEP, AWAKE = "+32470000001", "+32470000008"
STOPPED = ("paper", "closed")
PAPER = Papers.__struct_fields__
MORNING = Restarted.__struct_fields__
ACCOUNT = Accounted.__struct_fields__
SEED = 20190311
SERVERS = ("files-wards", "files-imaging", "files-admin", "record")
NIGHT_S = 860.0  # on a machine with nothing else to do it is four minutes


def garde(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "garde.cli", *words]
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=NIGHT_S, check=False)


def entries_of(night: dict[str, Any]) -> list[dict[str, Any]]:
    return [line["entry"] for line in night["lines"] if line["kind"] == "entry"]


def namespaces() -> set[str]:
    """Those of labs: other tests' client machines, which may be there meanwhile, are named otherwise."""
    plan = Plan("x", 1, Path())
    second = [f"{NEIGHBOUR}-{name}" for name in NEIGHBOUR_MACHINES]
    ours = re.compile(rf"garde\d+-({'|'.join([*plan.machines, INTERNET, *plan.aside, *second])})")
    there = network.NETNS.iterdir() if network.NETNS.is_dir() else ()
    return {path.name for path in there if ours.fullmatch(path.name)}


@pytest.fixture(scope="module")
def night(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place, before = tmp_path_factory.mktemp("night"), namespaces()
    files = [
        "--truth",
        str(place / "truth.json"),
        "--journal",
        str(place / "night.jsonl"),
        "--pages",
        str(place / "pages"),
    ]
    done = garde(root, "night", "--until", "account", "--seed", str(SEED), *files, "--no-install", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (done.stderr, lines[-4:])
    return {"lines": lines, "score": lines[-1], "place": place, "left": namespaces() - before}


def test_the_score_says_what_the_attackers_know(night: dict[str, Any]) -> None:
    score, truth = night["score"], json.loads((night["place"] / "truth.json").read_text())
    assert set(score) == SCORE and list(score)[-25:] == [*list(truth)[-25:]]
    names = ("until", "seed", "spreader", "first_server", "recurrence_joined", "proven", "touched", "lost")
    assert {name: score[name] for name in names} == {name: truth[name] for name in names}
    assert (score["lost"], score["recurrence_joined"], score["proven"]) == (0, True, True)
    assert score["refused_everywhere_s"] is not None
    assert 0 < score["touched"] < 300  # of six hundred; how few is the bench's business
    assert len(truth["bursts"]) == 2
    assert truth["bursts"][0]["machine"] == score["spreader"] != truth["bursts"][1]["machine"]


def test_one_machine_alone_is_cut_off_and_the_others_work_on(night: dict[str, Any]) -> None:
    spreaders = {line["machine"] for line in night["lines"] if line["kind"] == "witness"}
    colleagues = [line for line in night["lines"] if line["kind"] == "colleague"]
    assert len(spreaders) == 2 and {line["machine"] for line in colleagues}.isdisjoint(spreaders)
    assert colleagues and all(line["done"] > 0 and line["failed"] == 0 for line in colleagues)


def test_people_are_called_until_one_answers_and_approves(night: dict[str, Any]) -> None:
    score, entries = night["score"], entries_of(night)
    rang = [line["number"] for line in night["lines"] if line["kind"] == "rang"]
    assert rang[0] == ASLEEP and AWAKE in rang and rang.count(ASLEEP) > 1, "the first sleeps, and is called anew later"
    assert score["called_s"] is not None and score["page_printed_s"] is not None
    decided = [each for each in entries if each["kind"] == "cut_decided"]
    (approved,) = [each for each in decided if each["payload"]["decision"] == "approve"]
    assert approved["payload"]["role"] == "operator"
    assert {each["payload"]["decision"] for each in decided} == {"approve", "undo"}, "in the morning they are undone"
    (port,) = {
        each["payload"]["action"]
        for each in entries
        if each["kind"] == "cut_proposed" and each["payload"]["cut"] == approved["payload"]["cut"]
    }
    states = [
        each["payload"]["state"]
        for each in entries
        if each["kind"] == "cut_changed" and each["payload"]["cut"] == approved["payload"]["cut"]
    ]
    assert port == "port" and {"applied", "proven"} & set(states)
    assert any(each["kind"] == "incident_answered" for each in entries)
    codes = [each["payload"] for each in entries if each["kind"] == "reply_received"]
    assert codes and not any(re.search(r"\d{3}", each["text"]) for each in codes), "no code stands in the journal"


def test_the_plan_is_in_force_and_the_112_centre_knows(night: dict[str, Any]) -> None:
    score, truth, entries = night["score"], json.loads((night["place"] / "truth.json").read_text()), entries_of(night)
    (triggered,) = [each for each in entries if each["kind"] == "plan_triggered"]
    assert triggered["payload"]["phase"] == "action" and triggered["payload"]["incident"]
    assert any(each["kind"] == "plan_proposed" for each in entries)
    assert score["plan_triggered_s"] is not None and score["plan_triggered_s"] > 60, (
        "the next one is called after a minute"
    )
    assert score["diversion_acknowledged"] is truth["diversion_acknowledged"] is True
    told = [
        (each["who"], each["payload"]["path"], each["payload"]["recipient"])
        for each in entries
        if each["kind"] == "diversion_told"
    ]
    ways = ("ambulances", "emergency")
    assert {each[1:] for each in told if each[0] == "person/local"} == {(way, "112") for way in ways}
    assert {(way, "112") for way in ways} < {each[1:] for each in told if each[0] == "person/c.janssens"}, (
        "opened again"
    )


def test_the_board_says_how_services_really_stand(night: dict[str, Any]) -> None:
    score, truth = night["score"], json.loads((night["place"] / "truth.json").read_text())
    assert score["services"].keys() == truth["services"].keys()
    # Less than usual is seen from within alone: whoever asks from outside is answered or not.
    stopped = [{name: at for name, at in each["services"].items() if at in STOPPED} for each in (score, truth)]
    assert stopped[0] == stopped[1] == {"ward-desk": "paper"}, "radiology and the laboratory go on, as everything else"


def test_the_situation_report_comes_out_of_the_printer(night: dict[str, Any]) -> None:
    pages = night["place"] / "pages"
    (report,) = pages.glob("*.pdf")
    text = subprocess.run(["pdftotext", str(report), "-"], capture_output=True, text=True, check=True).stdout
    assert "Sainte-Aldegonde" in text
    (picture,) = pages.glob("*.png")
    with Image.open(picture) as drawn:
        width, height = drawn.size
        dark = sum(drawn.convert("L").histogram()[:128]) / (width * height)
    assert height > width and 0.01 < dark < 0.5, "a page of A4 with words on it"
    calls = [each.read_bytes() for each in pages.iterdir() if each.is_file() and each.suffix not in (".pdf", ".png")]
    assert any(each.startswith(b"GARDE") for each in calls), "the page of the call itself"


def test_the_entries_tell_it_in_order(night: dict[str, Any]) -> None:
    entries = entries_of(night)
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    first = {}
    for entry in entries:
        first.setdefault(entry["kind"], entry["seq"])
    story = ("verdict_reached", "incident_opened", "spread_found", "cut_proposed", "order_asked", "order_applied")
    assert [first[kind] for kind in story] == sorted(first[kind] for kind in story)
    assert sum(entry["kind"] == "incident_opened" for entry in entries) >= 1
    assert not any(entry["kind"] == "envelope_refused" for entry in entries), "nobody forged or repeated anything"


def test_wards_go_on_on_paper_and_everything_comes_back(night: dict[str, Any]) -> None:
    score, truth = night["score"], json.loads((night["place"] / "truth.json").read_text())
    assert {name: score[name] for name in PAPER if name != "packs_s"} == {
        name: truth[name] for name in PAPER if name != "packs_s"
    }
    assert (score["messages_lost"], score["census_equal"]) == (0, True)
    assert score["sheets_printed"] == score["sheets_accounted"] > 50
    assert score["pages"] > score["sheets_printed"], "other wards have their packs too"
    assert score["packs_s"] is not None and score["worklist_items"] >= 2, "the two who came are on the list"


def test_what_the_wards_printed_can_be_looked_at(night: dict[str, Any]) -> None:
    for ward in WARD_PCS:
        folder = night["place"] / "pages" / f"ward-{ward}"
        printed = sum(int(page["pages"]) for page in map(_info, folder.glob("*.pdf")))
        assert printed and len(list(folder.glob("*.png"))) == printed


def test_servers_come_back_verified_signed_for_and_whole(night: dict[str, Any]) -> None:
    score, truth = night["score"], json.loads((night["place"] / "truth.json").read_text())
    same = [name for name in MORNING if name != "record_restored_to"]
    assert {name: score[name] for name in same} == {name: truth[name] for name in same}
    assert (score["files_lost"], score["opened_before_verified"], score["waves"]) == (0, 0, 3)
    assert score["retention_frozen_s"] is not None
    stages = {
        server: [each["payload"]["stage"] for each in entries_of(night)
                 if each["kind"] == "step_moved" and each["payload"]["machine"] == server]
        for server in SERVERS
    }  # fmt: skip
    whole = ["isolated", "verified", "observing", "listed", "open"]
    assert {server: each[-5:] for server, each in stages.items()} == dict.fromkeys(SERVERS, whole)
    signed = [each["payload"] for each in entries_of(night) if each["kind"] == "gate_signed"]
    for server in SERVERS:
        mine = {(each["side"], each["by"]) for each in signed if each["machine"] == server}
        assert {side for side, _ in mine} == {"it", "service"} and len({by for _, by in mine}) == 2


def test_a_relapse_is_cut_again_with_its_wave_before_a_fifth_file(night: dict[str, Any]) -> None:
    entries = entries_of(night)
    recut = [each["payload"] for each in entries if each["kind"] == "machine_recut"]
    assert 0 < night["score"]["relapse_files"] < 5
    assert recut and {each["source"] for each in recut} <= set(SERVERS)
    (planned,) = [each["payload"]["waves"] for each in entries if each["kind"] == "restart_planned"]
    (wave,) = [each for each in planned if recut[0]["source"] in each]
    assert {each["machine"] for each in recut} == set(wave)


def test_the_record_is_brought_to_a_moment_before_the_first_harm(night: dict[str, Any]) -> None:
    score, truth, entries = night["score"], json.loads((night["place"] / "truth.json").read_text()), entries_of(night)
    said, really = (datetime.fromisoformat(each["record_restored_to"]) for each in (score, truth))
    harm = min(datetime.fromisoformat(each["at"]) for each in entries if each["kind"] == "finding_made")
    assert really <= said < harm, "the newest row is of then; and it was before the first hostile write"
    assert (said - really).total_seconds() < 10, "somebody wrote into it every half second"
    again = {each["payload"]["subject"]: each["payload"]["after"] for each in entries if each["kind"] == "reenter_said"}
    assert any(abs(after - said.timestamp()) < 1 for after in again.values())


def test_the_plan_is_kept_overnight_and_lifted_on_its_criteria(night: dict[str, Any]) -> None:
    entries = entries_of(night)
    (held,) = [each for each in entries if each["kind"] == "plan_held"]
    (lifted,) = [each for each in entries if each["kind"] == "plan_stood_down"]
    at = datetime.fromisoformat(lifted["at"]).timestamp()
    assert at > held["payload"]["until"] and not lifted["payload"]["unmet"]
    watch = [each["payload"]["until"] for each in entries if each["kind"] == "watch_reinforced"]
    assert watch and watch[-1] > at + 20 * 86_400


def test_the_last_page_says_that_nothing_was_lost(night: dict[str, Any]) -> None:
    page = (night["place"] / "pages" / "morning.html").read_text()
    assert "Nothing was lost, and every server is back." in page
    assert "must be entered again" in page and "plan lifted" in page


def test_the_account_says_what_the_attackers_know(night: dict[str, Any]) -> None:
    score, truth = night["score"], json.loads((night["place"] / "truth.json").read_text())
    same = [name for name in ACCOUNT if name != "egress_bytes"]
    assert {name: score[name] for name in same} == {name: truth[name] for name in same}
    assert score["egress"] == "seen" and abs(score["egress_bytes"] / truth["egress_bytes"] - 1) <= 0.1
    assert truth["egress_bytes"] == truth["upload_bytes"] > 20_000_000
    assert score["warning_s"] is not None and score["evidence_verified"] is True and score["drafts"] == 6


def test_the_way_back_names_the_network_it_came_from_as_infrastructure(night: dict[str, Any]) -> None:
    every = [each["payload"] for each in entries_of(night) if each["kind"] == "origin_found"]
    found = [each for each in every if each["incident"] == every[0]["incident"]][-1]  # the second burst has its own
    (controller,) = [hop for hop in found["hops"] if hop["role"] == "controller"]
    reach = draw_reach(SEED)
    assert (controller["address"], controller["country"]) == (night["score"]["origin"], reach.leads_from)
    assert controller["may_be"], "a relay, or rented: nobody is blamed"
    assert found["hops"][0]["machine"] == night["score"]["spreader"]


def test_whether_data_left_is_said_with_its_limits(night: dict[str, Any]) -> None:
    every = [each["payload"] for each in entries_of(night) if each["kind"] == "egress_concluded"]
    concluded = [each for each in every if each["incident"] == every[0]["incident"]]
    last = concluded[-1]
    assert {"gateway/kernel", "gateway/netflow", "gateway/sensor"} == set(last["sources"])
    assert night["score"]["spreader"] in last["covered"]
    ranks = [("none_seen", "blind", "seen").index(each["finding"]) for each in concluded]
    assert ranks == sorted(ranks), "it can get worse later, never better"


def test_the_hospital_next_door_is_warned_and_stops_the_same_attackers_at_once(night: dict[str, Any]) -> None:
    assert night["score"]["neighbour_touched"] > 0, "that the verdict took a file or two the night itself looks at"
    approved = [each["payload"] for each in entries_of(night) if each["kind"] == "warning_approved"]
    told = {each["payload"]["neighbour"] for each in entries_of(night) if each["kind"] == "neighbour_told"}
    assert approved and {each["by"] for each in approved} == {"v.leroy"} and told == {"chu-exemple"}


def test_clocks_run_from_what_a_person_said_and_drafts_are_signed(night: dict[str, Any]) -> None:
    entries = entries_of(night)
    first = {each["kind"]: each["seq"] for each in reversed(entries)}
    assert first["aware_said"] < first["clock_started"] < first["draft_made"] < first["draft_signed"]
    assert first["draft_signed"] < first["submission_said"]
    (ransom,) = [each["payload"] for each in entries if each["kind"] == "ransom_decided"]
    assert ransom["paid"] is False


def test_the_polices_folder_and_the_boards_report_are_left(root: Path, night: dict[str, Any]) -> None:
    pages = night["place"] / "pages"
    assert wrongs(pages / "police") == []
    for language in ("en", "fr"):
        assert _info(pages / "account" / f"report-{language}.pdf")["pages"] != "0"
        assert "<svg" in (pages / "account" / f"report-{language}.html").read_text()
    assert {file.stem for file in (pages / "account").glob("*.json")} >= {"gdpr_33", "gdpr_34", "nis2_early", "police"}


def _info(file: Path) -> dict[str, str]:
    told = subprocess.run(["pdfinfo", str(file)], capture_output=True, text=True, check=True).stdout
    return {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in told.splitlines())
    }


def test_the_nights_journal_is_proven_and_no_edit_of_it(root: Path, night: dict[str, Any], tmp_path: Path) -> None:
    export = night["place"] / "night.jsonl"
    whole = garde(root, "journal", "verify", "--export", str(export), "--json")
    assert whole.returncode == 0 and json.loads(whole.stdout.splitlines()[-1])["faults"] == 0
    spreader = night["score"]["spreader"].encode()
    edited = tmp_path / "edited.jsonl"
    edited.write_bytes(export.read_bytes().replace(b'"target":"' + spreader, b'"target":"somebody', 1))
    assert edited.read_bytes() != export.read_bytes()
    assert garde(root, "journal", "verify", "--export", str(edited), "--json").returncode == 13


def test_nothing_is_left_of_it(night: dict[str, Any]) -> None:
    assert night["left"] == set()
    assert [found.notes.name for found in record.every() if found.notes.name.startswith("night-")] == []
    assert night["lines"][-2]["kind"] == "journal"
