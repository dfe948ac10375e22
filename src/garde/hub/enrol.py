"""Enrolling agents: tokens made, tokens taken.

Comes in: a machine's name and who asks; later the token's secret with the public key that an agent made for itself.
Goes out: the token as text (its hash only is written down); the hub's own key, its CA and the machine's release
secret. Rules:

1. A token counts once, for its machine, until it expires; a newer one for the same machine voids it.
2. Only machines of the estate get one: what an agent says is read by the machine's id.
3. An agent whose answer was lost may ask again with the same token and the same key, for ten minutes.
4. A refusal is an entry; a flood of them is bundled like refused envelopes.
"""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass

from garde.clock import Clock
from garde.errors import NotFound, Refused, UsageError
from garde.hub.loop import Loop
from garde.hub.roster import Known, Roster
from garde.journal.hub_kinds import AgentEnrolled, AgentRevoked, EnrolmentRefused, TokenMade
from garde.trust.codes import release_codes, release_secret
from garde.trust.enrolment import TTL, Token, token_hash
from garde.trust.envelope import HUB, is_name
from garde.trust.keys import PublicKey, SigningKey

AGAIN_S = 600.0
_SHEET = 1  # an agent begins a new secret at each enrolment, and within one there is one sheet of codes
_REFUSED_A_SECOND = 5  # written; the rest is counted with the next


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the hub signs with, and what it is known by."""

    key: SigningKey
    release: bytes  # the one secret behind every machine's release codes
    ca: str  # PEM
    pin: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an enrolled agent is told, once."""

    machine: str
    hub_key: str
    ca: str
    release_secret: str  # hex
    address: str  # the agent's own, as the hub sees it


class Enrolment:
    """Safe to call from any thread; `make_token`, `take` and `revoke` write to the journal and may block."""

    def __init__(self, loop: Loop, secrets: Secrets, host: str, port: int, clock: Clock) -> None:
        self._loop, self._secrets, self._clock = loop, secrets, clock
        self.host, self.port = host, port
        self._lock = threading.Lock()
        self._second, self._refused = 0.0, 0

    # --- people ask ---

    def make_token(self, machine: str, by: str, ttl: float = TTL) -> Token:
        """Return a new token; raises NotFound or UsageError."""
        found = self._loop.estate.machines.get(machine)
        if found is None:
            raise NotFound(f"the estate has no machine {machine!r}", "name it by its id in hospital.yaml")
        if not is_name(machine) or machine == HUB:
            raise UsageError(f"a machine named {machine!r} can't carry an agent", "give it another id")
        token = Token.new(self.host, self.port, self._secrets.pin, machine)
        self._loop.append([TokenMade(machine, token.hash, self._clock.now() + ttl, by)], who=f"person/{by}")
        return token

    def revoke(self, machine: str, by: str, reason: str) -> None:
        """Believe this agent no more; raises NotFound."""
        if machine not in self._loop.look("roster", lambda roster: dict(roster.agents)):
            raise NotFound(f"no agent is enrolled as {machine!r}", "see `garde hub agents`")
        self._loop.append([AgentRevoked(machine, by, reason)], who=f"person/{by}")

    def codes(self, machine: str) -> tuple[str, ...]:
        """Return the release codes of a machine's agent, to be printed; raises NotFound."""
        known: Known | None = self._loop.look("roster", lambda roster: roster.agents.get(machine))
        if known is None:
            raise NotFound(f"no agent is enrolled as {machine!r}", "enrol it first: it gets its codes with its key")
        secret = release_secret(self._secrets.release, machine, known.generation)
        return release_codes(secret, machine, _SHEET)

    # --- an agent asks ---

    def take(self, secret: str, machine: str, key: str, address: str) -> Welcome:
        """Enrol an agent; raises Refused with the reason, which is an entry as well."""
        with self._lock:  # a token counts once, also where two come with it at once
            digest = token_hash(secret)
            roster: Roster = self._loop.look("roster", _copy)
            reason = self._why_not(roster, digest, machine, key)
            if reason:
                self._refuse(machine, address, reason)
                raise Refused(f"the hub did not enrol {machine or 'this machine'}: {reason}", "ask for a new token")
            if not self._is_again(roster, digest, machine, key):
                self._loop.append([AgentEnrolled(machine, key, digest, address)])
            known: Known = self._loop.look("roster", lambda now: now.agents[machine])
        return Welcome(
            machine,
            self._secrets.key.public.hex,
            self._secrets.ca,
            release_secret(self._secrets.release, machine, known.generation).hex(),
            address,
        )

    def _why_not(self, roster: Roster, digest: str, machine: str, key: str) -> str:
        try:
            PublicKey.from_hex(key)
        except ValueError as error:
            return str(error)
        if self._is_again(roster, digest, machine, key):
            return ""
        token = roster.tokens.get(digest)
        if token is None:
            return "the token is not known, was used, or a newer one was made"
        if not hmac.compare_digest(token.machine.encode(), machine.encode()):
            return "the token was made for another machine"
        if token.expires <= self._clock.now():
            return "the token has expired"
        return ""

    def _is_again(self, roster: Roster, digest: str, machine: str, key: str) -> bool:
        known = roster.agents.get(machine)
        return (
            known is not None
            and (known.key, known.token) == (key, digest)
            and self._clock.now() - known.since < AGAIN_S
        )

    def _refuse(self, machine: str, address: str, reason: str) -> None:
        now = self._clock.monotonic()
        if now - self._second >= 1:
            self._second, self._refused = now, 0
        self._refused += 1
        if self._refused <= _REFUSED_A_SECOND:
            self._loop.say([EnrolmentRefused(machine if is_name(machine) else "", address, reason)])


def _copy(roster: Roster) -> Roster:
    return Roster(dict(roster.agents), dict(roster.tokens))
