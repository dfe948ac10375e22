"""The baseline over real packages: dpkg unpacks and upgrades them in a root of its own, gpg signs the archive's lists.

Comes in: dpkg, dpkg-deb, gpg, gpgv, debsums. A small package with everything that packages bring: a program, a
library with its link, a unit, a configuration, a module of Python compiled by hand as py3compile does.
"""

from __future__ import annotations

import hashlib
import py_compile
import shutil
import subprocess
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from bench.backdoor_plants import _change, _raise_version

from garde.recovery.checks import store
from garde.recovery.checks.base import Baseline, Given, Said
from garde.recovery.checks.baseline import take
from garde.recovery.checks.machine import Machine
from garde.recovery.checks.packages import Patched, Verified
from garde.recovery.checks.sweep import sweep

NEEDED = ("dpkg", "dpkg-deb", "gpg", "gpgv", "debsums")
pytestmark = [
    pytest.mark.root,
    pytest.mark.apart,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}"),
]
NOW = 1_800_000_000.0
CONTROL = "Package: {0}\nVersion: {1}\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: words\n"


class Server:
    """A root directory whose packages dpkg keeps."""

    def __init__(self, place: Path) -> None:
        self.place, self.root = place, place / "root"
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists", "etc", "usr/bin", "usr/lib"):
            (self.root / folder).mkdir(parents=True)
        for name in ("bin", "lib"):
            (self.root / name).symlink_to(f"usr/{name}")
        (self.root / "var/lib/dpkg/status").touch()
        (self.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
        (self.root / "etc/shadow").write_text("root:*:1::::::\n")
        self.gpg = ["gpg", "--homedir", str(place / "gpg"), "--batch", "--quiet", "--pinentry-mode", "loopback"]
        (place / "gpg").mkdir(mode=0o700)
        self._do(
            *self.gpg, "--passphrase", "", "--quick-generate-key", "archive@example.org", "ed25519", "sign", "never"
        )
        ring = subprocess.run([*self.gpg, "--export"], check=True, capture_output=True).stdout
        (self.root / "usr/share/keyrings").mkdir(parents=True)
        (self.root / "usr/share/keyrings/archive.gpg").write_bytes(ring)

    def _do(self, *words: str) -> None:
        subprocess.run(words, check=True, capture_output=True)

    def package(self, name: str, version: str, *, more: dict[str, str] | None = None, mode: int = 0o755) -> Path:
        """Build a real package."""
        tree = self.place / f"{name}-{version}"
        files = {
            f"usr/bin/{name}": f"\x7fELF {name} {version}", f"usr/lib/lib{name}.so.1.{version}": f"\x7fELF {version}",
            f"lib/systemd/system/{name}.service": f"[Service]\nExecStart=/usr/bin/{name}\n# {version}\n",
            f"etc/{name}.conf": f"# made for {version}\n", f"usr/lib/python3/{name}.py": f"VERSION = '{version}'\n",
            f"usr/share/doc/{name}/README": version, **(more or {}),
        }  # fmt: skip
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
            (tree / path).chmod(mode if path.startswith("usr/bin") else 0o644)
        (tree / f"usr/lib/lib{name}.so.1").symlink_to(f"lib{name}.so.1.{version}")
        (tree / "DEBIAN").mkdir(mode=0o755)
        (tree / "DEBIAN/control").write_text(CONTROL.format(name, version))
        (tree / "DEBIAN/conffiles").write_text(f"/etc/{name}.conf\n")
        sums = (
            f"{hashlib.md5((tree / path).read_bytes()).hexdigest()}  {path}\n" for path in files if path[:4] != "etc/"
        )
        (tree / "DEBIAN/md5sums").write_text("".join(sums))
        made = self.place / f"{name}_{version}_all.deb"
        self._do("dpkg-deb", "--root-owner-group", "--build", str(tree), str(made))
        return made

    def install(self, package: Path) -> None:
        """Let dpkg unpack and configure it, and compile its Python as a trigger would."""
        words = ["--force-script-chrootless", "--force-confnew", "--log=/dev/null"]
        self._do("dpkg", f"--root={self.root}", *words, "--install", str(package))
        for source in (self.root / "usr/lib/python3").glob("*.py"):
            py_compile.compile(str(source), dfile=f"/usr/lib/python3/{source.name}", doraise=True)

    def lists(self, *versions: tuple[str, str], at: float = NOW, signed: bool = True) -> None:
        """Write apt's lists as `apt-get update` leaves them."""
        folder = self.root / "var/lib/apt/lists"
        text = "\n".join(CONTROL.format(*each) for each in versions) + "\n"
        (folder / "a_dists_b_main_binary-amd64_Packages").write_text(text)
        hashed = f"{hashlib.sha256(text.encode()).hexdigest()} {len(text)} main/binary-amd64/Packages"
        release = f"Origin: a\nSuite: b\nDate: {formatdate(at, usegmt=True)}\nSHA256:\n {hashed}\n"
        plain = self.place / "Release"
        plain.write_text(release)
        target = folder / "a_dists_b_InRelease"
        target.unlink(missing_ok=True)
        if signed:
            self._do(*self.gpg, "--passphrase", "", "--output", str(target), "--clearsign", str(plain))
        else:
            target.write_text(release)

    def baseline(self) -> Baseline:
        return take(self.root, live=False, now=NOW)

    def given(self, kept: Baseline) -> Given:
        place = self.place / "kept.json"
        return Given(root=self.root, live=False, baseline=place, believed=store.write(kept, place), now=NOW)

    def asked(self, kept: Baseline) -> Said:
        from garde.recovery.checks.drift import Drift

        return Drift()(Machine(self.given(kept)))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.install(made.package("tool", "1"))
    made.install(made.package("lamp", "1"))
    made.lists(("tool", "1"), ("lamp", "1"))
    yield made
    subprocess.run(["gpgconf", "--homedir", str(tmp_path / "gpg"), "--kill", "gpg-agent"], check=False)


def test_an_honest_upgrade_is_explained_whole(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("tool", "2", more={"usr/lib/python3/fresh.py": "pass\n"}))
    server.lists(("tool", "2"), ("lamp", "1"))
    said = server.asked(kept)
    assert (said.answer, said.found) == ("yes", ())
    assert any("with tool 2" in line for line in said.noted)
    assert any("is what its source gives" in line for line in said.noted)
    rebuilt = next(each for each in sweep(server.given(kept)).answers if each.item == "rebuilt")
    assert (rebuilt.answer, rebuilt.found) == ("yes", ())  # packages verified by debsums, no patch waiting


def test_a_program_changed_during_an_upgrade_is_found(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("tool", "2"))
    server.lists(("tool", "2"), ("lamp", "1"))
    _change(server.root / "usr/bin/tool")
    assert server.asked(kept).found == ("program changed: /usr/bin/tool",)


def test_rights_that_no_package_gave_are_found_during_an_upgrade(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("tool", "2"))
    server.lists(("tool", "2"), ("lamp", "1"))
    (server.root / "usr/bin/tool").chmod(0o4755)
    found = server.asked(kept).found
    assert any(line.startswith("set-uid new: /usr/bin/tool") for line in found)


def test_code_compiled_of_no_source_is_found_during_an_upgrade(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("tool", "2"))
    server.lists(("tool", "2"), ("lamp", "1"))
    other = server.place / "other.py"
    other.write_text("VERSION = 'evil'\n")
    (compiled,) = (server.root / "usr/lib/python3/__pycache__").glob("tool.*.pyc")
    py_compile.compile(str(other), cfile=str(compiled), dfile="/usr/lib/python3/tool.py")
    (line,) = server.asked(kept).found
    assert line.startswith("code changed: /usr/lib/python3/__pycache__/tool.")


def test_a_version_that_no_signed_list_names_explains_nothing(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("tool", "2"))
    assert server.asked(kept).found[0] == "package changed: tool:all (1 → 2): no signed list names this version"


def test_a_new_package_counts_only_where_a_signed_list_names_it(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("fresh", "1"))
    said = server.asked(kept)
    assert said.found[0] == "package new: fresh:all (1): no signed list names this version"
    assert any("fresh.service" in line for line in said.found)
    server.lists(("tool", "1"), ("lamp", "1"), ("fresh", "1"))
    assert server.asked(kept).answer == "yes"


def test_a_set_uid_program_of_a_new_package_is_for_people_to_judge(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("fresh", "1", mode=0o4755))
    server.lists(("tool", "1"), ("lamp", "1"), ("fresh", "1"))
    assert [line.split(":")[0] for line in server.asked(kept).found] == ["set-uid new", "program new"]


def test_a_list_that_nobody_signed_or_whose_key_is_new_names_nothing(server: Server) -> None:
    kept = server.baseline()
    server.install(server.package("tool", "2"))
    server.lists(("tool", "2"), ("lamp", "1"), signed=False)
    assert server.asked(kept).answer == "unknown"  # no list at hand: an upgrade as far as dpkg says
    server.lists(("tool", "2"), ("lamp", "1"))
    (server.root / "usr/share/keyrings/archive.gpg").rename(server.root / "usr/share/keyrings/mine.gpg")
    found = server.asked(kept).found
    assert "archive new: /usr/share/keyrings/mine.gpg" in found
    assert "archive gone: /usr/share/keyrings/archive.gpg" in found


def test_a_list_that_was_edited_after_it_was_signed_is_no_list(server: Server) -> None:
    kept = server.baseline()
    _raise_version_of(server)
    file = server.root / "var/lib/apt/lists/a_dists_b_main_binary-amd64_Packages"
    file.write_text(file.read_text().replace("Version: 1", "Version: 1+evil1"))
    machine = Machine(server.given(kept))
    assert not machine.archive.known
    assert "is not what its Release file says" in machine.archive.problems[0]


def _raise_version_of(server: Server) -> None:
    (server.root / "usr/bin/tool").rename(server.root / "usr/bin/ls")  # the name that the plant looks for
    listing = server.root / "var/lib/dpkg/info/tool.list"
    listing.write_text(listing.read_text().replace("/usr/bin/tool", "/usr/bin/ls"))
    _raise_version(server.root)


def test_debsums_finds_what_differs_and_not_what_differed_on_the_sound_day(server: Server) -> None:
    _change(server.root / "usr/bin/lamp")
    kept = server.baseline()
    assert Verified()(Machine(server.given(kept))).answer == "yes"
    _change(server.root / "usr/share/doc/tool/README")
    _change(server.root / "usr/bin/lamp")
    assert Verified()(Machine(server.given(kept))).found == (
        "differs from its package: /usr/bin/lamp", "differs from its package: /usr/share/doc/tool/README",
    )  # fmt: skip


def test_patches_that_wait_are_named_and_old_lists_say_nothing(server: Server) -> None:
    kept = server.baseline()
    server.lists(("tool", "2"), ("lamp", "1"))
    said = Patched()(Machine(server.given(kept)))
    assert (said.answer, said.found) == ("no", ("upgrade waiting: tool (1 → 2)",))
    server.lists(("tool", "1"), ("lamp", "1"))
    assert Patched()(Machine(server.given(kept))).answer == "yes"
    server.lists(("tool", "1"), ("lamp", "1"), at=NOW - 30 * 86400)
    said = Patched()(Machine(server.given(kept)))
    assert (said.answer, said.found) == ("unknown", ("not known: the newest package list was signed 30 days ago",))
    server.lists(("tool", "1"), ("lamp", "1"), signed=False)
    assert Patched()(Machine(server.given(kept))).answer == "unknown"
