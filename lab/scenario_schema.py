"""What a scenario file may say. The text of each field's error is made in lab.scenario_files."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from inventory.schema import Spec


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""One name or several. A name is a LAN's id, `zone:gov`, `site:zes`, `internet`, `resolver`, an
external peer's id, a router's name, or any of these with `*`."""
Prefix = IPv4Network | IPv6Network
Seconds = Annotated[float, Field(gt=0, le=300)]


class Part(Spec):
    """Whatever stands in a scenario file: no key is ignored."""


class FaultStep(Part):
    """A fault with its parameters: they are checked against lab.fault_kinds."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: str
    target: str

    @property
    def parameters(self) -> dict[str, Any]:
        """What the kind asks for."""
        return dict(self.__pydantic_extra__ or {})


class Reach(Part):
    """Pings, or connections to a port, from every one of `from` to every one of `to`."""

    source: Names = Field(alias="from")
    to: Names
    protocol: Literal["icmp", "tcp", "udp"] = "icmp"
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    family: Literal[4, 6] | None = None
    """None: both."""
    hold_s: Seconds = 2.0
    """For no-reach: how long nothing may arrive."""


class Path(Part):
    """The way that packets take, as the routers' forwarding tables say."""

    source: str = Field(alias="from")
    to: str
    through: tuple[str, ...] = ()
    """Links or devices that must be on it."""
    avoids: tuple[str, ...] = ()
    """Links or devices that must not be."""
    family: Literal[4, 6] = 4


class Adjacency(Part):
    """OSPF and BFD over a link, or all of a device; None of both: every modelled one."""

    link: str | None = None
    device: str | None = None
    protocol: Literal["ospf", "ospf6", "bfd"] | None = None
    state: Literal["up", "down"] = Field("up", alias="is")


class Session(Part):
    """BGP of a device with a neighbour."""

    device: str
    neighbour: str
    """A device or an external peer."""
    family: Literal[4, 6] | None = None
    """The session over IPv4 or over IPv6; None: both."""
    state: Literal["up", "down"] = Field("up", alias="is")


