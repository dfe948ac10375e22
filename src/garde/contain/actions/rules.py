"""One nftables table for each cut: made, read back and removed in one transaction, and owned by that cut alone.

Comes in: a cut's id and its chains. Goes out: `Tables` (load, remove, read, sweep), `Chain`, and what rules are made of
(`rule`, `peer_rules`). It decides nothing.

A table of its own makes two cuts on one address independent by construction: undoing one removes its table, and the
other still drops. The chains stand before every other filter (priority -200) on input, output and forward, IPv4 and
IPv6 in one `inet` table; a drop is final whatever other tables accept, for connections already open as for new ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from garde.contain.actions.flows import Flow
from garde.contain.actions.nft import Runner, run_nft
from garde.model.order import Verb

_FAMILY: Final = "inet"
_PRIORITY: Final = -200  # as the holds' table: before iptables' mangle and every usual filter
_PREFIX: Final = "garde_"
_COMMENT: Final = 128  # NFT_USERDATA: longer comments are refused

Expression = dict[str, Any]
Rule = tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """One base chain: its hook is its name. `drop` is what becomes of what no rule accepts."""

    hook: str  # input | output | forward
    rules: tuple[Rule, ...]
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A table as the kernel has it."""

    shape: tuple[tuple[str, str, tuple[str, ...]], ...]  # (hook, policy, last word of each rule)
    dropped: int  # packets that met a rule that drops

    def fits(self, chains: Iterable[Chain]) -> bool:
        """Whether it is the table that was meant; another tool's change to it shows."""
        return sorted(self.shape) == sorted((chain.hook, _policy(chain), _verdicts(chain)) for chain in chains)


class Tables:
    """The tables of one verb. OSError from any call means that nothing was changed, and why."""

    def __init__(self, verb: Verb, *, run: Runner = run_nft) -> None:
        self._prefix = f"{_PREFIX}{verb}_"
        self._run = run

    def name(self, cut: str) -> str:
        """Table names take neither dash nor dot, and lengths vary: a hash of the id. The id is each rule's comment."""
        return self._prefix + hashlib.sha256(cut.encode()).hexdigest()[:16]

    def load(self, cut: str, chains: Iterable[Chain]) -> None:
        """Make the table of a cut, replacing the one that is there; no packet passes in between."""
        table = {"family": _FAMILY, "name": self.name(cut)}
        commands: list[dict[str, Any]] = [_add(table=table), {"delete": {"table": table}}, _add(table=table)]
        for chain in chains:
            where = {"family": _FAMILY, "table": table["name"]}
            commands.append(
                _add(
                    chain=where
                    | {"name": chain.hook, "type": "filter", "hook": chain.hook}
                    | {"prio": _PRIORITY, "policy": _policy(chain)}
                )
            )
            said = f"garde cut {cut}"[:_COMMENT]
            commands += [
                _add(rule=where | {"chain": chain.hook, "comment": said, "expr": list(it)}) for it in chain.rules
            ]
        self._transact(commands)

    def remove(self, cut: str) -> bool:
        """Remove the table of a cut; False where there was none."""
        try:
            self._transact([{"delete": {"table": {"family": _FAMILY, "name": self.name(cut)}}}])
        except OSError as error:
            if _is_absent(error):
                return False
            raise
        return True

    def read(self, cut: str) -> Loaded | None:
        """The table as the kernel has it now, or None."""
        try:
            told = json.loads(self._run(["-j", "list", "table", _FAMILY, self.name(cut)], ""))
        except OSError as error:
            if _is_absent(error):
                return None
            raise
        items = told.get("nftables", [])
        rules = [item["rule"] for item in items if "rule" in item]
        shape = tuple(
            (
                chain.get("hook", ""),
                chain.get("policy", ""),
                tuple(_verdict(rule["expr"]) for rule in rules if rule["chain"] == chain["name"]),
            )
            for chain in (item["chain"] for item in items if "chain" in item)
        )
        return Loaded(shape, sum(_packets(rule["expr"]) for rule in rules if _verdict(rule["expr"]) == "drop"))

    def sweep(self, kept: Iterable[str]) -> int:
        """Remove every table of this verb but those of these cuts; returns how many."""
        wanted = {self.name(cut) for cut in kept}
        told = json.loads(self._run(["-j", "list", "tables", _FAMILY], "")).get("nftables", [])
        names = [item["table"]["name"] for item in told if "table" in item]
        ours = [name for name in names if name.startswith(self._prefix) and name not in wanted]
        if ours:
            self._transact([{"delete": {"table": {"family": _FAMILY, "name": name}}} for name in ours])
        return len(ours)

    def carried_past(self) -> bool:
        """Whether a flowtable of anybody's takes open connections past every filter, ours too."""
        told = json.loads(self._run(["-j", "list", "flowtables"], "")).get("nftables", [])
        return any("flowtable" in item for item in told)

    def _transact(self, commands: Sequence[dict[str, Any]]) -> None:
        self._run(["-j", "-f", "-"], json.dumps({"nftables": commands}))


