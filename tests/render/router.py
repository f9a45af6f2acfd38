"""One real router from rendered files: its daemons, filter and agent in its own namespaces."""

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from inventory.secrets import names_in, placeholder

BOUND_S = 60

_SCRIPT = """
set -e
for folder in /run /var/tmp /var/log /etc/frr /etc/snmp /var/lib/snmp; do
    mount -t tmpfs tmpfs $folder
done
mkdir -p /run/frr /run/agentx /run/sshd /var/log/frr
cp {files}/frr.conf {files}/daemons {files}/vtysh.conf /etc/frr/
cp {files}/snmpd.conf {files}/snmp.conf /etc/snmp/
cp {files}/frr.snmp.conf /etc/snmp/frr.conf
chown -R frr:frr /etc/frr /run/frr /var/log/frr
hostname {name}
ip link set lo up
for interface in {interfaces}; do
    ip link add $interface type veth peer name p-$interface
    ip link set $interface up
    ip link set p-$interface up
done
sysctl -q -p {files}/sysctl.conf
nft -f {files}/nftables.conf
snmpd -Lf /run/snmpd.log -p /run/snmpd.pid
/usr/lib/frr/frrinit.sh start
{commands}
/usr/lib/frr/frrinit.sh stop >/dev/null 2>&1
"""


def fill(text: str) -> str:
    """Every placeholder replaced by a value of 16 characters, as a router may get it."""
    for name in names_in(text):
        text = text.replace(placeholder(name), f"{name.lower().replace('_', ''):x<16.16}")
    return text


def interfaces(frr_conf: str) -> list[str]:
    """Linux names of all interfaces but the loopback."""
    words = (line.split() for line in frr_conf.splitlines() if line.startswith("interface "))
    return [name for _, name in words if name != "lo"]


def boot(name: str, files: Mapping[str, str], commands: str, home: Path) -> str:
    """What `commands` print, run inside the router after its daemons are up."""
    for file, text in files.items():
        (home / file).write_text(fill(text), encoding="utf-8")
    script = _SCRIPT.format(
        files=shlex.quote(str(home)),
        name=name,
        interfaces=" ".join(interfaces(files["frr.conf"])),
        commands=commands,
    )
    words = ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork"]
    done = subprocess.run(
        [*words, "--kill-child", "--mount-proc", "bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
