"""Modes that use the tools a person would: openssl, gpg, 7z, ccrypt, one call a file.

Comes in: a target. Goes out: the tool's encrypted file, and the original removed (ccrypt does so itself). Keys are made
at random in the scratch folder, and thrown away with it.
"""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from garde.lab.attackers.base import Station
from garde.lab.attackers.ground import Target


class Tool(ABC):
    """Base: makes a key, calls `command`, removes the original where the tool leaves it."""

    ending = ""
    removes = False
    fine: tuple[int, ...] = (0,)

    def begin(self, station: Station) -> None:
        self.home = station.scratch / f"tool-{station.worker}"
        self.home.mkdir(mode=0o700)
        self.key = self.home / "key"
        self.key.write_text(os.urandom(16).hex() + "\n", encoding="utf-8")

    @abstractmethod
    def command(self, name: str, key: Path) -> list[str]:
        """Return the call that encrypts `name`."""

    def hit(self, target: Target) -> None:
        name = target.relative()
        quiet = subprocess.DEVNULL
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8"}
        code = subprocess.call(self.command(name, self.key), stdin=quiet, stdout=quiet, stderr=quiet, env=environment)
        if code not in self.fine or not Path(name + self.ending).stat().st_size:
            raise OSError(f"the tool ended with {code}")
        if not self.removes:
            target.remove()


class OpenSsl(Tool):
    """`openssl enc -aes-256-ctr -in NAME -out NAME.enc`, then rm."""

    ending = ".enc"

    def command(self, name: str, key: Path) -> list[str]:
        cipher = ["-aes-256-ctr", "-pbkdf2", "-iter", "100", "-salt", "-pass", f"file:{key}"]
        return ["openssl", "enc", *cipher, "-in", name, "-out", f"{name}.enc"]


class Gpg(Tool):
    """`gpg --symmetric`, then rm. No agent is started and no keyring of the user is read."""

    ending = ".gpg"
    fine = (0, 2)  # it writes the file whole, then complains that no agent runs

    def command(self, name: str, key: Path) -> list[str]:
        secret = ["--batch", "--quiet", "--passphrase-file", str(key), "--no-symkey-cache"]
        place = ["--homedir", str(self.home), "--no-autostart", "--no-options", "--no-keyring"]
        # A low count: the tool's own calibrated one costs 100 ms a file, which no rate would allow.
        return [
            "gpg",
            *secret,
            *place,
            "--s2k-count",
            "1024",
            "--cipher-algo",
            "AES256",
            "-o",
            f"{name}.gpg",
            "-c",
            name,
        ]


class SevenZip(Tool):
    """`7z a -p… -mhe=on NAME.7z NAME`, then rm."""

    ending = ".7z"

    def command(self, name: str, key: Path) -> list[str]:
        secret = "-p" + key.read_text(encoding="utf-8").strip()
        return ["7z", "a", "-bd", "-y", "-mx=1", "-mhe=on", secret, f"{name}.7z", name]


class Ccrypt(Tool):
    """`ccrypt -e NAME`: encrypts in place, then renames to NAME.cpt."""

    ending = ".cpt"
    removes = True

    def command(self, name: str, key: Path) -> list[str]:
        return ["ccrypt", "-e", "-q", "-f", "-k", str(key), name]
