"""What people and administrators do on any day: sed -i, renaming, log rotation, mail, encrypting a few files."""

from __future__ import annotations

import random
from collections.abc import Callable

from bench.documents import KINDS, prose
from bench.honest.base import Scenario, Work

TEXTS = ("txt", "csv", "hl7")


def _texts(work: Work) -> None:
    work.documents(work.root / "tree", work.size(400, 60), TEXTS)


def _sed(work: Work) -> None:
    work.shell("find tree -type f -print0 | xargs -0 sed -i s/TEST-/DEMO-/g")
    work.shell("find tree -type f -exec sed -i.orig s/SYN/SIN/ {} ';'")


def _documents(work: Work) -> None:
    work.documents(work.root / "tree", work.size(300, 50), tuple(KINDS))


def _rename(work: Work) -> None:
    work.shell('find tree -type f | while read -r path; do mv "$path" "${path%.*}-2026.${path##*.}"; done')
    work.shell('find tree -type f | while read -r path; do mv "$path" "$path.old"; done')  # one new suffix for all
    work.shell('for folder in tree/*; do mv "$folder" "$folder-archive"; done')


ROTATE = """\
{root}/log/kept/*.log {{
    rotate 5
    copytruncate
    compress
    missingok
}}
{root}/log/made/*.log {{
    rotate 5
    create 0644 root root
    compress
    delaycompress
    missingok
}}
"""


def _write_logs(work: Work, seed: int) -> None:
    draw = random.Random(seed)
    for place in ("kept", "made"):
        folder = work.root / "log" / place
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(work.size(12, 4)):
            with (folder / f"service-{number}.log").open("a", encoding="utf-8") as log:
                log.write(prose(draw, 40_000))


def _prepare_logs(work: Work) -> None:
    _write_logs(work, 0)
    work.aside.chmod(0o755)
    settings = work.aside / "logrotate.conf"
    settings.write_text(ROTATE.format(root=work.root), encoding="utf-8")
    settings.chmod(0o644)


def _rotate(work: Work) -> None:
    for seed in range(1, 8):  # past `rotate 5`, so that the oldest are deleted too
        work.run("logrotate", "--force", "--state", work.aside / "state", work.aside / "logrotate.conf")
        _write_logs(work, seed)


def _deliver(work: Work) -> None:
    inbox, rules = work.root / "Maildir", work.root / "procmailrc"
    rules.write_text(f"MAILDIR={work.root}\nDEFAULT={inbox}/\nLOCKFILE=\n", encoding="utf-8")
    draw = random.Random(8)
    for number in range(work.size(300, 40)):
        body = prose(draw, draw.randint(500, 20_000))
        head = (
            f"From: lab@localhost\nTo: ward@localhost\nSubject: result {number}\nMessage-ID: <{number}@localhost>\n\n"
        )
        work.run("procmail", "-m", rules, stdin=(head + body).encode())
    work.shell('for mail in Maildir/new/*; do mv "$mail" "Maildir/cur/${mail##*/}:2,S"; done')  # read by a client
    work.shell("ls Maildir/cur/* | head -n 20 | xargs rm")  # and a few thrown away


# Base accounts of Debian, one for each scenario: three files are one person's, not three persons'.
OPENSSL_USER, GPG_USER, ZIP_USER = "nobody", "games", "news"


def _three(user: str) -> Callable[[Work], None]:
    """Lay out a user's own folder, and a copy of it as the place where two are encrypted in place."""

    def prepare(work: Work) -> None:
        for folder in ("kept", "in-place"):
            work.documents(work.root / folder, 24, ("docx", "pdf", "xlsx", "jpg"))
        work.shell('chown -R "$1" "$2"', user, work.root)

    return prepare


def _openssl(work: Work) -> None:
    encrypt = 'openssl enc -aes-256-cbc -pbkdf2 -pass pass:secret -in "$path" -out "$path.enc"'
    work.shell(f"find kept -type f | head -n 3 | while read -r path; do {encrypt}; done", user=OPENSSL_USER)
    work.shell(
        f'find in-place -type f | head -n 2 | while read -r path; do {encrypt} && mv "$path.enc" "$path"; done',
        user=OPENSSL_USER,
    )


def _gpg(work: Work) -> None:
    home = work.root / "gnupg"
    home.mkdir(mode=0o700)
    work.shell('chown "$1" "$2"', GPG_USER, home)
    encrypt = (
        f"gpg --homedir {home} --batch --quiet --pinentry-mode loopback --passphrase secret --symmetric "
        '--output "$path.gpg" "$path"'
    )
    try:
        work.shell(f"find kept -type f | head -n 3 | while read -r path; do {encrypt}; done", user=GPG_USER)
        work.shell(
            f'find in-place -type f | head -n 2 | while read -r path; do {encrypt} && rm "$path"; done', user=GPG_USER
        )
    finally:
        work.run("gpgconf", "--homedir", home, "--kill", "all", user=GPG_USER, fine=(0, 1, 2))


def _seven_zip(work: Work) -> None:
    work.shell("find kept -type f | head -n 3 | xargs 7z a -bd -psecret -mhe=on three.7z", user=ZIP_USER)


SCENARIOS = (
    Scenario("sed -i over a tree", "sed -i, sed -i.orig", ("sed",), _texts, _sed),
    Scenario("bulk rename", "mv in loops: names, one new suffix, folders", ("mv",), _documents, _rename),
    Scenario("log rotation", "logrotate copytruncate and create, 7 times", ("logrotate",), _prepare_logs, _rotate),
    Scenario("maildir delivery", "procmail, then read and deleted", ("procmail",), lambda work: None, _deliver),
    Scenario("encrypting three files", "openssl: 3 kept, 2 in place", ("openssl",), _three(OPENSSL_USER), _openssl, 5),
    Scenario("encrypting three files", "gpg: 3 kept, 2 replaced", ("gpg",), _three(GPG_USER), _gpg, 7),
    Scenario("encrypting three files", "7z -p: 3 kept", ("7z",), _three(ZIP_USER), _seven_zip),
)
