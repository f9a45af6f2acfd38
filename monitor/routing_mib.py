"""OSPF and BGP as a device's own MIBs tell them."""

from monitor.metrics import IF_NAME
from monitor.routing import ESTABLISHED, Expected, Routing
from monitor.snmp.base import SnmpSession, Value

OSPF_STATUS, OSPF_NEIGHBOURS = "1.3.6.1.2.1.14.1.2.0", "1.3.6.1.2.1.14.10.1.6"
OSPF3_STATUS, OSPF3_NEIGHBOURS = "1.3.6.1.2.1.191.1.1.2.0", "1.3.6.1.2.1.191.1.9.1.8"
"""ospfv3AdminStatus; ospfv3NbrState, indexed by ifIndex, instance and router id."""
INDEX6 = 3
BGP_VERSION, BGP_PEERS = "1.3.6.1.2.1.15.1.0", "1.3.6.1.2.1.15.3.1.2"
BGP_PATHS, CISCO_PREFIXES = "1.3.6.1.2.1.15.6.1.13", "1.3.6.1.4.1.9.9.187.1.2.4.1.1"
"""bgp4PathAttrBest, indexed by prefix, length and peer; cbgpPeerAcceptedPrefixes."""


async def read_routing(session: SnmpSession, platform: str, expected: Expected) -> Routing:
    """What the agent knows of what is expected; None for what it serves no MIB of. SnmpError."""
    answer = (await session.get([(OSPF_STATUS, OSPF3_STATUS, BGP_VERSION)]))[0].found
    neighbours = neighbours6 = peers = prefixes = None
    if OSPF_STATUS in answer:
        neighbours = {_address(oid, OSPF_NEIGHBOURS): value
                      for oid, value in await _numbers(session, OSPF_NEIGHBOURS)}  # fmt: skip
    if expected.keys6 and OSPF3_STATUS in answer:
        neighbours6 = await _neighbours6(session)
    if expected.peers and BGP_VERSION in answer:
        peers = {_address(oid, BGP_PEERS): value
                 for oid, value in await _numbers(session, BGP_PEERS)}  # fmt: skip
        prefixes = await _prefixes(session, platform)
        if not prefixes and ESTABLISHED in peers.values():
            prefixes = None  # sessions, and not one prefix: the agent has no such table
    return Routing(neighbours, neighbours6, peers, None, prefixes)


async def _neighbours6(session: SnmpSession) -> dict[tuple[str, str], int]:
    rows = await _numbers(session, OSPF3_NEIGHBOURS)
    if not rows:
        return {}
    names = {
        oid.rsplit(".", 1)[1]: name.decode(errors="replace")
        for oid, name in await session.walk(IF_NAME)
        if isinstance(name, bytes)
    }
    found = {}
    for oid, state in rows:
        index = oid.removeprefix(f"{OSPF3_NEIGHBOURS}.").split(".")
        if len(index) == INDEX6:
            found[names.get(index[0], ""), _dotted(int(index[2]))] = state
    return found


async def _prefixes(session: SnmpSession, platform: str) -> dict[str, int]:
    if platform == "cisco_ios":
        rows = await _numbers(session, CISCO_PREFIXES)
        return {
            _address(oid, CISCO_PREFIXES): value for oid, value in rows if oid.endswith(".1.1")
        }  # fmt: skip  (IPv4 unicast)
    found: dict[str, int] = {}
    for oid, _ in await session.walk(BGP_PATHS):
        peer = ".".join(oid.split(".")[-4:])
        found[peer] = found.get(peer, 0) + 1
    return found


async def _numbers(session: SnmpSession, column: str) -> list[tuple[str, int]]:
    rows: list[tuple[str, Value]] = await session.walk(column)
    return [(oid, value) for oid, value in rows if isinstance(value, int)]


def _address(oid: str, column: str) -> str:
    """The first four arcs of a row's index."""
    return ".".join(oid.removeprefix(f"{column}.").split(".")[:4])


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
