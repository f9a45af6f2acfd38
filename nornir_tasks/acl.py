"""A LAN's filter as stateless access lists, for platforms that track no connections.

A stateless list can't know an answer from an opening. It takes for an answer: TCP with ACK or RST
set, the ICMP messages that only answer, and UDP from the ports of `ANSWERS`. What remains open to
a forger is a packet that no host accepts; what is lost is UDP from other ports than these.
"""

from collections.abc import Iterator

from nornir_tasks.intent import AccessList, BorderFilter, LanFilter, Pair, Prefix, Rule, Service

ANSWERS = (53, 123, 443)
"""UDP ports whose answers pass: DNS, NTP, QUIC."""
MANAGED = (161,)
"""UDP ports that answer the NOC from a device: SNMP."""
BGP = 179
ERRORS = {
    4: ("unreachable", "time-exceeded"),
    6: ("unreachable", "packet-too-big", "time-exceeded"),
}
"""ICMP messages about one's own packets; any router on the way may send them."""


def lan_lists(lan: LanFilter, inside: Pair, *, managed: bool) -> tuple[AccessList, ...]:
    """In and out, IPv4 and IPv6; `managed`: the LAN of devices, whose openers are the NOC."""
    ports = MANAGED if managed else ANSWERS
    lists = []
    for version in (4, 6):
        ours = _family(inside, version)
        lists.append(_list(f"{lan.name}-in{version}", version, _lan_in(lan, ours, version, ports)))
        lists.append(
            _list(f"{lan.name}-out{version}", version, _lan_out(lan, ours, version, ports))
        )
    return tuple(lists)


def border_lists(border: BorderFilter, inside: Pair) -> tuple[AccessList, ...]:
    """In and out of the region at one external interface, IPv4 and IPv6."""
    lists = []
    for version in (4, 6):
        rules = _border_in(border, _family(inside, version), version)
        lists.append(_list(f"{border.name}-in{version}", version, rules))
        lists.append(_list(f"{border.name}-out{version}", version, _border_out(border, version)))
    return tuple(lists)


def _list(name: str, version: int, rules: Iterator[Rule]) -> AccessList:
    """Each rule once, where it first stood, and at the end what is dropped is logged."""
    return AccessList(name, version, (*dict.fromkeys(rules), Rule("deny", "ip", log=True)))


def _lan_in(
    lan: LanFilter, inside: tuple[Prefix, ...], version: int, answer_ports: tuple[int, ...]
) -> Iterator[Rule]:
    """From the LAN: only its own source addresses, only to where it may go."""
    own, gateway = _family(lan.prefix, version)[0], _family(lan.gateway, version)[0]
    opens = _family(lan.opens, version)
    yield _permit("icmp", own, gateway)
    for there in opens:
        yield _permit("ip", own, there)
    yield from _requests(lan.asks, version, (own,))
    for there in _family(lan.answers, version):
        if there not in opens and there != own:
            yield from _answers(own, there, answer_ports)
    for reply in _replies(lan.serves, version, ()):
        if reply.destination not in opens:
            yield reply
    if lan.external:
        for ours in inside:
            yield Rule("deny", "ip", None, ours, log=True)
        yield _permit("ip", own)


def _lan_out(
    lan: LanFilter, inside: tuple[Prefix, ...], version: int, answer_ports: tuple[int, ...]
) -> Iterator[Rule]:
    """To the LAN: what may be opened to it, and the answers to what it opened."""
    own = _family(lan.prefix, version)[0]
    answers = _family(lan.answers, version)
    for there in answers:
        if there != own:
            yield _permit("ip", there, own)
    yield from _requests(lan.serves, version, ())
    for there in _family(lan.opens, version):
        if there not in answers:
            yield from _answers(there, own, answer_ports)
    yield from _replies(lan.asks, version, (own,))
    for message in ERRORS[version]:
        yield _permit("icmp", None, own, message=message)
    if lan.external:
        for ours in inside:
            yield Rule("deny", "ip", ours, log=True)
        yield from _answers(None, own, ANSWERS)


def _border_in(border: BorderFilter, inside: tuple[Prefix, ...], version: int) -> Iterator[Rule]:
    """From outside: nothing that claims to be ours, the BGP session, and answers."""
    local, remote = _family(border.local, version)[0], _family(border.remote, version)[0]
    yield _permit("tcp", remote, local, destination_port=BGP)
    yield _permit("tcp", remote, local, source_port=BGP)
    yield _permit("icmp", remote, local)
    for ours in inside:
        yield Rule("deny", "ip", ours, log=True)
    for ours in _family(border.announced, version):
        yield from _answers(None, ours, ANSWERS)
        for message in ERRORS[version]:
            yield _permit("icmp", None, ours, message=message)


def _border_out(border: BorderFilter, version: int) -> Iterator[Rule]:
    """To outside: only sources that the region announces; the router's own go unfiltered."""
    for ours in _family(border.announced, version):
        yield _permit("ip", ours)


def _answers(
    source: Prefix | None, destination: Prefix | None, ports: tuple[int, ...]
) -> Iterator[Rule]:
    yield _permit("tcp", source, destination, established=True)
    for port in ports:
        yield _permit("udp", source, destination, source_port=port)
    yield _permit("icmp", source, destination, message="echo-reply")


def _requests(
    services: tuple[Service, ...], version: int, clients: tuple[Prefix, ...]
) -> Iterator[Rule]:
    """From clients to servers; no `clients`: those that the service names itself."""
    for service in services:
        for server, client in _ends(service, version, clients):
            for protocol in service.protocols:
                yield _permit(protocol, client, server, destination_port=service.port)


def _replies(
    services: tuple[Service, ...], version: int, clients: tuple[Prefix, ...]
) -> Iterator[Rule]:
    """From servers back to clients."""
    for service in services:
        for server, client in _ends(service, version, clients) if service.answered else ():
            for protocol in service.protocols:
                tcp = protocol == "tcp"
                port = service.port
                yield _permit(protocol, server, client, source_port=port, established=tcp)


def _ends(
    service: Service, version: int, clients: tuple[Prefix, ...]
) -> Iterator[tuple[Prefix, Prefix]]:
    for server in _family(service.servers, version):
        for client in clients or _family(service.clients, version):
            yield server, client


def _permit(
    protocol: str,
    source: Prefix | None = None,
    destination: Prefix | None = None,
    *,
    source_port: int | None = None,
    destination_port: int | None = None,
    established: bool = False,
    message: str = "",
) -> Rule:
    return Rule(
        "permit",
        protocol,
        source,
        destination,
        source_port,
        destination_port,
        established=established,
        message=message,
    )


def _family(pair: Pair, version: int) -> tuple[Prefix, ...]:
    return pair.ipv4 if version == 4 else pair.ipv6
