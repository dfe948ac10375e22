"""Chi-square and serial correlation, fit for the length of what is judged."""

from __future__ import annotations

import base64
import random
from types import ModuleType

import numpy as np
import pytest

from garde.content.encoded import decoded_head, decoded_randomness, is_plain_pem
from garde.content.randomness import block_p, chi_square_p, distinct_values, randomness


def counts_with(statistic: float, n: int = 256_000) -> np.ndarray:
    """Counts whose chi-square statistic is as asked: half the cells above the mean, half below."""
    mean = n / 256
    step = (statistic * mean / 256) ** 0.5
    return np.array([mean + step, mean - step] * 128)


@pytest.mark.parametrize(
    ("statistic", "p"), [(330.52, 0.001), (293.25, 0.05), (254.33, 0.5), (219.02, 0.95), (377.1, 1e-6)]
)
def test_p_values_agree_with_the_tables(statistic: float, p: float) -> None:
    assert chi_square_p(counts_with(statistic), 256_000) == pytest.approx(p, rel=0.06)


@pytest.mark.parametrize("n", [256, 1024, 4096, 65536])
def test_noise_is_random_at_every_length(n: int) -> None:
    draw = random.Random(n)
    found = [randomness(draw.randbytes(n)) for _ in range(400)]
    assert sum(one.is_random for one in found) >= 398
    middle = sorted(one.chi2_p for one in found)[200]
    assert 0.35 < middle < 0.65


def test_what_is_not_random(samples: ModuleType) -> None:
    noise = samples.noise(8192)
    for content in (
        samples.text(),
        bytes(4096),
        bytes(range(256)) * 32,
        noise[:4096] + bytes(4096),
    ):
        assert not randomness(content).is_random
    ordered = bytes(value // 2 * 2 + (index & 1) for index, value in enumerate(sorted(noise)))
    assert not randomness(ordered).is_random


def test_even_counts_in_order_fail_the_serial_test() -> None:
    walk = np.cumsum(np.random.default_rng(1).integers(-6, 7, 60_000)) % 256
    found = randomness(walk.astype(np.uint8))
    assert (found.chi2_p > 1e-4 and abs(found.serial) > 0.5) or found.chi2_p < 1e-4
    assert not found.is_random


def test_too_few_bytes_say_nothing() -> None:
    assert randomness(b"") == randomness(np.zeros(0, np.uint8))
    assert not randomness(random.Random(1).randbytes(255)).is_random


def test_rows_agree_with_single_blocks(samples: ModuleType) -> None:
    table = np.frombuffer(samples.noise(4096) + samples.text(4096) + bytes(4096), np.uint8).reshape(-1, 4096)
    assert block_p(table).tolist() == pytest.approx([randomness(row).chi2_p for row in table])
    assert distinct_values(table).tolist() == [len(set(row.tolist())) for row in table]


def test_base64_and_hex_of_noise(samples: ModuleType) -> None:
    noise = samples.noise(6000)
    for text in (
        base64.b64encode(noise),
        base64.encodebytes(noise),
        base64.urlsafe_b64encode(noise),
        noise.hex().encode(),
    ):
        found = decoded_randomness(text)
        assert found is not None and found.is_random
    with_key = b"KEY: 1234!\n" + base64.encodebytes(noise)
    assert (found := decoded_randomness(with_key)) is not None and found.is_random


def test_other_text_is_no_encoding(samples: ModuleType) -> None:
    assert decoded_randomness(samples.text().replace(b"ward", b"(ward)")) is None
    assert decoded_randomness(samples.noise(4000)) is None
    assert decoded_randomness(b"") is None
    of_text = decoded_randomness(base64.encodebytes(samples.text()))
    assert of_text is not None and not of_text.is_random


def test_what_an_encoding_begins_with() -> None:
    assert decoded_head(base64.b64encode(b"%PDF-1.4 and more")).startswith(b"%PDF-1.4")
    pem = (
        b"-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(b"\x30\x82\x03\x04" + bytes(40))
        + b"-----END CERTIFICATE-----\n"
    )
    assert decoded_head(pem).startswith(b"\x30\x82")
    assert is_plain_pem(pem, 1 << 20) and is_plain_pem(b"-----BEGIN KEY-----\n", 2000)
    assert not is_plain_pem(b"-----BEGIN KEY-----\n" + base64.encodebytes(b"\x07" * 60), 1 << 20)
