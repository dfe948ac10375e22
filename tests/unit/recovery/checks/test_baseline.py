"""The baseline: every planted backdoor is found, an untouched machine is not accused, hostile names do no harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bench.backdoor_plants import PLANTS, Plant
from tests.support.small_root import SmallRoot, drift

from garde.recovery.checks.base import Given
from garde.recovery.checks.baseline import take
from garde.recovery.checks.drift import Drift
from garde.recovery.checks.machine import Machine


@pytest.fixture
def small(tmp_path: Path) -> SmallRoot:
    return SmallRoot(tmp_path / "root")


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_backdoor_is_found(plant: Plant, small: SmallRoot, tmp_path: Path) -> None:
    kept = small.baseline()
    try:
        plant.run(small.path)
    except PermissionError as error:
        pytest.skip(f"this user may not plant it: {error}")
    said = drift(small, kept, tmp_path / "kept.json")
    # Without a signed list nobody can tell a version raised by root from an upgrade: that is not yes either.
    assert said.answer == ("unknown" if "a new version in dpkg" in plant.name else "no")
    assert said.found


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_backdoor_is_not_hidden_by_an_upgrade_beside_it(plant: Plant, small: SmallRoot, tmp_path: Path) -> None:
    """Root can lie to dpkg where no signed list is at hand, and a boot image is not opened: not yes, but no finding."""
    kept = small.baseline()
    small.upgrade()
    try:
        plant.run(small.path)
    except PermissionError as error:
        pytest.skip(f"this user may not plant it: {error}")
    said = drift(small, kept, tmp_path / "kept.json")
    limits = ("dpkg's MD5 rewritten", "in dpkg as well", "maintainer script of a package", "start menu", "RAM disk")
    assert said.answer == ("unknown" if plant.name.endswith(limits) else "no"), said


def test_an_untouched_machine_is_as_it_was(small: SmallRoot, tmp_path: Path) -> None:
    said = drift(small, small.baseline(), tmp_path / "kept.json")
    assert (said.answer, said.found) == ("yes", ())


def test_the_same_machine_gives_the_same_baseline(small: SmallRoot) -> None:
    assert small.baseline() == small.baseline()


def test_times_and_sizes_are_not_believed(small: SmallRoot, tmp_path: Path) -> None:
    file = small.path / "usr/bin/ls"
    info, kept = file.stat(), small.baseline()
    file.write_bytes(file.read_bytes().replace(b"ls", b"sl"))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert drift(small, kept, tmp_path / "kept.json").found == ("program changed: /usr/bin/ls",)


def test_what_changes_by_itself_is_passed_over(small: SmallRoot, tmp_path: Path) -> None:
    small.write("usr/share/doc/less/copyright", "free")  # a new folder that is not root's is a finding
    kept = small.baseline()
    small.write("etc/resolv.conf", "nameserver 192.0.2.1\n")
    small.write("etc/adjtime", "0.0 0 0.0\n")
    small.write("home/anna/.ssh/known_hosts", "host ssh-ed25519 AAAA\n")
    small.write("etc/cron.d/e2scrub.dpkg-dist", "# another\n")
    small.write("usr/share/doc/less/README", "read me")
    small.write("home/anna/report.odt", "words")
    assert drift(small, kept, tmp_path / "kept.json").found == ()


def test_another_accounts_keys_are_found_where_its_home_is(small: SmallRoot, tmp_path: Path) -> None:
    kept = small.baseline()
    small.write("home/anna/.ssh/authorized_keys2", "ssh-ed25519 AAAA evil\n", 0o600)
    assert drift(small, kept, tmp_path / "kept.json").found == ("key new: /home/anna/.ssh/authorized_keys2",)


def test_a_password_is_never_written_down(small: SmallRoot) -> None:
    kept = small.baseline()
    assert "$y$j9T$x$y" not in str(kept.parts)
    assert kept.parts["accounts"]["daemon"].endswith("password=locked")


def test_no_link_leads_out_of_the_root(small: SmallRoot, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.service").write_text("words of another machine")
    (small.path / "etc/systemd/system").mkdir(parents=True)
    (small.path / "etc/systemd/system/away").symlink_to(outside)
    small.write("etc/passwd", f"eve:x:0:0::{'/..' * 9}{outside}:/bin/sh\n")
    (small.path / "usr/lib/loop").symlink_to("loop")
    files = small.baseline().parts["files"]
    assert not [name for name in files if "secret" in name]
    assert "/etc/systemd/system/away" in files


def test_a_pipe_or_device_in_the_way_does_not_stop_it(small: SmallRoot, tmp_path: Path) -> None:
    kept = small.baseline()
    os.mkfifo(small.path / "etc/cron.d/pipe")
    assert drift(small, kept, tmp_path / "kept.json").found == ("cron new: /etc/cron.d/pipe",)


def test_terabytes_of_nothing_hold_up_no_sweep_and_what_is_in_them_counts(small: SmallRoot, tmp_path: Path) -> None:
    large = small.write("usr/lib/large.so", "begin")
    os.truncate(large, 1 << 40)
    kept = small.baseline()
    assert drift(small, kept, tmp_path / "kept.json").found == ()
    with open(large, "r+b") as file:
        file.seek(1 << 39)
        file.write(b"x")
    assert drift(small, kept, tmp_path / "kept.json").found == ("library changed: /usr/lib/large.so",)


def test_a_folder_that_is_named_counts_as_a_whole(small: SmallRoot) -> None:
    small.write("srv/app/rates.dat", "1")
    with_it = take(small.path, live=False, also=[b"/srv/app"])
    assert "/srv/app/rates.dat" in with_it.parts["files"]
    assert "/srv/app/rates.dat" not in small.baseline().parts["files"]


def test_no_root_is_an_error_and_no_empty_baseline(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        take(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        take(tmp_path / "file")


def test_gardes_own_cut_is_no_change_of_sambas_configuration_and_a_line_more_is(
    small: SmallRoot, tmp_path: Path
) -> None:
    words = "[global]\n\tworkgroup = CLINIC\n[share]\n\tpath = /srv\n"
    cut = (
        "\n# Garde: begin. Made by Garde's cuts and taken out when they are undone; do not edit.\n[share]\n"
        "\tread only = yes\n\twrite list =\n[global]\n\tusershare max shares = 0\n# Garde: end.\n"
    )
    small.write("etc/samba/smb.conf", words)
    kept = small.baseline()
    small.write("etc/samba/smb.conf", words + cut)
    assert drift(small, kept, tmp_path / "kept.json").found == ()
    small.write("etc/samba/smb.conf", words + cut.replace("\tread only", "\troot preexec = /x\n\tread only"))
    assert drift(small, kept, tmp_path / "kept.json").found == ("configuration changed: /etc/samba/smb.conf",)


# --- which baseline is believed ---------------------------------------------------------------------------------------


def test_without_a_baseline_nothing_is_known(small: SmallRoot) -> None:
    said = Drift()(Machine(Given(root=small.path, live=False)))
    assert (said.answer, said.found) == ("unknown", ("no baseline was ever taken here",))


def test_a_baseline_that_was_replaced_is_said_loudly(small: SmallRoot, tmp_path: Path) -> None:
    given = small.given(small.baseline(), tmp_path / "kept.json")
    PLANTS[0].run(small.path)
    small.given(small.baseline(), tmp_path / "kept.json")  # the attacker takes a new one
    said = Drift()(Machine(given))
    assert said.answer == "no"
    assert "replaced or changed" in said.found[0]


def test_a_baseline_that_the_hub_does_not_know_proves_nothing(small: SmallRoot, tmp_path: Path) -> None:
    given = small.given(small.baseline(), tmp_path / "kept.json")
    said = Drift()(Machine(Given(root=small.path, live=False, baseline=given.baseline)))
    assert said.answer == "unknown"


def test_what_can_not_be_read_now_and_could_be_is_not_passed_over(
    small: SmallRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = small.baseline()
    from garde.recovery.checks import files

    whole = files._open

    def refuse(path: bytes) -> int:
        if path.endswith(b"/usr/bin/less"):
            raise OSError(5, "Input/output error")
        return whole(path)

    monkeypatch.setattr(files, "_open", refuse)
    said = drift(small, kept, tmp_path / "kept.json")
    assert said.answer == "no"  # it is gone from the list
    assert said.found == ("program gone: /usr/bin/less",)
