"""What the network says of itself at one moment: states of devices, and probes, as checks."""

from collections.abc import Collection, Iterable

from inventory.errors import ImeretiError
from inventory.model import Network
from nornir_tasks.bgp import border_scope
from nornir_tasks.checks import CheckResult, check_state, unreached
from nornir_tasks.open_session import PLATFORMS
from nornir_tasks.probes import check_latency, check_probes, probes_for
from nornir_tasks.session import Session
from nornir_tasks.work import Work


def scope_of(network: Network, devices: Collection[str]) -> tuple[str, ...]:
    """Who can tell that a change on `devices` went wrong: they, their neighbours, the borders."""
    scope = set(devices) | border_scope(network)
    for link in network.links.values():
        if {link.a.device, link.b.device} & set(devices):
            scope |= {link.a.device, link.b.device}
    known = (network.devices[name] for name in scope if name in network.devices)
    return tuple(
        sorted(
            device.name
            for device in known
            if device.platform in PLATFORMS and (device.routes or device.name in devices)
        )
    )


def take(work: Work, devices: Iterable[str], *, probe: bool = True) -> tuple[CheckResult, ...]:
    """Every declared check of `devices`, and every probe when there is a prober.

    Round trips are among them: no promise of the model, but a change must not make them longer.
    """

    def step(session: Session) -> tuple[CheckResult, ...]:
        return check_state(work.network, session.device, session.state())

    results: list[CheckResult] = []
    for name, outcome in work.fleet.run_afresh(step, devices).items():
        if isinstance(outcome, ImeretiError):
            results.append(unreached(name, work.secrets.mask(str(outcome))))
        else:
            results.extend(outcome)
    if probe and work.prober is not None:
        probes = probes_for(work.network, work.prober.lans())
        probed = work.prober.probe(probes)
        results += (*check_probes(probed), *check_latency(probed))
    return tuple(results)
