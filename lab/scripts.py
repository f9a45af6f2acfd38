"""Shell scripts that run inside a node: start its routing, start its management, stop nothing.

The daemons to start and their options are read from the rendered /etc/frr/daemons, as frrinit.sh
does; watchfrr comes last, when all daemons run, so that it has nothing to start by itself.
"""

from collections.abc import Iterable

from lab.plan import LabPlan, Node, NodeKind

START_ROUTING = r"""
# A real router's /run is empty after a reboot: no change waits there for its confirmation.
if [ -e /run/imereti ]; then rm -rf /run/imereti; fi
install -d -o frr -g frr /run/frr /var/tmp/frr
install -d -o Debian-snmp -g frr -m 750 /run/agentx
if [ -s /etc/nftables.conf ]; then nft -f /etc/nftables.conf || exit 10; fi
if [ -s /etc/frr/sysctl.conf ]; then sysctl -q -e -p /etc/frr/sysctl.conf || exit 11; fi
. /etc/frr/daemons
for daemon in zebra staticd bfdd ospfd ospf6d bgpd; do
  eval "wanted=\${$daemon:-no} options=\${${daemon}_options:-}"
  case $daemon in zebra | staticd) wanted=yes ;; esac
  if [ "$wanted" = yes ]; then
    /usr/lib/frr/$daemon -d -F traditional $options || { echo "$daemon did not start"; exit 12; }
  fi
done
vtysh -b
"""
START_LATE = r"""
. /etc/frr/daemons
install -d -o frr -g frr /run/frr/late
for daemon in staticd bfdd bgpd; do
  eval "wanted=\${$daemon:-no} options=\${${daemon}_options:-}"
  [ $daemon = staticd ] && wanted=yes
  if [ "$wanted" = yes ] && [ ! -e /run/frr/$daemon.pid ]; then
    /usr/lib/frr/$daemon -d -F traditional $options || { echo "$daemon did not start"; exit 12; }
    ln -s ../$daemon.vty /run/frr/late/
  fi
done
# One vtysh that finds only these: to start it takes longer than to read the configuration.
[ -z "$(ls /run/frr/late)" ] || vtysh --vty_socket /run/frr/late -b
rm -r /run/frr/late
"""
"""Starts the daemons that START_ROUTING did not, see `start_early`."""
STATICD_IF_ASKED = """$(grep -qE '^ *ip(v6)? route ' /etc/frr/frr.conf && echo staticd)"""
AWAIT_DEFAULT = r"""
waited=0
until [ -n "$(ip route show default)" ] || [ "$waited" -ge 60 ]; do
  waited=$((waited + 1))
  sleep 1
done
"""
"""Where nobody knows the last ping: START_LATE may follow when OSPF has brought the default."""
EXIT_NFT, EXIT_SYSCTL, EXIT_DAEMON = 10, 11, 12

ROUTING_STATUS, ROUTING_SAID = "routing.status", "routing.said"
"""In a container's /run: what came of its routing's start."""
START_IN_CONTAINER = r"""
[ -e /run/routing.status ] && exec sleep infinity
waited=0
while read -r link; do
  until [ -e "/sys/class/net/$link" ]; do
    waited=$((waited + 1))
    [ "$waited" -gt 600 ] && exec sleep infinity
    sleep 0.2
  done
done </boot/links
{
  if ip -batch - </boot/setup; then (. /boot/routing); else echo "ip refused /boot/setup"; false; fi
  status=$?
} >/run/routing.said 2>&1
echo $status >/run/routing.status
exec sleep infinity
"""
"""What a container does as soon as it has its wires, while others are still being made.

At its first start only: when power comes back, the lab wires it and starts its daemons itself.
"""

START_WATCH = r"""
. /etc/frr/daemons
started="zebra staticd"
for daemon in bfdd ospfd ospf6d bgpd; do
  eval "wanted=\${$daemon:-no}"
  if [ "$wanted" = yes ]; then started="$started $daemon"; fi
done
/usr/lib/frr/watchfrr -d -F traditional $watchfrr_options $started || exit 13
"""

START_SNMPD = r"""
mkdir -p /run/agentx
if [ -s /etc/snmp/snmpd.conf ]; then
  /usr/sbin/snmpd -LF e /run/snmpd.log -u Debian-snmp -g Debian-snmp \
    -I -smux -p /run/snmpd.pid || exit 14
fi
"""

START_SSHD = r"""
if [ -s /etc/ssh/sshd_config ]; then
  mkdir -p /run/sshd
  [ -s /etc/ssh/ssh_host_ed25519_key ] ||
    ssh-keygen -q -t ed25519 -N '' -C "$(hostname)" -f /etc/ssh/ssh_host_ed25519_key || exit 15
  /usr/sbin/sshd || exit 16
fi
"""


def start_early(plan: LabPlan, router: str) -> str:
    """START_ROUTING for a network that starts as a whole, without what only quickens recovery.

    START_LATE follows when the network has converged. BFD finds no fault in a network that only
    comes up, and takes a third of the machine's time in a lab of 100 routers. BGP inside the
    region brings a default that OSPF has too, and costs a quarter of the time until all LANs are
    reachable; towards an external peer it brings what nothing else does. staticd has nothing to
    do where the configuration has no static route, which is nearly everywhere.
    """
    script = START_ROUTING.replace("staticd", STATICD_IF_ASKED, 1).replace(" bfdd", "", 1)
    return script if router in plan.outward else script.replace(" bgpd", "", 1)


def services(nodes: Iterable[Node]) -> dict[str, str]:
    """Node -> the script that starts what management needs there."""
    found = {}
    for node in nodes:
        watch = (
            START_LATE + START_WATCH if node.kind in {NodeKind.ROUTER, NodeKind.EXTERNAL} else ""
        )
        found[node.name] = watch + START_SNMPD + START_SSHD
    return found
