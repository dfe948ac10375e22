"""Stamps of a time authority, with OpenSSL as the authority: asked for over HTTP, checked, and all that can fail."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from garde.errors import SettingsError
from garde.forensics.custody import stamp
from garde.forensics.custody.der import ordered
from garde.forensics.custody.stamp import Authority, NoStamp

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

CONFIG = """
[ca]
basicConstraints = critical, CA:true
[tsa]
extendedKeyUsage = critical, timeStamping
[tsa_config]
serial = {top}/serial
signer_cert = {top}/tsa.pem
signer_key = {top}/tsa.key
certs = {top}/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
Answer = Callable[[bytes], bytes]


class Tsa:
    """A time authority of OpenSSL's."""

    def __init__(self, top: Path) -> None:
        self.top = top
        (top / "serial").write_text("01\n")
        (top / "cnf").write_text(CONFIG.format(top=top))
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                  "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test TSA",
                  "-keyout", "tsa.key", "-out", "tsa.csr")  # fmt: skip
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                  "30", "-extfile", "cnf", "-extensions", "tsa", "-out", "tsa.pem")  # fmt: skip
        self.roots = (top / "ca.pem").read_bytes()
        question = TimestampRequestBuilder().data(b"signature").hash_algorithm(HashAlgorithm.SHA256).build()
        self.sample = self.answer(question.as_bytes())

    def _run(self, *words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=self.top, capture_output=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr

    def answer(self, question: bytes) -> bytes:
        (self.top / "q").write_bytes(question)
        self._run("ts", "-reply", "-config", "cnf", "-section", "tsa_config", "-queryfile", "q", "-out", "a")
        return (self.top / "a").read_bytes()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Authority]]:
    """Serve answers at an address on this machine."""
    servers: list[http.server.HTTPServer] = []

    def start(answer: Answer, status: int = 200) -> Authority:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None: ...

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Authority(f"http://127.0.0.1:{server.server_port}/tsr?x=1")

    yield start
    for each in servers:
        each.shutdown()
        each.server_close()


def test_a_stamp_is_asked_for_and_proven_by_its_certificate(tsa: Tsa, serve: Callable[[Answer], Authority]) -> None:
    raw = stamp.ask(serve(tsa.answer), b"signature")
    said = stamp.check(raw, b"signature", tsa.roots)
    assert said.proven and said.at > 1.7e9
    without = stamp.check(raw, b"signature")
    assert not without.proven and "no certificate" in without.why


def test_a_stamp_of_other_bytes_is_none(tsa: Tsa, serve: Callable[[Answer], Authority]) -> None:
    raw = stamp.ask(serve(tsa.answer), b"signature")
    with pytest.raises(ValueError, match="other bytes"):
        stamp.check(raw, b"Signature", tsa.roots)


def test_another_authority_proves_nothing(tsa: Tsa, serve: Callable[[Answer], Authority], tmp_path: Path) -> None:
    raw = stamp.ask(serve(tsa.answer), b"signature")
    other = Tsa(tmp_path)
    assert not stamp.check(raw, b"signature", other.roots).proven


def test_an_answer_to_another_question_is_no_stamp(tsa: Tsa, serve: Callable[[Answer], Authority]) -> None:
    kept: list[bytes] = []

    def old(question: bytes) -> bytes:
        kept.append(tsa.answer(question))
        return kept[0]

    authority = serve(old)
    stamp.ask(authority, b"one")
    with pytest.raises(NoStamp, match="something else"):
        stamp.ask(authority, b"two")
    with pytest.raises(NoStamp, match="another question"):
        stamp.ask(authority, b"one")


@pytest.mark.parametrize("raw", [b"", b"<html>", b"\x30\x82", b"x" * (stamp.LONGEST + 1)])
def test_what_is_no_stamp_is_said_to_be_none(serve: Callable[[Answer], Authority], raw: bytes) -> None:
    with pytest.raises(NoStamp):
        stamp.ask(serve(lambda question: raw), b"signature")


def test_an_authority_that_is_not_there_is_no_stamp() -> None:
    with pytest.raises(NoStamp):
        stamp.ask(Authority("http://127.0.0.1:9/"), b"signature")
    with pytest.raises(NoStamp, match="no time authority is set"):
        stamp.ask(Authority(), b"signature")


def test_the_settings_are_one_address(tmp_path: Path) -> None:
    assert stamp.load_authority(tmp_path) == Authority()
    (tmp_path / "tsa.toml").write_text('url = "http://tsa.example/tsr"\n')
    assert stamp.load_authority(tmp_path).url == "http://tsa.example/tsr"


@pytest.mark.parametrize("text", ["url = 4", 'url = "file:///etc/passwd"', 'other = "x"', "[", "\xff"])
def test_a_slip_in_the_settings_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "tsa.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"tsa\.toml"):
        stamp.load_authority(tmp_path)


@given(st.binary(max_size=300))
def test_whatever_comes_is_put_in_order_or_left_alone(raw: bytes) -> None:
    assert sorted(ordered(raw)) == sorted(raw)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_stamp_with_a_changed_byte_breaks_nothing(tsa: Tsa, data: st.DataObject) -> None:
    raw = bytearray(tsa.sample)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        stamp.check(bytes(raw), b"signature", tsa.roots)
    except ValueError:
        pass