class Prefixes(Part):
    """Prefixes that a device has from a neighbour, or sends it, after its filters."""

    device: str
    neighbour: str
    direction: Literal["received", "sent"] = "received"
    exactly: tuple[Prefix, ...] | Literal["agreed"] | None = None
    """`agreed`: what region.yaml lets the external peer announce, or the region's aggregates."""
    includes: tuple[Prefix, ...] = ()
    excludes: tuple[Prefix, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "Prefixes":
        if self.exactly is None and not self.includes and not self.excludes:
            raise ValueError("expected one of exactly, includes, excludes, found none")
        return self


class Route(Part):
    """Whether a router's forwarding table has a way to a prefix."""

    device: Names
    prefix: Prefix | Literal["default"]
    present: bool = True


class Line(Part):
    """A line of a router's running configuration, without its indent."""

    device: str
    text: str
    present: bool = True


class Outage(Part):
    """Pings in quick succession from before the step's action until all is well again."""

    source: Names = Field(alias="from")
    to: Names
    at_most_ms: Annotated[int, Field(ge=0)]
    family: Literal[4, 6] | None = None


class Loss(Part):
    """The same pings, counted."""

    source: Names = Field(alias="from")
    to: Names
    at_most: Annotated[int, Field(ge=0)]
    """Pings lost on the worst way; one is sent every 10 ms."""
    family: Literal[4, 6] | None = None


class Rate(Part):
    """What a link carries while traffic flows, read from the counters of its interfaces."""

    link: str
    at_least_bps: Annotated[float, Field(ge=0)] = 0.0
    at_most_bps: float | None = None


class Throughput(Part):
    """What TCP gets through, by iperf3 from one host to another."""

    source: str = Field(alias="from")
    to: str
    at_least_bps: Annotated[float, Field(ge=0)] = 0.0
    at_most_bps: float | None = None
    family: Literal[4, 6] = 4


class Flows(Part):
    """UDP from each of `from` to each of `to`, all the time."""

    source: Names = Field(alias="from")
    to: Names
    kbps: Annotated[float, Field(gt=0)]
    """Of each pair, as the counters of an interface see it."""
    family: Literal[4, 6] = 4


class ApiState(Part):
    """A state as the poller found it and the API gives it."""

    link: str | None = None
    device: str | None = None
    state: Literal["up", "degraded", "down", "unknown", "maintenance"] = Field(alias="is")


class IncidentCause(Part):
    """Who is to blame."""

    kind: Literal["link", "device", "service"]
    id: str


class Incident(Part):
    """The incidents that are open, all of them: `[]` is none."""

    causes: tuple[IncidentCause, ...]


class Expectation(Part):
    """Exactly one thing that is to hold."""

    reach: Reach | None = None
    no_reach: Reach | None = Field(None, alias="no-reach")
    path: Path | None = None
    adjacency: Adjacency | None = None
    session: Session | None = None
    prefixes: Prefixes | None = None
    route: Route | None = None
    line: Line | None = None
    outage: Outage | None = None
    loss: Loss | None = None
    rate: Rate | None = None
    throughput: Throughput | None = None
    state: ApiState | None = None
    incidents: Incident | None = None
    policy: Literal["every-lan", "ports", "sources"] | None = None
    """What follows from the zones of region.yaml, see lab.promises. every-lan: pings, each LAN to
    each; ports: TCP and UDP between zones; sources: nobody sends as somebody else."""

    @model_validator(mode="after")
    def _one_of_them(self) -> "Expectation":
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one expectation, found {', '.join(given) or 'none'}")
        return self


class Sweep(Part):
    """One fault after the other, each measured and mended; which ones, the model says."""

    what: Literal["cut", "silent", "down"]
    """Each routed link cut; each circuit silently dead; each router without power."""
    roles: tuple[str, ...] = ()
    """Of links or devices; all routed links, or all routers that others depend on."""
    only: tuple[str, ...] = ()
    """Ids or names, with `*`: a part of them."""
    at_most_ms: Annotated[int, Field(ge=1)] = 1000
    """To servers: ways that OSPF itself knows."""
    outside_at_most_ms: Annotated[int, Field(ge=1)] = 2000
    """To the Internet: by the default route, which the region has from elsewhere."""


class Edit(Part):
    """One value of an inventory file."""

    file: str
    """`links.yaml`, `sites/zes.yaml`."""
    key: str
    """Dotted: `kut-zes.bandwidth`."""
    value: Any
    against_rules: bool = False
    """`validate` would refuse it, on purpose: what then happens is what the step shows."""


class Step(Part):
    """One action, and what is to hold after it."""

    name: str = ""
    fault: FaultStep | None = None
    heal: str | None = None
    """A target, or `all`."""
    change: tuple[Edit, ...] | None = None
    """Of the inventory: applied to the running routers through provisioning."""
    traffic: tuple[Flows, ...] | bool | None = None
    """A matrix of flows; true: the small one that follows from the zones; false: none."""
    watch: bool | None = None
    """Whether the poller runs, for `state` and `incidents`."""
    clock: float | None = None
    """Seconds by which the poller's clock jumps."""
    sweep: Sweep | None = None
    repeat: Annotated[int, Field(ge=1, le=50)] = 1
    """Make and mend the fault so many times."""
    within_s: Seconds = 15.0
    """How long what is expected may take."""
    expect: tuple[Expectation, ...] = ()

    @model_validator(mode="after")
    def _one_action(self) -> "Step":
        given = [name for name in ACTIONS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"expected one action a step, found {', '.join(given)}")
        if not given and not self.expect:
            known = ", ".join(ACTIONS)
            raise ValueError(f"expected an action ({known}) or something to expect, found neither")
        return self


ACTIONS = ("fault", "heal", "change", "traffic", "watch", "clock", "sweep")


class Given(Part):
    """What the scenario needs before its first step."""

    region: str | None = None
    """Code of the region that it is about; None: any."""
    site: Names = ()
    host: Names = ()
    role: Names = ()
    faults: tuple[FaultStep, ...] = ()


class Scenario(Part):
    """One file."""

    title: str
    given: Given = Given()
    steps: tuple[Step, ...]

    @model_validator(mode="after")
    def _does_something(self) -> "Scenario":
        if not self.steps:
            raise ValueError("expected at least one step, found none")
        return self
