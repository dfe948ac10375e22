"""The hub's CA: over real TLS, who has the pin is believed, and nobody else."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from garde.errors import NotFound, StateDamaged
from garde.trust.ca import HUB_NAME, RENEW_DAYS, SERVER_DAYS, Ca, ServerFiles, client_context, pin_of, server_context

NOW = 1_900_000_000.0
DAY = 86_400.0


@pytest.fixture
def ca(tmp_path: Path) -> Ca:
    return Ca.load_or_make(tmp_path / "ca", hospital="Clinique de l'Étang", now=NOW)


def shake_hands(server: ServerFiles, client: ssl.SSLContext, name: str = HUB_NAME) -> str:
    """Return the TLS version that both agreed on; raises what the client says."""
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            with server_context(server).wrap_socket(there, server_side=True) as wrapped:
                wrapped.recv(1)
        except OSError:
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(here, server_hostname=name) as wrapped:
            return wrapped.version() or ""
    finally:
        here.close()
        thread.join()


def test_who_has_the_pin_is_believed_whatever_the_date_is(ca: Ca) -> None:
    """Its certificates begin in 2030: an agent whose clock is years off still hears its hub."""
    assert shake_hands(ca.server(["10.0.0.5"], now=NOW), client_context(ca.pem)) == "TLSv1.3"


def test_another_hub_is_not_believed(ca: Ca, tmp_path: Path) -> None:
    other = Ca.load_or_make(tmp_path / "other", hospital="Clinique de l'Étang", now=NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(other.server(["10.0.0.5"], now=NOW), client_context(ca.pem))


def test_the_fixed_name_is_asked_for(ca: Ca) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ca.server(["10.0.0.5"], now=NOW), client_context(ca.pem), "elsewhere")


def test_it_stays_the_same(ca: Ca) -> None:
    again = Ca.load_or_make(ca.directory, hospital="Another", now=NOW + DAY)
    assert (again.pin, again.pem) == (ca.pin, ca.pem)
    assert pin_of(ca.pem) == ca.pin
    assert len(ca.pin) == 64


def test_browsers_find_the_names_and_the_other_tools_find_no_fault(ca: Ca) -> None:
    files = ca.server(["10.0.0.5", "fd00::5", "hub.clinic.example", "hôpital.example"], now=NOW)
    text = openssl("x509", "-in", files.certificate, "-noout", "-text")
    for name in (
        f"DNS:{HUB_NAME}", "IP Address:10.0.0.5", "IP Address:FD00:0:0:0:0:0:0:5", "DNS:hub.clinic.example",
        "DNS:xn--hpital-ixa.example", "CA:FALSE", "TLS Web Server Authentication",
    ):  # fmt: skip
        assert name in text
    moment = str(int(NOW))
    openssl("verify", "-x509_strict", "-attime", moment, "-CAfile", ca.path, files.certificate)
    assert files.certificate.read_text().endswith(ca.pem)  # an agent that enrols looks for the pin in the chain
    assert files.key.stat().st_mode & 0o777 == 0o600


def test_a_certificate_is_kept_until_it_ends_soon_or_the_names_change(ca: Ca) -> None:
    first = ca.server(["10.0.0.5"], now=NOW).certificate.read_bytes()
    later = NOW + (SERVER_DAYS - RENEW_DAYS - 1) * DAY
    assert ca.server(["10.0.0.5"], now=later).certificate.read_bytes() == first
    assert ca.server(["10.0.0.5"], now=later + 2 * DAY).certificate.read_bytes() != first
    second = ca.server(["10.0.0.5"], now=NOW).certificate.read_bytes()
    assert ca.server(["10.0.0.6"], now=NOW).certificate.read_bytes() != second


@pytest.mark.parametrize("broken", ["server.pem", "server.key"])
def test_half_a_certificate_is_made_again(ca: Ca, broken: str) -> None:
    files = ca.server(["10.0.0.5"], now=NOW)
    (ca.directory / broken).write_bytes(b"noise")
    ca.server(["10.0.0.5"], now=NOW)
    assert shake_hands(files, client_context(ca.pem)) == "TLSv1.3"


def test_half_a_ca_is_said_and_nothing_made_over_it(ca: Ca, tmp_path: Path) -> None:
    other = Ca.load_or_make(tmp_path / "other", hospital="X", now=NOW)
    (ca.directory / "ca.pem").write_text(other.pem)
    with pytest.raises(StateDamaged, match="do not fit"):
        Ca.load(ca.directory)
    (ca.directory / "ca.pem").write_text("noise")
    with pytest.raises(StateDamaged, match="agents pin it"):
        Ca.load_or_make(ca.directory, hospital="X", now=NOW)
    (ca.directory / "ca.key").unlink()
    with pytest.raises(NotFound):
        Ca.load(ca.directory)


def test_killed_between_key_and_certificate_it_goes_on_with_the_key(ca: Ca) -> None:
    key = (ca.directory / "ca.key").read_bytes()
    ca.path.unlink()
    again = Ca.load_or_make(ca.directory, hospital="X", now=NOW)
    assert (again.directory / "ca.key").read_bytes() == key


def openssl(*words: str | Path) -> str:
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout
