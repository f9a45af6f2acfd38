"""An FRR router's operational state: one command line, and what it prints as values. Pure."""

import shlex
from ipaddress import ip_address, ip_network
from typing import Any

from napalm.base.exceptions import CommandErrorException

from nornir_tasks.drivers.lldp import neighbours
from nornir_tasks.drivers.vtysh import document, documents
from nornir_tasks.session import BgpSession, DeviceState

_SHOWN = (
    ("show interface brief json", "show bfd peers json"),
    ("show ip ospf neighbor json", "show ipv6 ospf6 neighbor json"),
    ("show bgp summary json",),
)
"""One vtysh each; it stops at a daemon that does not run, so the one that may not stands last."""
_MARK = "@@@@"


def command(external: tuple[str, ...]) -> str:
    """One shell line: vtysh's answers, each external peer's advertised routes, LLDP."""
    shown = ["vtysh " + " ".join(f"-c {shlex.quote(one)}" for one in group) for group in _SHOWN]
    parts = ["; ".join(shown)]
    for peer in external:
        family = "ipv6" if ":" in peer else "ipv4"
        asked = f"show bgp {family} unicast neighbors {peer} advertised-routes json"
        parts.append(f"vtysh -c {shlex.quote(asked)}")
    parts.append("command -v lldpcli >/dev/null && lldpcli -f json0 show neighbors")
    return "; ".join(f"{{ {part}; }}; echo {_MARK}" for part in parts)


def read(device: str, said: str, external: tuple[str, ...]) -> DeviceState:
    """What `command` printed; CommandErrorException when it is not that."""
    shown, *rest = said.split(f"{_MARK}\n")
    if len(rest) < len(external) + 1:
        raise CommandErrorException(f"expected the operational state, found {said[:200]!r}")
    brief: dict[str, Any] = {}
    ospf: dict[str, Any] = {}
    ospf6: dict[str, Any] = {}
    bgp: dict[str, Any] = {}
    bfd: list[Any] = []
    for one in documents(shown):  # a protocol that does not run prints nothing
        if isinstance(one, list):
            bfd = one
        elif isinstance(one.get("neighbors"), list):
            ospf6 = one
        elif "neighbors" in one:
            ospf = one
        elif {"ipv4Unicast", "ipv6Unicast"} & set(one):
            bgp = one
        elif not brief:
            brief = one
    if not brief:
        raise CommandErrorException(f"expected interfaces, found {shown[:200]!r}")
    peers = _peers(bgp)
    lldp = rest[len(external)]  # nothing where no lldpd runs
    found = neighbours(document(lldp)) if lldp.strip() else None
    return DeviceState(
        device=device,
        interfaces={name: entry.get("status") == "up" for name, entry in brief.items()},
        adjacencies4=_adjacencies4(ospf),
        adjacencies6=_adjacencies6(ospf6),
        bfd=_bfd(bfd),
        sessions={ip_address(address): peer for address, peer in peers.items()},
        advertised={
            ip_address(peer): _advertised(document(text))
            for peer, text in zip(external, rest, strict=False)
            if peer in peers
        },
        neighbours=None
        if found is None
        else {name: (one[0]["hostname"], one[0]["port"]) for name, one in found.items()},
    )


def _advertised(found: Any) -> tuple[str, ...]:
    prefixes = found.get("advertisedRoutes", {}) if isinstance(found, dict) else {}
    return tuple(sorted(prefixes, key=lambda text: (ip_network(text).version, text)))


def _adjacencies4(found: Any) -> dict[str, str]:
    """`neighbors` of vtysh: router id -> [{ifaceName: "ge0-0-1:10.254.0.0", state: "Full/-"}]."""
    answer: dict[str, str] = {}
    for entries in found.get("neighbors", found).values():
        for entry in entries if isinstance(entries, list) else ():
            name = str(entry.get("ifaceName", "")).partition(":")[0]
            state = str(entry.get("nbrState") or entry.get("state", "")).partition("/")[0]
            answer[name] = state
    return answer


def _adjacencies6(found: Any) -> dict[str, str]:
    entries = found.get("neighbors", ()) if isinstance(found, dict) else ()
    return {str(entry["interfaceName"]): str(entry["state"]) for entry in entries}


def _bfd(found: Any) -> dict[tuple[str, int], bool]:
    """A link carries a session a family, which is up when all that are shown of it are."""
    answer: dict[tuple[str, int], bool] = {}
    for entry in found if isinstance(found, list) else ():
        if name := str(entry.get("interface", "")):
            key = name, ip_address(entry["peer"]).version
            answer[key] = answer.get(key, True) and entry.get("status") == "up"
    return answer


def _peers(found: Any) -> dict[str, BgpSession]:
    answer: dict[str, BgpSession] = {}
    for family in found.values() if isinstance(found, dict) else ():
        for address, peer in family.get("peers", {}).items() if isinstance(family, dict) else ():
            earlier = answer.get(address)
            state = str(peer.get("state", ""))
            up = state == "Established"
            answer[address] = BgpSession(
                established=up and (earlier is None or earlier.established),
                state=state,
                received=int(peer.get("pfxRcd") or 0) + (earlier.received if earlier else 0),
                sent=int(peer.get("pfxSnt") or 0) + (earlier.sent if earlier else 0),
            )
    return answer
