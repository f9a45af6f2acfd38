"""NAPALM's getters for FRRouting, from vtysh's JSON."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from napalm.base.exceptions import CommandErrorException

from nornir_tasks.drivers.frr_router import FrrRouter
from nornir_tasks.drivers.lldp import neighbours
from nornir_tasks.drivers.shell import Completed
from nornir_tasks.drivers.vtysh import document

_MBIT = 10**6
_FAMILIES = {"ipv4Unicast": "ipv4", "ipv6Unicast": "ipv6"}


class FrrGetters:
    """What is asked of a router."""

    router: FrrRouter

    def cli(self, commands: list[str], encoding: str = "text") -> dict[str, str]:  # noqa: ARG002
        """Output of each vtysh command."""
        return {command: self._vtysh(command) for command in commands}

    def get_facts(self) -> dict[str, Any]:
        """Uptime in seconds, version, host name, interfaces."""
        said = self.router.run(
            "cut -d' ' -f1 /proc/uptime; hostname; hostname -f 2>/dev/null || hostname; uname -m; "
            "cat /sys/class/dmi/id/product_serial 2>/dev/null || echo; "
            "vtysh -c 'show version' | head -n 1"
        )
        lines = [*said.out.splitlines(), *[""] * 6]
        found = re.search(r"FRRouting (\S+)", said.out)
        return {
            "uptime": float(lines[0] or 0),
            "vendor": "FRRouting",
            "model": f"Linux {lines[3]}",
            "hostname": lines[1],
            "fqdn": lines[2],
            "os_version": found[1] if found else "",
            "serial_number": lines[4],
            "interface_list": sorted(self._interfaces()),
        }

    def get_interfaces(self) -> dict[str, dict[str, Any]]:
        """State, MTU in bytes, speed in Mbit/s; FRR does not keep when an interface flapped."""
        return {
            name: {
                "is_up": found.get("operationalStatus") == "up",
                "is_enabled": found.get("administrativeStatus") == "up",
                "description": found.get("description", ""),
                "last_flapped": -1.0,
                "mtu": int(found.get("mtu", 0)),
                "speed": float(found.get("speed", 0)),
                "mac_address": found.get("hardwareAddress", "").upper(),
            }
            for name, found in self._interfaces().items()
        }

    def get_interfaces_ip(self) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
        """Addresses by interface and family, with their prefix lengths."""
        answer: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
        for name, found in self._interfaces().items():
            families: dict[str, dict[str, dict[str, int]]] = {}
            for item in found.get("ipAddresses", ()):
                address, _, length = item["address"].partition("/")
                family = "ipv6" if ":" in address else "ipv4"
                families.setdefault(family, {})[address] = {"prefix_length": int(length)}
            if families:
                answer[name] = families
        return answer

    def get_bgp_neighbors(self) -> dict[str, dict[str, Any]]:
        """Sessions and prefix counts."""
        summary, neighbours = self.router.ask(("show bgp summary json", "show bgp neighbors json"))
        router_id = next((f["routerId"] for f in summary.values() if "routerId" in f), "")
        peers = {
            address: _bgp_peer(found)
            for address, found in neighbours.items()
            if isinstance(found, dict) and "remoteAs" in found
        }
        return {"global": {"router_id": router_id, "peers": peers}} if router_id else {}

    def get_config(
        self,
        retrieve: str = "all",
        full: bool = False,  # noqa: ARG002  (NAPALM's signature)
        sanitized: bool = False,
        format: str = "text",  # noqa: A002, ARG002
    ) -> dict[str, str]:
        """frr.conf as it runs and as it starts."""
        running = startup = ""
        if retrieve in {"all", "running"}:
            running = self._vtysh("show running-config no-header")
        if retrieve in {"all", "startup"}:
            startup = self.router.run("cat /etc/frr/frr.conf 2>/dev/null").out
        clean = _sanitized if sanitized else str
        return {"running": clean(running), "startup": clean(startup), "candidate": ""}

    def get_lldp_neighbors(self) -> dict[str, list[dict[str, str]]]:
        """Neighbours by interface; none where no lldpd runs."""
        said = self.router.run("command -v lldpcli >/dev/null && lldpcli -f json0 show neighbors")
        return neighbours(document(said.out) if said.status == 0 else {})

    def ping(  # noqa: PLR0917  (NAPALM's signature)
        self,
        destination: str,
        source: str = "",
        ttl: int = 255,
        timeout: int = 2,
        size: int = 100,
        count: int = 5,
        vrf: str = "",  # noqa: ARG002  (NAPALM's signature)
        source_interface: str = "",
    ) -> dict[str, Any]:
        """ICMP echo from the router; round trips in milliseconds."""
        origin = source or source_interface
        words = ["ping", "-n", "-c", count, "-W", timeout, "-t", ttl, "-s", size, "-i", "0.2"]
        words += ["-I", origin] if origin else []
        line = " ".join(shlex.quote(str(word)) for word in (*words, destination))
        return _ping_answer(self.router.run(line, timeout_s=count * (timeout + 1) + 10), count)

    def _interfaces(self) -> dict[str, dict[str, Any]]:
        (found,) = self.router.ask(("show interface json",))
        return dict(found)

    def _vtysh(self, command: str) -> str:
        said = self.router.run(f"vtysh -c {shlex.quote(command)}")
        if said.status != 0:
            raise CommandErrorException(f"`{command}`: {said.said}")
        return said.out


def _bgp_peer(found: Mapping[str, Any]) -> dict[str, Any]:
    up = found.get("bgpState") == "Established"
    families = found.get("addressFamilyInfo", {})
    return {
        "local_as": int(found.get("localAs", 0)),
        "remote_as": int(found["remoteAs"]),
        "remote_id": str(found.get("remoteRouterId", "0.0.0.0")),  # noqa: S104  (not a listener)
        "is_up": up,
        "is_enabled": not found.get("adminShutDown", False),
        "description": str(found.get("nbrDesc", "")),
        "uptime": int(found.get("bgpTimerUpMsec", 0)) // 1000 if up else -1,
        "address_family": {
            _FAMILIES[name]: {
                "received_prefixes": int(counts.get("acceptedPrefixCounter", 0)) if up else -1,
                "accepted_prefixes": int(counts.get("acceptedPrefixCounter", 0)) if up else -1,
                "sent_prefixes": int(counts.get("sentPrefixCounter", 0)) if up else -1,
            }
            for name, counts in families.items()
            if name in _FAMILIES
        },
    }


_SECRET = re.compile(r"(message-digest-key \d+ md5|password|key-string|auth-key|key) \S+")


def _sanitized(text: str) -> str:
    return _SECRET.sub(r"\1 <removed>", text)


def _ping_answer(said: Completed, count: int) -> dict[str, Any]:
    if said.status not in {0, 1}:
        return {"error": said.said or f"ping ended with {said.status}"}
    times = [float(found) for found in re.findall(r"time=([\d.]+) ms", said.out)]
    who = re.findall(r"bytes from ([^:\s]+)", said.out)
    mean = sum(times) / len(times) if times else 0.0
    spread = (sum((t - mean) ** 2 for t in times) / len(times)) ** 0.5 if times else 0.0
    return {
        "success": {
            "probes_sent": count,
            "packet_loss": count - len(times),
            "rtt_min": min(times, default=0.0),
            "rtt_max": max(times, default=0.0),
            "rtt_avg": mean,
            "rtt_stddev": spread,
            "results": [
                {"ip_address": address, "rtt": rtt}
                for address, rtt in zip(who, times, strict=False)
            ],
        }
    }
