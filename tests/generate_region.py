"""Writes valid regions of any size, for benches and for tests of size.

    write_region(folder, districts=44, distributions=7)   # 100 routers
    write_region(folder, districts=240, offices=5)        # 1,000 devices

Two cores, an edge, a gateway, a layer-3 switch with servers; distribution routers on both cores;
districts on them, each with a backup to the next district, a switch, a school with its own switch;
offices on the distribution routers. Settings that do not depend on size are the default region's.
"""

import json
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import yaml

DEFAULT = Path(__file__).parents[1] / "inventory"
ZONES = {"gov": 16, "council": 32, "public": 48, "inmis": 64, "mgmt": 80}
"""Second octet of each zone's /12: room for 4,096 sites."""


@dataclass
class _Region:
    sites: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def add_site(self, code: str, number: int, role: str, **more: Any) -> dict[str, Any]:
        self.sites[code] = {
            "number": number,
            "name": {"en": f"Site {code}", "ka": f"ობიექტი {code}"},
            "role": role,
            "latitude": round(42 + number % 50 / 100, 3),
            "longitude": round(42 + number // 50 / 100, 3),
            "target": 99.5,
            "devices": {},
            "lans": {},
            **more,
        }
        return self.sites[code]

    def add_device(self, code: str, name: str, role: str, number: int | None = None) -> None:
        switch = role.endswith("-switch")
        row = {"role": role, "hardware": "generated-switch" if switch else "generated-router"}
        self.sites[code]["devices"][name] = row | ({} if number is None else {"number": number})

    def add_link(self, name: str, role: str, a: str, b: str) -> None:
        ends = {"a": self._end(a), "b": self._end(b)}
        numbered = {} if role == "access" else {"number": len(self.links) + 1}
        self.links[name] = {"role": role, **numbered, **ends, "bandwidth": _bandwidth(role)}

    def _end(self, device: str) -> dict[str, str]:
        port = self.used[device] = self.used.get(device, -1) + 1
        return {"device": device, "interface": f"TenGigabitEthernet0/1/{port}"}


def _bandwidth(role: str) -> str:
    return {"wan-backup": "100M", "tbilisi-backup": "100M", "school": "100M"}.get(role, "1G")


def write_region(
    folder: Path, districts: int, distributions: int | None = None, offices: int = 0
) -> None:
    """Write a valid inventory of 5 + distributions + 4 * districts + offices devices.

    At least 2 districts, so that each has another to have its backup with.
    """
    count = ceil(districts / 8) if distributions is None else distributions
    region = _Region()
    _hub(region, count)
    for index in range(1, districts + 1):
        _district(region, index, districts, count)
    for index in range(1, offices + 1):
        _office(region, index, districts, count)
    _write(folder, region)


def _hub(region: _Region, distributions: int) -> None:
    hub = region.add_site("kut", 1, "hub")
    for index, (name, role) in enumerate(
        (("core1", "core"), ("core2", "core"), ("edge1", "edge"), ("dc1", "dc-switch")), 1
    ):
        region.add_device("kut", f"kut-{name}", role, index)
    for index in range(1, distributions + 1):
        region.add_device("kut", f"kut-dist{index}", "distribution", 10 + index)
    hub["lans"] = {
        "inmis": {"router": "kut-dc1", "ports": "1-8"},
        "mgmt": {"router": "kut-dc1", "ports": "9-12"},
    }
    region.add_site("tbi", 2, "gateway")
    region.add_device("tbi", "tbi-edge1", "gateway", 5)
    region.add_link("kut-core1-core2", "core", "kut-core1", "kut-core2")
    names = ["edge1", "dc1", *(f"dist{index}" for index in range(1, distributions + 1))]
    for core in ("kut-core1", "kut-core2"):
        for name in names:
            region.add_link(f"{core}-{name}", "man", core, f"kut-{name}")
    region.add_link("kut-tbi-1", "tbilisi-primary", "kut-edge1", "tbi-edge1")
    region.add_link("kut-tbi-2", "tbilisi-backup", "kut-core2", "tbi-edge1")


def _district(region: _Region, index: int, districts: int, distributions: int) -> None:
    code, school, number = f"d{index:04}", f"d{index:04}-sch", 1000 + 2 * index
    site = region.add_site(code, number, "district")
    region.add_device(code, f"{code}-rtr1", "district", number)
    region.add_device(code, f"{code}-sw1", "district-switch")
    site["lans"] = {"gov": {"ports": "1-12"}, "council": {"ports": "13-20"}, "mgmt": {}}
    site = region.add_site(school, number + 1, "school", parent=code)
    region.add_device(school, f"{school}-rtr1", "school", number + 1)
    region.add_device(school, f"{school}-sw1", "school-switch")
    site["lans"] = {"public": {"ports": "1-16"}, "mgmt": {}}
    distribution = f"kut-dist{index % distributions + 1}"
    region.add_link(f"kut-{code}", "wan-primary", distribution, f"{code}-rtr1")
    after = index % districts + 1
    if districts > 2 or index < after:  # two districts share one backup
        region.add_link(f"{code}-d{after:04}", "wan-backup", f"{code}-rtr1", f"d{after:04}-rtr1")
    region.add_link(f"{code}-acc", "access", f"{code}-rtr1", f"{code}-sw1")
    region.add_link(school, "school", f"{code}-rtr1", f"{school}-rtr1")
    region.add_link(f"{school}-acc", "access", f"{school}-rtr1", f"{school}-sw1")


def _office(region: _Region, index: int, districts: int, distributions: int) -> None:
    code = f"o{index:04}"
    site = region.add_site(code, 1001 + 2 * districts + index, "office", parent="kut")
    region.add_device(code, f"{code}-sw1", "office-switch")
    site["lans"] = {"gov": {"ports": "1-12"}, "mgmt": {}}
    distribution = f"kut-dist{index % distributions + 1}"
    region.add_link(f"{code}-acc", "access", distribution, f"{code}-sw1")


def _write(folder: Path, region: _Region) -> None:
    (folder / "sites").mkdir(parents=True, exist_ok=True)
    for code, site in region.sites.items():
        dump_rows(folder / "sites" / f"{code}.yaml", site)
    dump_rows(folder / "links.yaml", region.links)
    for name in ("groups.yaml", "defaults.yaml"):
        (folder / name).write_text((DEFAULT / name).read_text(encoding="utf-8"), encoding="utf-8")
    ports = {"TenGigabitEthernet0/1/0..199": "10G", "GigabitEthernet0/0/0..3": "1G"}
    users = "GigabitEthernet1/0/1..24"
    switch = {"ports": {users: "1G", "TenGigabitEthernet0/1/0..3": "10G"}, "access": users}
    hardware = {
        "generated-router": {"model": "Generated router", "ports": ports, "mtu": 9000},
        "generated-switch": {"model": "Generated switch", **switch, "mtu": 9000},
    }
    dump_rows(folder / "hardware.yaml", hardware)
    dump_rows(folder / "region.yaml", _settings())


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((DEFAULT / "region.yaml").read_text(encoding="utf-8"))
    for zone, octet in ZONES.items():
        settings["zones"][zone]["ipv4"] = f"10.{octet}.0.0/12"
    settings["bgp"]["externals"]["central-government"]["interface"] = "GigabitEthernet0/0/0"
    settings["bgp"]["speaker_roles"] = ["core", "edge"]  # bgpd in each of 100 needs memory
    settings["services"] |= {
        "ntp": ["10.80.1.21"],
        "syslog": ["10.80.1.20"],
        "resolver4": "10.64.1.53",
        "resolver6": "fd10:1412:7e1:4001::53",
    }
    settings["services"]["snmp"]["collectors"] = ["10.80.1.20"]
    return settings


def dump_rows(path: Path, content: dict[str, Any]) -> None:
    """One line a key: JSON is YAML, and a file of 1,000 rows is written at once."""
    rows = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in content.items())
    path.write_text("".join(rows), encoding="utf-8")
