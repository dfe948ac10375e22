"""Everything that Apprise speaks: ntfy, Teams, Signal, Matrix, SMS gateways and some hundred others.

Comes in: pages. Goes out: a message to the address of a person, or to the addresses of a room. The addresses are
secrets of calling.toml and never leave it: neither for the journal nor for an error. Apprise is loaded with the first
page: it takes a while, and a hospital without it never pays for it.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import msgspec

from garde.journal.oncall_kinds import ChannelNote
from garde.oncall.channels.base import Alive, Handed, OneWay, Page, Unable


class MessengerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling.toml says of it. `people`: one address of Apprise for each person; `urls`: those of a room."""

    people: dict[str, str] = {}
    urls: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    outside: bool = True
    address: str = ""
    besides: bool = False
    about: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "MessengerOptions()"


class Messenger(OneWay):
    """See the module."""

    def __init__(self, name: str, options: MessengerOptions) -> None:
        if bool(options.people) == bool(options.urls):
            raise ValueError("either people (an address for each) or urls (of a room)")
        reach = "person" if options.people else "place"
        self.note = ChannelNote(
            name, "messenger", reach, people=tuple(sorted(options.people)), needs=options.needs,
            outside=options.outside, address=options.address, besides=options.besides, about=options.about,
        )  # fmt: skip
        self._options = options

    def hand(self, page: Page) -> Handed | Unable:
        urls = (self._options.people.get(page.person, ""),) if page.person else self._options.urls
        talk = _talk(urls)
        if isinstance(talk, Unable):
            return talk
        try:
            done = talk.notify(body=page.text, title=page.title)
        except Exception:  # whatever a plug-in raises; its words may hold the address
            done = False
        return Handed() if done else Unable("the messenger did not take it")

    def alive(self) -> Alive | Unable:
        """Return whether its addresses can be read: to ask more would be to call somebody."""
        urls = tuple(self._options.people.values()) or self._options.urls
        talk = _talk(urls)
        return talk if isinstance(talk, Unable) else Alive("its addresses can be read")


def _talk(urls: tuple[str, ...]) -> Any:
    """Return Apprise with these addresses, or Unable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its plug-ins deprecate, which it loads with the first address
        try:
            import apprise
        except ImportError:
            return Unable("apprise is not installed")
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses
        talk = apprise.Apprise()
        if not urls or not all(url and talk.add(url) for url in urls):
            return Unable("an address of Apprise cannot be read")
    return talk
