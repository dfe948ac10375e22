"""Compile, git clone and gc: generated C sources, a repository with a history."""

from __future__ import annotations

import random
from pathlib import Path

from bench import documents
from bench.honest.base import Scenario, Work, nothing


def c_project(folder: Path, files: int, seed: int = 3) -> None:
    """Write a C project of that many sources with a Makefile that builds one program of them."""
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"unit{number:04d}" for number in range(files)]
    (folder / "units.h").write_text("".join(f"int {name}(int n);\n" for name in names), encoding="ascii")
    for name in names:
        (folder / f"{name}.c").write_text(_source(name, names, draw), encoding="ascii")
    calls = "".join(f"  sum += {name}(argc);\n" for name in names)
    main = f'#include <stdio.h>\n#include "units.h"\nint main(int argc, char **argv) {{\n  long sum = 0;\n{calls}'
    (folder / "main.c").write_text(main + '  printf("%ld %s\\n", sum, argv[0]);\n  return 0;\n}\n', encoding="ascii")
    objects = " ".join(f"{name}.o" for name in [*names, "main"])
    (folder / "Makefile").write_text(
        f"CFLAGS ?= -O1 -g\nOBJECTS = {objects}\nprogram: $(OBJECTS)\n\t$(CC) -o $@ $(OBJECTS)\n"
        "%.o: %.c units.h\n\t$(CC) $(CFLAGS) -c -o $@ $<\n",
        encoding="ascii",
    )


def _source(name: str, names: list[str], draw: random.Random) -> str:
    body = "".join(
        f"static int step{step}(int n) {{\n  int s = {draw.randint(1, 99)};\n"
        f"  for (int i = 0; i < n % {draw.randint(7, 99)}; i++) s = s * {draw.randint(3, 99)} + i;\n  return s;\n}}\n"
        for step in range(draw.randint(3, 12))
    )
    uses = " + ".join(f"step{step}(n)" for step in range(3))
    other = draw.choice(names)
    return f'#include "units.h"\n{body}int {name}(int n) {{\n  return n > 900000 ? {other}(n - 1) : {uses};\n}}\n'


def _compile(work: Work) -> None:
    c_project(work.root / "src", work.size(300, 40))
    work.run("make", "-s", "-j2", cwd=work.root / "src")
    (work.root / "src/units.h").touch()
    work.run("make", "-s", "-j2", "CFLAGS=-O2", cwd=work.root / "src")  # the second build overwrites every object


WHO = {"GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@localhost", "GIT_COMMITTER_NAME": "b",
       "GIT_COMMITTER_EMAIL": "b@localhost", "GIT_CONFIG_GLOBAL": "/dev/null"}  # fmt: skip


def repository(work: Work, folder: Path, commits: int) -> None:
    """Make a repository with documents and sources and that many commits."""
    c_project(folder, 60)
    paths = documents.fill(folder / "docs", 60, 5, ("txt", "csv", "docx"))
    work.run("git", "init", "-q", folder, env=WHO)
    for number in range(commits):
        work.save_over(paths, 0.2, number)
        work.run("git", "add", "-A", cwd=folder, env=WHO)
        work.run("git", "commit", "-q", "-m", f"change {number}", cwd=folder, env=WHO)


def _git(work: Work) -> None:
    repository(work, work.root / "origin", work.size(40, 6))
    work.run("git", "clone", "-q", "--no-local", work.root / "origin", work.root / "clone", env=WHO)
    for folder in ("origin", "clone"):
        work.run("git", "repack", "-q", "-a", "-d", cwd=work.root / folder, env=WHO)
        work.run("git", "gc", "-q", "--aggressive", "--prune=now", cwd=work.root / folder, env=WHO)
    work.run("git", "checkout", "-q", "HEAD~3", cwd=work.root / "clone", env=WHO)
    work.run("git", "checkout", "-q", "-", cwd=work.root / "clone", env=WHO)


SCENARIOS = (
    Scenario("compile", "make -j2, twice", ("gcc", "make"), nothing, _compile),
    Scenario("git clone and gc", "commit, clone, repack, gc, checkout", ("git",), nothing, _git),
)
