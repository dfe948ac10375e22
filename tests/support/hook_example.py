#!/usr/bin/env python3
"""A hook to begin with: points are folders `YYYY.../` beside each other, made with `cp -a`. Needs nothing of Garde's.

    command = ["/usr/local/sbin/folder-hook", "/srv/backup/points"]

Comes in: the folder of points, a step, its words. Goes out: JSON lines; exit codes as docs/recovery.md has them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main(base: Path, step: str, *words: str) -> int:
    def point() -> Path:
        found = base / words[0]
        if not found.is_dir() or found.parent != base:
            sys.exit(2)
        return found

    if step == "points":
        for each in base.iterdir():
            say(id=each.name, taken_at=(each / ".taken").stat().st_mtime)
    elif step == "files":
        for path in regular(point()):
            seen = path.lstat()
            say(path="/" + str(path.relative_to(point())), size=seen.st_size, tag=str(seen.st_mtime_ns))
    elif step == "fetch":
        for name in filter(None, Path(words[2]).read_bytes().split(b"\0")):
            source, target = (Path(os.fsdecode(os.fsencode(top) + name)) for top in (point(), words[1]))
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", "--", source, target], check=True)
    elif step == "restore":
        subprocess.run(["cp", "-a", "--", f"{point()}/.", words[1]], check=True)
        (Path(words[1]) / ".taken").unlink()
    elif step == "tar":
        return subprocess.run(
            ["tar", "-C", str(point()), "--numeric-owner", "--exclude=./.taken", "-cf", "-", "."], check=False
        ).returncode
    elif step == "check":
        return 0 if (point() / ".taken").exists() else 1
    elif step in {"freeze", "thaw"}:
        mark = "+i" if step == "freeze" else "-i"
        subprocess.run(["chattr", "-R", mark, str(base)], check=False, stderr=subprocess.DEVNULL)
        say(marked=sum(1 for _ in base.iterdir()), detail="no new point can be made" if step == "freeze" else "")
    elif step == "try":
        for each in base.iterdir():
            done = subprocess.run(["mv", "--", str(each), f"{each}.tried"], check=False, stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                Path(f"{each}.tried").rename(each)
            say(what="a point could be moved away", wanted=False, seen=done.returncode == 0)
    else:
        return 3
    return 0


def regular(tree: Path) -> list[Path]:
    return [
        path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink() and path.name != ".taken"
    ]


def say(**fields: object) -> None:
    print(json.dumps(fields))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
