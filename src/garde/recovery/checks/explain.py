"""Which changes an honest package upgrade explains.

Comes in: the baseline of the sound day, the machine as it is, dpkg's database, apt's signed lists. Goes out: for each
change the reason why it is honest, or nothing. Its rules, one sentence each:

 1. A package counts as upgraded when its version changed; where signed lists are at hand, one of them must name it.
 2. A package that was not there counts only where a signed list names it in this version.
 3. A package whose records changed though its version did not is never explained, nor is any file of it.
 4. A file is explained when an upgraded package owns it, its MD5 is the one in that package's records, and its
    permissions, owner and capabilities are what they were; a new one may not raise rights or be writable by others.
 5. A configuration that `ucf` keeps is explained when it equals a file of an upgraded package.
 6. A link is explained when an upgraded package owns it or what it leads to, and it leads to something sound.
 7. What was generated is explained when it follows from sound files (`generated.py`), or, where that can't be told,
    when a package was upgraded since.
 8. A file that is gone is explained when its package was upgraded or removed and owns no such file now.
 9. A new account or group is explained when an upgraded package's own script makes it, and nobody can sign in as it.
10. A new listener is explained when its program came with a package that was not there before, and is no interpreter.
11. A new kernel module is explained when its file is sound.

Its limit: root can write dpkg's database, and MD5 can be forged. Without signed lists an attacker who raises a
package's version explains what they like: then the answer is unknown at best (`unproven`). With lists they must name a
version that the archive really has. That is why the hub's digest of the baseline, the rules, and the look from outside
stand beside it, and why a rebuilt machine is better than an explained one.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from garde.recovery.checks.base import Baseline
from garde.recovery.checks.compare import CHANGED, GONE, NEW, Change
from garde.recovery.checks.dpkg import Dpkg
from garde.recovery.checks.generated import Generated
from garde.recovery.checks.lists import Archive
from garde.recovery.checks.names import Root, open_regular, spell, unspell
from garde.recovery.checks.people import is_service
from garde.recovery.checks.running import INTERPRETERS
from garde.recovery.checks.things import Thing, parse

_SCRIPTS: Final = ("preinst", "postinst")
_ROOT_ONLY: Final = (b"/usr/", b"/etc/")  # where nobody but root makes a link's missing target


class Explainer:
    """Judges the changes of one machine, from what was read before; files are read once more for their MD5."""

    def __init__(self, root: Root, before: Baseline, after: Baseline, dpkg: Dpkg, archive: Archive) -> None:
        self._root, self._dpkg = root, dpkg
        self._before, self._after = before, after
        self._things: dict[str, Thing] = {name: parse(line) for name, line in after.parts.get("files", {}).items()}
        self._known: dict[str, bool] = {}
        self._was = before.parts.get("packages", {})
        self.upgraded: dict[str, str] = {}  # package -> "name version"
        self.doubted: dict[str, str] = {}  # package -> why it explains nothing
        self.unproven: list[str] = []  # upgraded as far as dpkg says, with no signed list to hold it against
        self._judge_packages(archive)
        self.arrived = {key for key in self.upgraded if key not in self._was}
        removed = set(self._was) - set(dpkg.packages)
        self._moved = {*self.upgraded, *removed}
        self._generated = Generated(root, self.is_sound, bool(self.upgraded))

    def _judge_packages(self, archive: Archive) -> None:
        for key, record in self._after.parts.get("packages", {}).items():
            before, package = self._was.get(key), self._dpkg.packages.get(key)
            if record == before or package is None:
                continue
            listed = archive.names(package.name, package.architecture, package.version)
            if before and before.split(" ")[0] == package.version:
                self.doubted[key] = "its records changed though its version did not"
            elif listed or (before and not archive.known):
                self.upgraded[key] = f"{package.name} {package.version}"
                if not listed:
                    self.unproven.append(self.upgraded[key])
            elif archive.known:
                self.doubted[key] = "no signed list names this version"
            else:
                self.doubted[key] = "it was not there, and there is no signed list that could name it"

    def expect(self, changes: Iterable[Change]) -> None:
        """Say which changes will be asked about, so that what needs a process is asked in one."""
        self._generated.expect([unspell(change.name) for change in changes if change.part == "files" and change.after])

    def explain(self, change: Change) -> str:
        """Return why a change is honest; "" where nothing says so."""
        judges = {
            "packages": self._package, "files": self._file, "accounts": self._account, "groups": self._group,
            "listeners": self._listener, "modules": self._module, "preloads": self._preload,
        }  # fmt: skip
        judge = judges.get(change.part)
        return judge(change) if judge else ""

    def is_sound(self, path: bytes) -> bool:
        """Whether a file, all links followed, is as it was or explained."""
        real = self._root.resolve(path)
        return real is not None and self._is_sound(spell(real))

    def _is_sound(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = False  # while it is being asked: what leads to itself explains nothing
            self._known[name] = self._find_out(name)
        return self._known[name]

    def _find_out(self, name: str) -> bool:
        thing, line = self._things.get(name), self._before.parts.get("files", {}).get(name)
        if thing is None:
            return False
        if line and parse(line).alike(thing):
            return True
        what = CHANGED if line else NEW
        return bool(self._file(Change("files", name, what, line or "", thing.spelled())))

    # --- files --------------------------------------------------------------------------------------------------------

    def _file(self, change: Change) -> str:
        path = unspell(change.name)
        if change.what == GONE:
            return self._gone(path, parse(change.before))
        thing = parse(change.after)
        before = parse(change.before) if change.what == CHANGED else None
        if not _keeps_rights(before, thing):
            return ""
        if thing.kind == "l":
            return self._link(path)
        if thing.kind == "d":
            return self._by_package(path)
        return self._by_content(path, thing) or self._by_ucf(path, thing) or self._generated.explain(path, thing)

    def _by_package(self, path: bytes) -> str:
        key = self._dpkg.owners.get(path, "")
        return f"with {self.upgraded[key]}" if key in self.upgraded else ""

    def _by_content(self, path: bytes, thing: Thing) -> str:
        wanted = self._dpkg.md5(path) if self._by_package(path) else None
        return self._by_package(path) if wanted and self._md5(path, thing) == wanted else ""

    def _by_ucf(self, path: bytes, thing: Thing) -> str:
        if not path.startswith(b"/etc/") or path not in self._kept_by_ucf:
            return ""
        return "as a package brings it (ucf)" if self._md5(path, thing) in self._templates else ""

    @cached_property
    def _templates(self) -> set[str]:
        owned = ((file, key) for file, key in self._dpkg.owners.items() if key in self.upgraded)
        return {md5 for file, _ in owned if (md5 := self._dpkg.md5(file)) is not None}

    @cached_property
    def _kept_by_ucf(self) -> set[bytes]:
        lines = self._root.text(b"/var/lib/ucf/hashfile").encode("utf-8", "surrogateescape").splitlines()
        return {line.partition(b"  ")[2] for line in lines}

    def _md5(self, path: bytes, thing: Thing) -> str:
        """MD5 because dpkg has no other; of the same content that was listed, or nothing."""
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        try:
            with open_regular(self._root.disk(path)) as file:
                while data := file.read(1 << 20):
                    md5.update(data)
                    sha256.update(data)
        except OSError:
            return ""
        return md5.hexdigest() if sha256.hexdigest() == thing.content else ""

    def _link(self, path: bytes) -> str:
        target = self._root.resolve(path)
        if target is None:
            return ""
        leads = self._by_package(target)
        if not (leads or self._by_package(path)):
            return ""
        owned = target in self._dpkg.owners and spell(target) not in self._things  # a folder, a document
        missing = target.startswith(_ROOT_ONLY) and not os.path.lexists(self._root.disk(target))
        sound = self.is_sound(target) or owned or missing or target == b"/dev/null"  # a masked unit
        return (self._by_package(path) or leads) if sound else ""

    def _gone(self, path: bytes, thing: Thing) -> str:
        if path in self._dpkg.owners:
            return ""
        if thing.package in self._moved:
            return f"went with {thing.package}"
        if thing.kind == "l" and self._moved and self._target_moved(path, thing):
            return "its target went or changed"
        return self._generated.explain_gone(path, bool(self._moved))

    def _target_moved(self, path: bytes, link: Thing) -> bool:
        """Whether what a link led to on the sound day went or changed with a package; over links of links."""
        target = unspell(link.content)
        joined = target if target.startswith(b"/") else path.rpartition(b"/")[0] + b"/" + target
        real = self._root.resolve(joined)
        line = self._before.parts.get("files", {}).get(spell(real)) if real and real != path else None
        if real is None or line is None:
            return False
        found = parse(line)
        gone_too = spell(real) not in self._things and found.kind == "l"
        return found.package in self._moved or (gone_too and self._target_moved(real, found))

    # --- the other parts ----------------------------------------------------------------------------------------------

    def _package(self, change: Change) -> str:
        if change.what == GONE:
            return "removed" if self.upgraded else ""
        return "upgraded" if change.name in self.upgraded else ""

    def _account(self, change: Change) -> str:
        return self._made_by_script(change.name) if change.what == NEW and is_service(change.after) else ""

    def _group(self, change: Change) -> str:
        alone = change.after.endswith(" ")
        return self._made_by_script(change.name) if change.what == NEW and alone else ""

    def _made_by_script(self, name: str) -> str:
        word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
        for key, shown in self.upgraded.items():
            texts = [self._dpkg.script(key, script) for script in _SCRIPTS]
            texts += [self._root.text(path) for path, owner in self._sysusers if owner == key and self.is_sound(path)]
            if any(word.search(text) for text in texts):
                return f"made by {shown}"
        return ""

    @cached_property
    def _sysusers(self) -> list[tuple[bytes, str]]:
        """Where packages name accounts to be made, with the package."""
        return [(path, owner) for path, owner in self._dpkg.owners.items() if b"/sysusers.d/" in path]

    def _listener(self, change: Change) -> str:
        program = change.after.split(" ")[0]
        if change.what != NEW or INTERPRETERS.search(program):
            return ""
        key = self._dpkg.owners.get(unspell(program), "")
        return f"with {self.upgraded[key]}" if key in self.arrived and self.is_sound(unspell(program)) else ""

    def _module(self, change: Change) -> str:
        if change.what != NEW:
            return ""
        file = re.compile(rf"/(usr/)?lib/modules/.*/{re.escape(change.name).replace('_', '[_-]')}\.ko(\.\w+)?")
        found = [name for name in self._things if file.fullmatch(name)]
        return "its file is sound" if found and all(map(self._is_sound, found)) else ""

    def _preload(self, change: Change) -> str:
        return "its file is sound" if change.name in self._things and self._is_sound(change.name) else ""


def _keeps_rights(before: Thing | None, after: Thing) -> bool:
    if before and before.kind == after.kind:
        return before.same_rights(after) or after.kind == "l"
    return not after.raises and after.kind in "fld" and (after.kind == "l" or not after.mode & 0o002)
