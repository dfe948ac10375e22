"""Is this uniformly random? Chi-square over byte values with a p-value fit for the length, and serial correlation.

Comes in: bytes. Goes out: `Randomness`. No fixed entropy is used: under 4 KiB it says nothing, while a p-value is right
at every length. It cannot tell ciphertext from well compressed data; nobody can. Whoever asks compares with what was
there before. Valid from 256 bytes (pooled from several places) upwards; a single change should have 1 KiB.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8]

LEAST = 256  # bytes: one expected count per byte value
SAMPLE = 1 << 16  # bytes: enough to tell deflate and JPEG from uniform; more only costs time
_FREEDOM = 255
_LOW = 1e-4  # one ciphertext in ten thousand is missed; what compressed data this lets pass, its own checks clear
_HIGH = 1 - 1e-6  # more even than chance allows: counters, tables of all byte values
_SERIAL_SIGMAS = 4.0  # the coefficient of n random bytes has a standard deviation of 1/sqrt(n)


@dataclass(frozen=True, slots=True)
class Randomness:
    """What the two tests say of `n` bytes."""

    chi2_p: float  # share of truly random samples that look less even than this one
    serial: float  # correlation of each byte with the next, -1 to 1
    is_random: bool
    n: int


NOTHING = Randomness(0.0, 0.0, False, 0)


def randomness(data: bytes | Array) -> Randomness:
    """Judge the bytes; under 256 of them nothing can be said and `is_random` is False."""
    array = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    n = len(array)
    if n < LEAST:
        return Randomness(0.0, 0.0, False, n)
    p = chi_square_p(np.bincount(array, minlength=256), n)
    if not _LOW <= p <= _HIGH:
        return Randomness(p, 0.0, False, n)
    serial = _serial(array)
    return Randomness(p, serial, abs(serial) * sqrt(n) < _SERIAL_SIGMAS, n)


def chi_square_p(counts: NDArray[np.int64], n: int) -> float:
    """Return the upper tail of chi-square for 256 counts out of n (Wilson and Hilferty 1931).

    With n equal cells the statistic's variance is 2·255·(n-1)/n and not 2·255: it is stretched to that first.
    """
    wide = counts.astype(np.float64)
    statistic = float(wide @ wide) * 256 / n - n
    stretched = _FREEDOM + (statistic - _FREEDOM) * sqrt(n / max(1, n - 1))
    spread = 2 / (9 * _FREEDOM)
    z = ((max(0.0, stretched) / _FREEDOM) ** (1 / 3) - (1 - spread)) / sqrt(spread)
    return 0.5 * erfc(z / sqrt(2))


def block_p(blocks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the p-value of each row of equal length."""
    count, n = blocks.shape
    rows = np.arange(count, dtype=np.int64)[:, None] * 256
    table = np.bincount((blocks + rows).ravel(), minlength=count * 256).reshape(count, 256).astype(np.float64)
    statistic = (table * table).sum(axis=1) * 256 / n - n
    stretched = _FREEDOM + (statistic - _FREEDOM) * sqrt(n / max(1, n - 1))
    spread = 2 / (9 * _FREEDOM)
    z = (np.cbrt(np.maximum(stretched, 0.0) / _FREEDOM) - (1 - spread)) / sqrt(spread)
    return np.array([0.5 * erfc(value / sqrt(2)) for value in z.tolist()])


def distinct_values(rows: Array) -> NDArray[np.intp]:
    """Return how many different byte values each row holds."""
    count = len(rows)
    places = np.arange(count, dtype=np.int64)[:, None] * 256
    table = np.zeros(count * 256, np.bool_)
    table[(rows + places).ravel()] = True
    found: NDArray[np.intp] = table.reshape(count, 256).sum(axis=1)
    return found


def _serial(array: Array) -> float:
    centred = array.astype(np.float32)
    centred -= centred.mean()
    power = float(centred @ centred)
    return float(centred[:-1] @ centred[1:]) / power if power else 1.0
