"""How well content alone tells damage from honest change: every attack mode and honest rewrites over a corpus of files.

Comes in: a folder of benign files (argument, `$GARDE_DATA/corpus`, or ../shared/data/corpus beside the repository).
Goes out: tables, or with --json one object {"name", "figures", "rows"}. Random bytes stand in for ciphertext, drawn
from a fixed seed. It watches nothing and changes no file: versions are made in memory, or in a temporary folder for
real tools.

    python -m bench.content_corpus [FOLDER] [--json] [--quick] [--fingerprint] [--names]
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.common import Report, Result, Row, UnavailableError
from bench.content_rewrites import Sample, honest_rewrites, synthetic_samples
from garde.content import (
    Before,
    Comparison,
    MemoryBytes,
    check_structure,
    compare,
    fingerprint,
    is_recognised,
    randomness,
    sniff,
)
from garde.model.finding import Proof

_DECISIVE = {Proof.STRUCTURE_BROKEN, Proof.ENCODED_CIPHER}
_EVIDENCE = _DECISIVE | {
    Proof.TYPE_LOST,
    Proof.TEXT_LOST,
    Proof.RANDOM_CHANGE,
    Proof.CIPHER_CONTAINER,
    Proof.BLANKED,
}
_LEAST = 1024
_SLIGHT = 256  # bytes overwritten; below, one file says nothing and even a pool needs several


def _striped(content: bytes, noise: random.Random, on: int, off: int, start: int = 0) -> bytes:
    """Overwrite `on` bytes, leave `off`, and so on from `start`."""
    out = bytearray(content)
    for at in range(start, len(content), on + off):
        out[at : at + on] = noise.randbytes(min(on, len(content) - at))
    return bytes(out)


ATTACKS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "full": lambda content, noise: noise.randbytes(len(content)),
    "full, key appended": lambda content, noise: noise.randbytes(len(content)) + b"\0" * 64 + b"LOCKED-BY-NOBODY" * 16,
    "head 4 KiB": lambda content, noise: noise.randbytes(min(4096, len(content))) + content[4096:],
    "header kept": lambda content, noise: content[:1024] + noise.randbytes(max(0, len(content) - 1024)),
    "every 16": lambda content, noise: _striped(content, noise, 16, 16),
    "64 / 128": lambda content, noise: _striped(content, noise, 64, 128),
    "4 KiB / 12 KiB": lambda content, noise: _striped(content, noise, 4096, 12288),
    "5 %, head kept": lambda content, noise: _striped(content, noise, 4096, 77824, start=4096),
    "base64": lambda content, noise: base64.encodebytes(noise.randbytes(len(content))),
    "hex": lambda content, noise: noise.randbytes(len(content)).hex().encode(),
    "wipe": lambda content, noise: b"\0" * len(content),
    "another size": lambda content, noise: noise.randbytes(len(content) + 16 + noise.randrange(4096)),
    "openssl": lambda content, noise: b"Salted__" + noise.randbytes(8 + len(content) // 16 * 16 + 16),
}


@dataclass(slots=True)
class Tally:
    """Counts of one row."""

    files: int = 0
    slight: int = 0  # attacks that changed hardly anything: counted apart
    strong: int = 0
    pooled: int = 0
    some: int = 0
    none: int = 0
    proofs: Counter[str] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)
    micros: list[float] = field(default_factory=list)

    def share(self, count: int) -> float:
        return round(100 * count / self.files, 2) if self.files else 0.0


def is_strong(found: Comparison) -> bool:
    """Two independent proofs, or one that decides alone."""
    return bool(found.proofs & _DECISIVE) or len(found.proofs & _EVIDENCE) >= 2


def is_pooled(found: Comparison) -> bool:
    """One proof, and changed bytes that are random once pooled with others' (a pool of one shows it here)."""
    return bool(found.proofs & _EVIDENCE) and len(found.pool) >= 256 and randomness(found.pool).is_random


