"""Text and its encodings: what is valid text, and of which kind."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.content.text import declared_charset, decodes, find_spoilt, looks_like_text, noisy_cells, wide_charset


@pytest.mark.parametrize(
    "charset", ["utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "cp1251"]
)
def test_offices_charsets_are_text(charset: str) -> None:
    words = (
        "Пациент чувствует себя хорошо, доза 5 мг\r\n"
        if charset in ("koi8-r", "cp1251")
        else "Größe über 180 cm à jeun\r\n"
    )
    head = (words * 40).encode(charset)
    assert looks_like_text(head[:1024])
    assert find_spoilt(head, wide_charset(head[:1024])) == ""


@pytest.mark.parametrize("size", [64, 200, 1024])
def test_noise_is_no_text(size: int, samples: ModuleType) -> None:
    assert sum(looks_like_text(samples.noise(size, seed)) for seed in range(200)) == 0


def test_separators_of_hl7_are_text_and_zero_is_not() -> None:
    assert looks_like_text(b"\x0bMSH|a\rPID|b\x1c\r")
    assert not looks_like_text(b"plain\0text")


def test_a_stray_control_character_is_borne_and_a_stretch_is_not(samples: ModuleType) -> None:
    text = samples.text()
    assert find_spoilt(text[:5000] + b"\x01" + text[5000:]) == ""
    assert find_spoilt(text[:5000] + samples.noise(256) + text[5256:]) != ""


def test_cells_of_noise_are_found_among_text(samples: ModuleType) -> None:
    content = samples.striped(samples.text(16_000), 16, 16)
    cells = np.frombuffer(content, np.uint8).reshape(-1, 16)
    found = noisy_cells(cells)
    noise = {row.tobytes() for row in cells[::2]}
    assert 495 <= len(found) <= 500 and all(row.tobytes() in noise for row in found)


def test_declared_charsets() -> None:
    assert declared_charset(b"<?xml version='1.0' encoding='ISO-2022-JP'?>") == "iso2022_jp"
    assert declared_charset(b"<meta charset=nonsense>") == declared_charset(b"nothing") == ""
    assert decodes("患者".encode("iso-2022-jp"), "iso2022_jp") and not decodes(b"\xff\xfe\x00", "iso2022_jp")
    assert not decodes(b"abc", "hex_codec")


@given(st.binary(max_size=400))
def test_nothing_is_raised(content: bytes) -> None:
    looks_like_text(content)
    find_spoilt(content, wide_charset(content))
    charset = declared_charset(b"charset=" + content)
    decodes(content, charset or "utf-7")