def _is_absent(error: OSError) -> bool:
    """Whether the kernel has no such table. An nft that is not installed says nearly the same and means another."""
    return "No such file" in str(error) and not isinstance(error, FileNotFoundError)


def rule(*matches: Expression, verdict: str) -> Rule:
    """A rule that counts what it meets. `verdict` is accept or drop."""
    return (*matches, {"counter": None}, {verdict: None})


def field(protocol: str, name: str, value: Any) -> Expression:
    """A field of a header has this value; `value` may be a list."""
    return _match({"payload": {"protocol": protocol, "field": name}}, value)


def interface(direction: str, *names: str) -> Expression:
    """The packet came in ("iifname") or leaves ("oifname") by one of these; names need not exist yet."""
    return _match({"meta": {"key": direction}}, list(names))


def _match(left: Expression, value: Any) -> Expression:
    right = {"set": value} if isinstance(value, list) and len(value) > 1 else value
    return {"match": {"op": "==", "left": left, "right": right[0] if isinstance(right, list) else right}}


def end(direction: str, network: Any) -> Expression:
    """The packet's source ("saddr") or destination ("daddr") is in a network."""
    text: Any = str(network.network_address)
    if network.num_addresses > 1:
        text = {"prefix": {"addr": text, "len": network.prefixlen}}
    return field("ip" if network.version == 4 else "ip6", direction, text)


# Answers only: a peer's source port must not open every port of ours. Connections that were open before are taken up
# with their next packet out (nf_conntrack_tcp_loose).
REPLY: Final[Expression] = {"match": {"op": "==", "left": {"ct": {"key": "direction"}}, "right": "reply"}}

# Without them no IPv6 neighbour is found and the way to the hub is lost. A hop limit of 255 cannot come from afar.
NEIGHBOURS: Final[tuple[Rule, ...]] = (
    rule(
        field(
            "icmpv6",
            "type",
            ["nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"],
        ),
        field("ip6", "hoplimit", 255),
        verdict="accept",
    ),
)


def towards(flow: Flow, *where: Expression) -> Rule:
    """What goes to the peer of a flow."""
    return rule(*where, end("daddr", flow.network), *_port(flow, "dport"), verdict="accept")


def back(flow: Flow, *where: Expression) -> Rule:
    """What the peer of a flow answers; without a port, whatever it sends."""
    answers = (REPLY,) if flow.port else ()
    return rule(*where, end("saddr", flow.network), *_port(flow, "sport"), *answers, verdict="accept")


def _port(flow: Flow, side: str) -> Iterator[Expression]:
    if flow.port:
        yield field(flow.protocol, side, flow.port)


def _add(**item: Any) -> dict[str, Any]:
    return {"add": item}


def _policy(chain: Chain) -> str:
    return "drop" if chain.drop else "accept"


def _verdicts(chain: Chain) -> tuple[str, ...]:
    return tuple(_verdict(it) for it in chain.rules)


def _verdict(expressions: Iterable[Expression]) -> str:
    return next((word for it in expressions for word in ("accept", "drop") if word in it), "")


def _packets(expressions: Iterable[Expression]) -> int:
    return sum(int(it["counter"]["packets"]) for it in expressions if isinstance(it.get("counter"), dict))
