"""Keys: what one signs only its own public half finds good."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from garde.errors import NotFound, StateDamaged
from garde.trust.files import write_secret
from garde.trust.keys import PublicKey, SigningKey


def test_only_the_owner_of_the_key_can_have_signed() -> None:
    mine, other = SigningKey.generate(), SigningKey.generate()
    signature = mine.sign(b"order")
    assert mine.public.verify(signature, b"order")
    assert not mine.public.verify(signature, b"Order")
    assert not mine.public.verify(signature[:-1], b"order")
    assert not other.public.verify(signature, b"order")


def test_a_public_key_is_its_hex() -> None:
    key = SigningKey.generate()
    assert PublicKey.from_hex(key.public.hex) == key.public
    for wrong in ("", "ab", key.public.hex.upper(), key.public.hex + "00", "z" * 64, key.public.hex + "\n"):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            PublicKey.from_hex(wrong)


def test_it_is_the_same_after_the_disk_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "agent.key"
    key = SigningKey.load_or_make(path)
    assert SigningKey.load_or_make(path).public == key.public
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        SigningKey.generate().save(path)
    assert SigningKey.load(path).public == key.public


def test_common_tools_can_read_it(tmp_path: Path) -> None:
    key = SigningKey.load_or_make(tmp_path / "key")
    shown = subprocess.run(
        ["openssl", "pkey", "-in", tmp_path / "key", "-pubout", "-outform", "DER"], capture_output=True, check=True
    )
    assert shown.stdout.hex().endswith(key.public.hex)


def test_what_is_no_key_of_ours_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        SigningKey.load(tmp_path / "none")
    write_secret(tmp_path / "noise", b"no key")
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_secret(tmp_path / "other", other)
    for name in ("noise", "other"):
        with pytest.raises(StateDamaged):
            SigningKey.load(tmp_path / name)


def test_it_does_not_show_itself() -> None:
    key = SigningKey.generate()
    assert repr(key) == f"SigningKey({key.public.hex})"
