"""E-mail through a relay outside the hospital: its own mail may be what burns.

Comes in: pages. Goes out: one message to one person. The Message-ID is made of the page's id, so that a page that came
twice is shown once by most readers. Nothing is read back: there is no way in from the Internet.
"""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

import msgspec

from garde.journal.oncall_kinds import ChannelNote
from garde.oncall.channels.base import TIMEOUT_S, Alive, Handed, OneWay, Page, Unable, unable

SECURITY: Final = ("starttls", "tls", "none")


class MailOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling.toml says of it."""

    relay: str  # host, best an address: names may not be resolved in a cut
    sender: str  # garde@example.org
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""
    needs: tuple[str, ...] = ()
    outside: bool = True
    address: str = ""  # of the relay as the gateway may leave it open: ADDRESS or ADDRESS:PORT/tcp
    besides: bool = False
    ca: str = ""
    timeout_s: float = TIMEOUT_S

    def __repr__(self) -> str:
        return f"MailOptions({self.relay!r})"


class Mail(OneWay):
    """See the module."""

    def __init__(self, name: str, options: MailOptions) -> None:
        if options.security not in SECURITY:
            raise ValueError(f"security is one of {', '.join(SECURITY)}")
        if options.user and options.security == "none":
            raise ValueError("a password does not travel in clear: security is starttls or tls")
        self._from = _address(options.sender)
        self.note = ChannelNote(
            name, "mail", "person", "mail", needs=options.needs, outside=options.outside,
            address=options.address or options.relay, besides=options.besides,
        )  # fmt: skip
        self._options = options
        self._tls = ssl.create_default_context(cafile=options.ca or None) if options.security != "none" else None

    def hand(self, page: Page) -> Handed | Unable:
        try:
            message = self._message(page)
            with self._open() as relay:
                relay.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return self._unable(error)
        return Handed("taken by the relay")

    def alive(self) -> Alive | Unable:
        try:
            with self._open() as relay:
                relay.noop()
        except (OSError, smtplib.SMTPException) as error:
            return self._unable(error)
        return Alive()

    def _open(self) -> smtplib.SMTP:
        options = self._options
        if options.security == "tls":
            relay: smtplib.SMTP = smtplib.SMTP_SSL(
                options.relay, options.port, timeout=options.timeout_s, context=self._tls
            )
        else:
            relay = smtplib.SMTP(options.relay, options.port, timeout=options.timeout_s)
        try:
            if options.security == "starttls":
                relay.starttls(context=self._tls)
            if options.user:
                relay.login(options.user, options.password)
        except BaseException:
            relay.close()
            raise
        return relay

    def _message(self, page: Page) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._from, _address(page.address)
        message["Subject"] = " ".join(page.title.split())[:200]
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{page.id}@{self._from.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Priority"] = "1"
        message.set_content(page.text)
        return message

    def _unable(self, error: Exception) -> Unable:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return Unable("the relay does not take the login")  # its own words may quote it
        return unable(error)


def _address(text: str) -> Address:
    """Return a mail address; ValueError where it is none (a line break in it would be a second header)."""
    user, _, domain = text.strip().rpartition("@")
    if not user or not domain or any(each.isspace() or each in "<>," for each in text.strip()):
        raise ValueError("that is no mail address")
    return Address(username=user, domain=domain)
