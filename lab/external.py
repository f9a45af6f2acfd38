"""The stand-in for a network that is not ours: a real FRRouting router with the agreed session.

It announces what the agreement allows it to announce (the accepted prefixes and, when agreed, a
default route), from discard routes, and answers at the addresses of its servers.
"""

from inventory.model import BgpPlan, ExternalPeer, Network
from inventory.secrets import placeholder

DAEMONS = """\
zebra=yes
bgpd=yes
staticd=yes
vtysh_enable=yes
zebra_options="-A 127.0.0.1 -s 90000000 --v6-rr-semantics"
bgpd_options="-A 127.0.0.1"
staticd_options="-A 127.0.0.1"
watchfrr_options="--min-restart-interval 1 --max-restart-interval 10 -i 1 -t 10"
"""


def external_files(network: Network) -> dict[str, dict[str, str]]:
    """Stand-in -> its files, for each external peer whose router is in the network."""
    bgp = network.region.bgp
    return {
        peer.id: {
            "frr.conf": external_config(peer, bgp),
            "daemons": DAEMONS,
            "vtysh.conf": "service integrated-vtysh-config\n",
        }
        for peer in bgp.externals
        if peer.device in network.devices
    }


def external_config(peer: ExternalPeer, bgp: BgpPlan) -> str:
    """frr.conf of the stand-in."""
    lines = [
        "frr defaults traditional",
        f"hostname {peer.id}",
        "service integrated-vtysh-config",
        *(f"ip route {prefix} blackhole" for prefix in peer.accepts4),
        *(f"ipv6 route {prefix} blackhole" for prefix in peer.accepts6),
        f"router bgp {peer.asn}",
        f" bgp router-id {peer.remote4}",
        " no bgp ebgp-requires-policy",
        " no bgp default ipv4-unicast",
        " coalesce-time 100",
    ]
    for address in (peer.local4.ip, peer.local6.ip):
        lines += [
            f" neighbor {address} remote-as {bgp.asn}",
            f" neighbor {address} password {placeholder(peer.password_secret)}",
            f" neighbor {address} timers 3 9",
            f" neighbor {address} timers connect 1",
            f" neighbor {address} advertisement-interval 0",
        ]
    lines += _family("ipv4", [str(prefix) for prefix in peer.accepts4], str(peer.local4.ip), peer)
    lines += _family("ipv6", [str(prefix) for prefix in peer.accepts6], str(peer.local6.ip), peer)
    return "\n".join([*lines, ""])


def _family(family: str, prefixes: list[str], neighbor: str, peer: ExternalPeer) -> list[str]:
    lines = [f" address-family {family} unicast"]
    lines += [f"  network {prefix}" for prefix in prefixes]
    lines.append(f"  neighbor {neighbor} activate")
    if peer.accepts_default:
        lines.append(f"  neighbor {neighbor} default-originate")
    return [*lines, " exit-address-family"]
