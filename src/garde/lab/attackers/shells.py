"""Modes driven by a shell: a loop and xargs, whose short-lived children are gone before anybody can look at them.

Comes in: targets, dealt by the shared clock. Goes out: one line a file into a pipe, `NUMBER SIZE NAME`; the shell's own
child then truncates the file and fills it with random bytes. The shell writes to the log which file it starts on, since
a name in a pipe is not yet a file touched. Names with a line feed are refused: the drill makes none.
"""

from __future__ import annotations

import os
import subprocess

from garde.lab.attackers.base import Station
from garde.lab.attackers.ground import OutsideError, Target

# stdin: the lines; stdout: the log; stderr: one line when a file is done, so that the dealer deals the next.
LOOP = """
while IFS=' ' read -r number size name; do
    echo "s $number"
    head -c "$size" /dev/urandom 2>/dev/null >"$name"
    echo "f $number"
    echo >&2
done
"""
ONE = """
number=${1%% *}; rest=${1#* }
size=${rest%% *}; name=${rest#* }
echo "s $number"
head -c "$size" /dev/urandom >"$name"
echo "f $number"
"""


def _line(target: Target) -> bytes:
    name = os.fsencode(target.relative())
    if b"\n" in name:
        raise OutsideError("a name with a line feed cannot go through a shell's pipe")
    return b"%d %d %s\n" % (target.number, max(1, target.size), name)


class ShellLoop:
    """`while read name; do head -c … /dev/urandom > "$name"; done`, one shell a worker."""

    def begin(self, station: Station) -> None:
        ours, theirs = os.pipe()
        self.done = ours
        self.shell = subprocess.Popen(["sh", "-c", LOOP], stdin=subprocess.PIPE, stdout=station.log, stderr=theirs)
        os.close(theirs)

    def hit(self, target: Target) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.write(_line(target))
        self.shell.stdin.flush()
        os.read(self.done, 1)


class Xargs:
    """`… | xargs -P WORKERS -n 1 sh -c …`: one dealer, a new shell for every file."""

    def begin(self, station: Station) -> None:
        command = ["xargs", "-d", "\\n", "-n", "1", "-P", "4", "sh", "-c", ONE, "sh"]
        self.xargs = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=station.log, stderr=subprocess.DEVNULL)

    def hit(self, target: Target) -> None:
        assert self.xargs.stdin is not None
        self.xargs.stdin.write(_line(target))
        self.xargs.stdin.flush()
