"""The hub's own certificate authority: believed because of a pin, not because of the world's authorities.

Comes in: a directory of the hub, names and addresses that it is reached by, the time. Goes out: `Ca` (its certificate
and pin), a server certificate that is made again before it ends, and the TLS contexts of both sides. P-256, because
browsers know no Ed25519 certificates. It revokes nothing: it signs for the hub only, and a stolen CA key means a new CA
and new tokens.

Agents ask for the fixed name `HUB_NAME`, whatever address they dial: a hub that moves to another address strands
nobody. And they look at no dates: an agent whose clock stands in 1970 must still hear its hub.
"""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from garde.errors import StateDamaged
from garde.trust.files import make_secret, read_secret, write_secret

HUB_NAME = "hub.garde.internal"  # in every server certificate
CA_YEARS = 20  # a hospital's machines live long, and every agent has to be enrolled again after it
SERVER_DAYS = 390  # browsers refuse certificates that live longer than 398 days
RENEW_DAYS = 90  # made again when less is left
_BACK = timedelta(days=2)  # a phone whose clock is a day behind still opens the console
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of openssl/x509_vfy.h; Python's ssl has no name for it


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """What a TLS server loads: its certificate followed by the CA's, and its key."""

    certificate: Path
    key: Path


class Ca:
    """The authority in one directory: `ca.pem`, `ca.key`, `server.pem`, `server.key`."""

    def __init__(self, directory: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.directory = directory
        self._certificate = certificate
        self._key = key

    @classmethod
    def load_or_make(cls, directory: Path, *, hospital: str, now: float) -> Self:
        """Read it, or make it where none is there. Raises StateDamaged on half of one."""
        if not (directory / "ca.pem").exists():
            _make(directory, hospital, now)
        return cls.load(directory)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read it; raises NotFound or StateDamaged."""
        key = _load_key(read_secret(directory / "ca.key"), directory / "ca.key")
        try:
            certificate = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
        except (OSError, ValueError) as error:
            raise StateDamaged(f"{directory / 'ca.pem'}: {error}", "restore it from a copy: agents pin it") from error
        if certificate.public_key() != key.public_key():
            raise StateDamaged(f"ca.pem and ca.key in {directory} do not fit", "restore both from one copy")
        return cls(directory, certificate, key)

    @property
    def pem(self) -> str:
        """Its certificate, for agents and browsers."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def path(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def pin(self) -> str:
        """SHA-256 of its certificate, in hex."""
        return pin_of(self.pem)

    def server(self, names: Iterable[str], *, now: float) -> ServerFiles:
        """Return the files for a server that is reached by these names and addresses, made (again) where needed."""
        files = ServerFiles(self.directory / "server.pem", self.directory / "server.key")
        wanted = _subject_names(names)
        if not self._still_good(files, wanted, now):
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = self._sign(key.public_key(), wanted, now)
            write_secret(files.key, _key_pem(key))
            write_secret(files.certificate, certificate.public_bytes(serialization.Encoding.PEM) + self.pem.encode())
        return files

    def _still_good(self, files: ServerFiles, wanted: list[x509.GeneralName], now: float) -> bool:
        try:
            found = x509.load_pem_x509_certificates(files.certificate.read_bytes())
            key = _load_key(read_secret(files.key), files.key)
            names = found[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            found[0].verify_directly_issued_by(self._certificate)
        except Exception:  # whatever is wrong with it, a new one is made: it is worth nothing by itself
            return False
        left = found[0].not_valid_after_utc - _time(now)
        fits = found[0].public_key() == key.public_key() and found[0].not_valid_before_utc <= _time(now)
        return fits and list(names) == wanted and left > timedelta(days=RENEW_DAYS)

    def _sign(self, key: ec.EllipticCurvePublicKey, names: list[x509.GeneralName], now: float) -> x509.Certificate:
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HUB_NAME)]), self._certificate.subject, key)
            .not_valid_before(_time(now) - _BACK)
            .not_valid_after(_time(now) + timedelta(days=SERVER_DAYS))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(purposes, critical=False)
            .add_extension(issuer_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def pin_of(pem: str) -> str:
    """Return the pin of a certificate in PEM. Raises ValueError where it is none."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def client_context(ca_pem: str) -> ssl.SSLContext:
    """Return what an agent or a command dials the hub with; connect with `server_hostname=HUB_NAME`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=ca_pem)
    context.verify_flags = ssl.VerifyFlags(int(context.verify_flags) | _NO_CHECK_TIME)
    return context


def server_context(files: ServerFiles) -> ssl.SSLContext:
    """Return what the hub serves with. TLS 1.2 stays for old browsers of the wards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context


def _make(directory: Path, hospital: str, now: float) -> None:
    key_path = directory / "ca.key"
    make_secret(key_path, _key_pem(ec.generate_private_key(ec.SECP256R1())))  # a key without certificate: a made one
    key = _load_key(read_secret(key_path), key_path)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Garde hub, {hospital}"[:64])])
    certificate = (
        _builder(name, name, key.public_key())
        .not_valid_before(_time(now) - _BACK)
        .not_valid_after(_time(now) + timedelta(days=365 * CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_secret(directory / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject_names(names: Iterable[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = [x509.DNSName(HUB_NAME)]
    for name in sorted(set(names) - {HUB_NAME}):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name.encode("idna").decode()))
    return found


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_key(raw: bytes, path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(raw, password=None)
    except (ValueError, TypeError) as error:
        raise StateDamaged(f"{path} holds no key", "restore it from a copy") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StateDamaged(f"{path} holds a key of another kind", "restore it from a copy")
    return key
