"""What the files say, as far as they could be read: what the checks look at before all is good."""

from dataclasses import dataclass, field
from typing import Any

from inventory.errors import Problem
from inventory.marked_yaml import Key, MarkedYaml
from inventory.model import LinkRole, SiteRole
from inventory.schema import (
    AddressSpec,
    BgpSpec,
    DefaultsSpec,
    DeviceSpec,
    GroupSpec,
    HardwareSpec,
    LanSpec,
    LinkRoleSpec,
    LinkSpec,
    OspfSpec,
    RegionSpec,
    ServicesSpec,
    SiteRoleSpec,
    SiteSpec,
    ZoneSpec,
)


@dataclass(frozen=True, slots=True)
class Host:
    """A device, and the site file that it stands in."""

    site: str
    spec: DeviceSpec


@dataclass(frozen=True, slots=True)
class DraftLan:
    """A LAN, the site file that it stands in, and its key there: zone, or zone and tag."""

    site: str
    key: str
    zone: str
    spec: LanSpec

    @property
    def id(self) -> str:
        """`<site>-<zone>` or `<site>-<zone>-<tag>`."""
        return f"{self.site}-{self.key}"


@dataclass(slots=True)
class Draft:
    """Everything that parsed, by name; what did not has its problems, and its name in `broken`."""

    shown_as: str
    """The folder's name as it stands in messages."""
    sources: dict[str, MarkedYaml] = field(default_factory=dict)
    """By path within the folder: region.yaml, sites/zes.yaml."""
    problems: list[Problem] = field(default_factory=list)
    region: RegionSpec | None = None
    addresses: AddressSpec | None = None
    ospf: OspfSpec | None = None
    bgp: BgpSpec | None = None
    services: ServicesSpec | None = None
    zones: dict[str, ZoneSpec] = field(default_factory=dict)
    site_roles: dict[SiteRole, SiteRoleSpec] = field(default_factory=dict)
    link_roles: dict[LinkRole, LinkRoleSpec] = field(default_factory=dict)
    hardware: dict[str, HardwareSpec] = field(default_factory=dict)
    groups: dict[str, GroupSpec] = field(default_factory=dict)
    defaults: DefaultsSpec = field(default_factory=DefaultsSpec)
    sites: dict[str, SiteSpec] = field(default_factory=dict)
    devices: dict[str, Host] = field(default_factory=dict)
    lans: dict[str, DraftLan] = field(default_factory=dict)
    links: dict[str, LinkSpec] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)
    """("site", "zes"), ("device", "zes-rtr1"), ("file", "links.yaml"): there, but not usable."""
    sites_of_broken_devices: dict[str, str] = field(default_factory=dict)
    raw_ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Ends of every row whose two devices could be read, good or not."""
    raw_parents: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Role and parent as typed, of every site whose file could be read."""
    revision: str = ""

    @property
    def knows_zones(self) -> bool:
        """Whether the zones could be read, though there may be none."""
        return self.region is not None or bool(self.zones)

    def say(self, file: str, key: Key, message: str, hint: str = "") -> None:
        """Add a problem at `key` of `file` (a path within the folder)."""
        marked = self.sources.get(file)
        if marked is None:
            path = f"{self.shown_as}/{file}"
            self.problems.append(Problem(path, 0, "", message, hint))
        else:
            self.problems.append(marked.problem(key, message, hint))

    def say_region(self, key: Key, message: str, hint: str = "") -> None:
        """Add a problem of region.yaml."""
        self.say("region.yaml", key, message, hint)

    def say_link(self, link: str, key: Key, message: str, hint: str = "") -> None:
        """Add a problem of a row of links.yaml."""
        self.say("links.yaml", (link, *key), message, hint)

    def say_site(self, site: str, key: Key, message: str, hint: str = "") -> None:
        """Add a problem of a site's file."""
        self.say(f"sites/{site}.yaml", key, message, hint)

    def say_device(self, device: str, key: Key, message: str, hint: str = "") -> None:
        """Add a problem of a device in its site's file."""
        host = self.devices.get(device)
        site = host.site if host else self.sites_of_broken_devices[device]
        self.say_site(site, ("devices", device, *key), message, hint)

    def say_lan(self, lan: DraftLan, key: Key, message: str, hint: str = "") -> None:
        """Add a problem of a LAN in its site's file."""
        self.say_site(lan.site, ("lans", lan.key, *key), message, hint)

    def sites_in_unreadable_files(self) -> list[str]:
        """Codes of the sites of whose files nothing is known."""
        files = [name for kind, name in self.broken if kind == "file"]
        codes = [name.removeprefix("sites/").removesuffix(".yaml") for name in files]
        return sorted(code for code in codes if ("site", code) in self.broken)

    def line_of(self, file: str, key: Key) -> str:
        """`inventory/links.yaml:12`, for a message that points at a second place."""
        marked = self.sources[file]
        return f"{marked.file}:{marked.line(key)}"

    def has(self, kind: str, name: str) -> bool:
        """Whether something of that kind and name stands in the files, usable or not."""
        known: dict[str, dict[Any, Any]] = {
            "site": self.sites,
            "device": self.devices,
            "hardware": self.hardware,
            "group": self.groups,
            "zone": self.zones,
            "lan": self.lans,
            "link": self.links,
        }
        return name in known[kind] or (kind, name) in self.broken
