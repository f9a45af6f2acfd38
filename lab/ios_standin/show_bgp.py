"""BGP sessions and prefix counts."""

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING

from lab.ios_standin import bgp, ospf
from lab.ios_standin.bgp_policy import Prefix
from lab.ios_standin.bgp_table import Route, classful
from lab.ios_standin.device import IosStandin
from lab.ios_standin.matching import Match

if TYPE_CHECKING:
    from lab.ios_standin.session import Session

_NETWORK_COLUMNS = 16
_OFF = "% BGP not active\n"
_HEAD = "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd"


def _ends(device: IosStandin, family: str) -> list[bgp.BgpEnd]:
    return [end for end in bgp.ends(device.configuration) if family in end.families]


def _summary(device: IosStandin, family: str) -> Iterator[str]:
    asn = next((end.local_asn for end in bgp.ends(device.configuration)), 0)
    yield f"BGP router identifier {ospf.router_id(device.configuration)}, local AS number {asn}"
    yield "BGP table version is 1, main routing table version 1"
    yield ""
    yield _HEAD
    for end in _ends(device, family):
        up = device.view.established(end)
        state = str(device.view.received(end, family)) if up else "Idle"
        row = f"4 {end.remote_asn:12} {10 if up else 0:7} {10 if up else 0:7}        1    0    0"
        since = "00:10:00" if up else "never   "
        peer = end.peer
        if len(peer) > 15:
            yield peer
            peer = ""
        yield f"{peer:<15} {row} {since} {state:>12}"


async def _ipv4_summary(session: "Session", match: Match) -> str:  # noqa: ARG001
    if bgp.speaker(session.device.configuration) is None:
        return _OFF
    return "".join(f"{line}\n" for line in _summary(session.device, "ipv4"))


async def _ipv6_summary(session: "Session", match: Match) -> str:  # noqa: ARG001
    if bgp.speaker(session.device.configuration) is None:
        return _OFF
    return "".join(f"{line}\n" for line in _summary(session.device, "ipv6"))


async def _all_summary(session: "Session", match: Match) -> str:  # noqa: ARG001
    device = session.device
    if bgp.speaker(device.configuration) is None:
        return _OFF
    text = ""
    for family, title in (("ipv4", "IPv4 Unicast"), ("ipv6", "IPv6 Unicast")):
        if _ends(device, family):
            text += f"For address family: {title}\n"
            text += "".join(f"{line}\n" for line in _summary(device, family)) + "\n"
    return text


def _neighbor(device: IosStandin, end: bgp.BgpEnd, family: str) -> str:
    up = device.view.established(end)
    kind = "internal" if end.internal else "external"
    remote = device.view.bgp_router_id(end) if up else IPv4Address(0)
    sent = len(device.view.sent(end, family))
    received = device.view.received(end, family) if up else 0
    described = f" Description: {end.description}\n" if end.description else ""
    return (
        f"BGP neighbor is {end.peer},  remote AS {end.remote_asn}, {kind} link\n{described}"
        f"  BGP version 4, remote router ID {remote}\n"
        f"  BGP state = {'Established, up for 00:10:00' if up else 'Idle'}\n"
        f" For address family: {'IPv4' if family == 'ipv4' else 'IPv6'} Unicast\n"
        "                                 Sent       Rcvd\n"
        "  Prefix activity:               ----       ----\n"
        f"    Prefixes Current:      {sent:>10} {received:>10} (Consumes 0 bytes)\n"
        "                                   Outbound    Inbound\n"
        "  Local Policy Denied Prefixes:    --------    -------\n\n"
    )


async def _neighbors(session: "Session", match: Match) -> str:
    family = "ipv6" if "ipv6" in match.text else "ipv4"
    if bgp.speaker(session.device.configuration) is None:
        return _OFF
    ends = _ends(session.device, family)
    return "".join(_neighbor(session.device, end, family) for end in ends)


async def _advertised(session: "Session", match: Match) -> str:
    device = session.device
    peer = ip_address(match.arguments()[0])
    family = "ipv6" if peer.version == 6 else "ipv4"
    ends = (end for end in _ends(device, family) if ip_address(end.peer) == peer)
    found = next((device.view.sent(end, family) for end in ends), {})
    lines = ["     Network          Next Hop            Metric LocPrf Weight Path"]
    for prefix, route in found.items():
        lines += _row(prefix, route)
    lines += ["", f"Total number of prefixes {len(found)} ", ""]
    return "".join(f"{line}\n" for line in lines)


def _row(prefix: Prefix, route: Route) -> Iterator[str]:
    """A natural mask is not shown, and what is too long for its column has a line of its own."""
    local = "::" if prefix.version == 6 else "0.0.0.0"  # noqa: S104
    hop, weight = route.peer or local, 0 if route.peer else 32768
    path = "".join(f"{asn} " for asn in route.path)
    natural = prefix.version == 4 and prefix == classful(str(prefix.network_address))
    shown = str(prefix.network_address) if natural else str(prefix).upper()
    start = f" *>{'i' if route.internal else ' '} {shown}"
    if len(shown) > _NETWORK_COLUMNS:
        yield start
        start = ""
    yield f"{start:<22} {hop:<19} {'':>6} {'':>6} {weight:>6} {path}{route.origin}"


async def _nothing(session: "Session", match: Match) -> str:  # noqa: ARG001
    return ""


BGP_COMMANDS = (
    ("show ip bgp summary", _ipv4_summary),
    ("show bgp ipv4 unicast summary", _ipv4_summary),
    ("show bgp ipv6 unicast summary", _ipv6_summary),
    ("show bgp all summary", _all_summary),
    ("show ip bgp neighbors", _neighbors),
    ("show bgp {ipv4|ipv6} unicast neighbors", _neighbors),
    ("show bgp {ipv4|ipv6} multicast neighbors", _nothing),
    ("show ip bgp neighbors <host> advertised-routes", _advertised),
    ("show bgp {ipv4|ipv6} unicast neighbors <host> advertised-routes", _advertised),
)
