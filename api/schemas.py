"""The shapes of the API's answers, for /openapi.json. Tests hold every answer against them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from inventory.model import DeviceRole, LinkRole, SiteRole
from monitor.values import EventSource, IncidentState, LinkState, Quality, Severity, SubjectKind


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LinkNow(_Shape):
    """How a link is. `in` is towards end a. What is not known is null, never 0."""

    id: str
    state: LinkState
    since: datetime | None = Field(description="When it came into this state.")
    as_of: datetime | None = Field(description="When it was last read.")
    in_bps: float | None
    out_bps: float | None
    in_utilisation: float | None = Field(description="Share of the bandwidth, 0 to 1.")
    out_utilisation: float | None
    in_errors_ps: float | None
    out_errors_ps: float | None
    loss: float | None = Field(description="Share of probes lost, 0 to 1.")
    rtt_ms: float | None
    jitter_ms: float | None
    reason: str
    quality: Quality


class LinkEnd(_Shape):
    """One end of a link."""

    device: str
    interface: str
    address: str | None
    address6: str | None


class LinkWhole(LinkNow):
    """What a link is and how it is."""

    a: LinkEnd
    b: LinkEnd
    role: LinkRole
    medium: str
    bandwidth_bps: int
    provider: str
    circuit_id: str
    target: float


class DeviceNow(_Shape):
    """A device and how it is."""

    id: str
    site: str
    role: DeviceRole
    platform: str
    hardware: str
    management: str
    state: LinkState
    since: datetime | None
    as_of: datetime | None
    uptime_s: float | None
    rtt_ms: float | None
    reason: str


class SessionShape(_Shape):
    """A BGP session, over IPv4 or IPv6 as its address is."""

    peer: str = Field(description="A device, or an external peer.")
    address: str
    state: str
    prefixes: int | None = Field(description="Received from it.")


class NeighbourShape(_Shape):
    """An OSPF neighbour of the model."""

    neighbour: str = Field(description="Its device.")
    link: str
    state: str | None = Field(description="Of OSPFv2; a dash where it is not there.")
    state6: str | None = Field(description="Of OSPFv3.")


class DeviceWhole(DeviceNow):
    """A device with what it tells of itself. What is not known is null."""

    cpu: float | None = Field(description="Share in use, 0 to 1.")
    memory: float | None = Field(description="Share in use, 0 to 1.")
    temperature_c: float | None = Field(description="Of its hottest sensor.")
    adjacencies: int | None = Field(description="OSPF neighbours of the model that are full.")
    expected_adjacencies: int | None
    adjacencies6: int | None = Field(description="The same of OSPFv3.")
    expected_adjacencies6: int | None
    neighbours: list[NeighbourShape]
    sessions: list[SessionShape]


class EventShape(_Shape):
    """A trap or a log line of a device."""

    at: datetime
    source: EventSource
    severity: int = Field(ge=0, le=7, description="0 emergency to 7 debug (RFC 5424).")
    text: str


class BothNames(_Shape):
    """A name in English and Georgian."""

    en: str
    ka: str


class ServiceNow(_Shape):
    """Something that people use, and whether it answers."""

    id: str
    name: BothNames
    site: str | None
    url: str | None
    query: str | None = Field(description="The name that is looked up.")
    expected_status: int | None = Field(description="Of HTTP.")
    contains: str | None = Field(description="Text that the page holds.")
    answer: str | None = Field(description="An address that the name has.")
    state: LinkState
    since: datetime | None
    as_of: datetime | None = Field(description="When it was last asked.")
    reason: str
    took_ms: float | None
    status: int | None = Field(description="Of HTTP.")
    certificate_days: float | None = Field(description="Left until it is no longer valid.")


class SiteNow(_Shape):
    """A site and whether it can be reached."""

    id: str
    number: int
    name: BothNames
    role: SiteRole
    latitude: float
    longitude: float
    parent: str | None
    target: float
    state: LinkState
    loss: float | None = Field(description="Share of pings to it that were lost, 0 to 1.")
    rtt_ms: float | None = Field(description="Of these pings, from the NOC.")
    jitter_ms: float | None
    devices: list[str]
    links: list[str]


class Series(_Shape):
    """One metric of one link over time, as parallel lists: a graph's shape."""

    link: str
    metric: str
    step_s: float
    at: list[datetime]
    mean: list[float | None]
    maximum: list[float | None]


class SubjectShape(_Shape):
    """A thing of the inventory."""

    kind: SubjectKind
    id: str


class TimelineShape(_Shape):
    """One line of an incident's history."""

    at: datetime
    what: str
    by: str


class IncidentShape(_Shape):
    """One cause and everything that it hits."""

    id: int
    cause: SubjectShape
    state: IncidentState
    severity: Severity
    opened: datetime
    closed: datetime | None
    summary: str
    affected: list[SubjectShape]
    timeline: list[TimelineShape]


class WindowShape(_Shape):
    """Announced work."""

    id: int
    subject: SubjectShape
    start: datetime
    end: datetime
    reason: str
    by: str


class TopologyNode(_Shape):
    """A device on the map."""

    id: str
    site: str
    role: DeviceRole
    state: LinkState


class TopologyEdge(_Shape):
    """A link on the map."""

    id: str
    a: str
    b: str
    role: LinkRole
    bandwidth_bps: int
    cost: int
    backup: bool
    state: LinkState


class Topology(_Shape):
    """The network as a graph."""

    revision: str = Field(description="Of the inventory that it was made from.")
    sites: list[SiteNow]
    nodes: list[TopologyNode]
    edges: list[TopologyEdge]


class AvailabilityRow(_Shape):
    """How long something was in service between `from` and `to`."""

    id: str
    availability: float | None = Field(description="Null when nothing at all is known.")
    target: float | None
    met: bool | None
    available_s: float
    own_fault_s: float
    upstream_s: float
    maintenance_s: float
    unknown_s: float
    outages: int


class AvailabilityReport(_Shape):
    """Availability against target; announced work and unknown time count neither way."""

    by: Literal["site", "link", "provider"]
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    rows: list[AvailabilityRow]


class Readiness(_Shape):
    """Whether what is shown can be believed."""

    ok: bool
    store: Literal["ok", "away"]
    poller: Literal["ok", "stale", "never"]
    reason: str
    last_poll: datetime | None
    spooled_samples: int | None
    """Samples that wait for the store on disk; these four are null until a poller has told."""
    waiting_samples: int | None
    """Samples that wait in the monitor's memory: a kill loses them."""
    dropped_samples: int | None
    """Lost, as neither store nor spool had room for them."""
    rejected_samples: int | None
    """Refused by the store for good, and kept in a file."""


class Alive(_Shape):
    """The process lives."""

    ok: bool
    version: str


class ProblemShape(_Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] = Field(default=[], description="What is wrong with each value.")