def read_samples(folder: Path) -> Iterator[Sample]:
    """Yield the files of the corpus."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield Sample(path.name, path.read_bytes())


def before_of(sample: Sample, *, by_fingerprint: bool) -> Before:
    """Make the version before, as the vault would have it."""
    data = MemoryBytes(sample.content)
    kind = sniff(data)
    structure, _ = check_structure(data, kind)
    return Before(
        kind=kind,
        size=data.size,
        structure=structure,
        data=None if by_fingerprint else data,
        fingerprint=fingerprint(data) if by_fingerprint else None,
    )


def run_attacks(samples: list[tuple[Sample, Before]]) -> dict[str, Tally]:
    """Attack every file of a recognised kind and at least 1 KiB in every mode."""
    table = {mode: Tally() for mode in ATTACKS}
    for index, (sample, before) in enumerate(samples):
        if len(sample.content) < _LEAST or not is_recognised(before.kind):
            continue
        for number, (mode, attack) in enumerate(ATTACKS.items()):
            after = attack(sample.content, random.Random(index * 100 + number))
            if after != sample.content:
                count_attack(table[mode], sample, before, after)
    return table


def count_attack(tally: Tally, sample: Sample, before: Before, after: bytes) -> None:
    """Judge one attacked file into its row."""
    found = timed(tally, before, after)
    if found.changed < _SLIGHT:
        tally.slight += 1
        return
    tally.files += 1
    tally.proofs.update(proof.value for proof in found.proofs)
    if is_strong(found):
        tally.strong += 1
    elif is_pooled(found):
        tally.pooled += 1
    elif found.proofs & _EVIDENCE:
        tally.some += 1
        tally.names.append(
            f"{sample.name} ({before.kind}, {len(after)} B: {', '.join(sorted(found.proofs))}; {found.detail})"
        )
    else:
        tally.none += 1
        tally.names.append(f"{sample.name} ({before.kind}, {len(after)} B: NONE; {found.detail})")


def timed(tally: Tally, before: Before, after: bytes) -> Comparison:
    """Compare, and note the time for files of 5 to 300 kB."""
    start = time.perf_counter()
    found = compare(before, MemoryBytes(after))
    if 5_000 <= len(after) <= 300_000:
        tally.micros.append((time.perf_counter() - start) * 1e6)
    return found


def run_honest(samples: list[tuple[Sample, Before]], *, quick: bool) -> dict[str, Tally]:
    """Judge honest rewrites; any strong pair is a false one. Half-written states are judged as still open."""
    table: dict[str, Tally] = defaultdict(Tally)
    befores = {sample.name: before for sample, before in samples}
    for name, sample, after in honest_rewrites([sample for sample, _ in samples], quick=quick):
        before = befores[sample.name]
        if after == sample.content or not after:
            continue
        count_honest(table[name], sample.name, timed(table[name], before, after))
        for step, part in enumerate(_half_written(sample.content, after)):
            found = compare(before, MemoryBytes(part), still_open=True)
            count_honest(table["half-written, still open"], f"{sample.name} {name} {step}", found)
    return dict(table)


def _half_written(old: bytes, new: bytes) -> Iterator[bytes]:
    for part in (0.05, 0.5, 0.9):
        cut = int(len(new) * part)
        yield new[:cut]
        yield new[:cut] + old[cut:]
        yield new[:cut] + bytes(len(new) - cut)


def count_honest(tally: Tally, name: str, found: Comparison) -> None:
    """Judge one honest file into its row."""
    tally.files += 1
    tally.proofs.update(proof.value for proof in found.proofs)
    if is_strong(found):
        tally.strong += 1
    if found.damaged:
        tally.some += 1
        mark = "STRONG " if is_strong(found) else ""
        what = ", ".join(sorted(found.proofs))
        tally.names.append(f"{mark}{name} ({found.kind_before} → {found.kind_after}: {what}; {found.detail})")


def find_folder(argument: str | None) -> Path | None:
    """Return the corpus folder, or None where there is none."""
    named = [Path(argument)] if argument else []
    if "GARDE_DATA" in os.environ:
        named.append(Path(os.environ["GARDE_DATA"]) / "corpus")
    named.append(Path(__file__).resolve().parents[2] / "shared" / "data" / "corpus")
    return next((folder for folder in named if folder.is_dir()), None)


def measure(
    folder: Path, *, quick: bool = False, by_fingerprint: bool = False, every: int = 1
) -> tuple[dict[str, Tally], dict[str, Tally]]:
    """Return (attacks, honest rewrites) over the corpus and what it lacks; `every` takes each n-th file only."""
    plain = [*read_samples(folder), *synthetic_samples()][::every]
    samples = [(sample, before_of(sample, by_fingerprint=by_fingerprint)) for sample in plain]
    return run_attacks(samples), run_honest(samples, quick=quick)


def figures(attacks: dict[str, Tally], honest: dict[str, Tally]) -> dict[str, float]:
    """Return the figures that matter, by name."""
    times = [micros for tally in (*attacks.values(), *honest.values()) for micros in tally.micros]
    shown = {f"strong_{_slug(mode)}": tally.share(tally.strong + tally.pooled) for mode, tally in attacks.items()}
    shown["honest_strong"] = float(sum(tally.strong for tally in honest.values()))
    shown["honest_any"] = float(sum(tally.some for tally in honest.values()))
    shown["honest_files"] = float(sum(tally.files for tally in honest.values()))
    shown["compare_us_median"] = round(statistics.median(times), 1)
    shown["compare_us_p95"] = round(statistics.quantiles(times, n=20)[-1], 1)
    return shown


def _slug(mode: str) -> str:
    return "_".join("".join(letter if letter.isalnum() else " " for letter in mode).split()).lower()


def print_tables(attacks: dict[str, Tally], honest: dict[str, Tally], *, names: bool) -> None:
    """Print for people."""
    print(
        f"{'attack':22} {'files':>6} {'strong %':>9} {'+pool %':>8} "
        f"{'one proof':>10} {'none':>5} {'slight':>7} {'µs':>7}"
    )
    for mode, tally in attacks.items():
        row = f"{tally.files:6} {tally.share(tally.strong):9} {tally.share(tally.strong + tally.pooled):8}"
        print(f"{mode:22} {row} {tally.some:10} {tally.none:5} {tally.slight:7} {_median(tally.micros):7}")
        for name in tally.names if names else []:
            print("     ", name)
    print(f"\n{'honest rewrite':26} {'files':>6} {'strong':>7} {'any proof':>10} {'µs':>7}")
    for mode, tally in honest.items():
        print(f"{mode:26} {tally.files:6} {tally.strong:7} {tally.some:10} {_median(tally.micros):7}")
        for name in tally.names:
            if names or name.startswith("STRONG"):
                print("     ", name)
    for name, value in figures(attacks, honest).items():
        print(f"{name:30} {value}")


def _median(values: list[float]) -> int:
    return round(statistics.median(values)) if values else 0


def result_of(attacks: dict[str, Tally], honest: dict[str, Tally]) -> Result:
    """Put the tables into the form that all benches share."""
    rows: list[Row] = [
        {"mode": mode, "honest": table is honest, "files": tally.files, "strong": tally.strong, "pooled": tally.pooled}
        | {"one_proof": tally.some, "none": tally.none, "slight": tally.slight, "us": _median(tally.micros)}
        for table in (attacks, honest)
        for mode, tally in table.items()
    ]
    return {"name": "content", "figures": dict(figures(attacks, honest)), "rows": rows}


def run(quick: bool, report: Report) -> Result:
    """For `python -m bench`: measure where a corpus is at hand; quick takes every fourth file."""
    folder = find_folder(None)
    if folder is None:
        raise UnavailableError("no corpus folder: set GARDE_DATA")
    report(f"content: {folder}")
    return result_of(*measure(folder, quick=quick, every=4 if quick else 1))


def main(data_dir: str | None = None) -> Result | None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=data_dir)
    for flag in ("--json", "--quick", "--fingerprint", "--names"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args(None if data_dir is None else [])
    folder = find_folder(asked.folder)
    if folder is None:
        print("no corpus folder: name one, or set GARDE_DATA", file=sys.stderr)
        return None
    attacks, honest = measure(folder, quick=asked.quick, by_fingerprint=asked.fingerprint)
    result = result_of(attacks, honest)
    if asked.json:
        print(json.dumps(result))
    else:
        print_tables(attacks, honest, names=asked.names)
    return result


if __name__ == "__main__":
    main()
