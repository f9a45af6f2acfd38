"""One round now, without a store: what `imereti poll` prints."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings
from monitor.agent import DeviceAgent, DevicePoll
from monitor.clock import Clock, SystemClock
from monitor.links import Links
from monitor.run import FILES_BESIDE, raise_file_limit
from monitor.said import say
from monitor.snmp.open import open_client
from monitor.status import aged, link_status
from monitor.store.base import LinkStatus, StateEntry, Subject
from monitor.targets import Credentials, targets
from monitor.values import Fault, SubjectKind

APART_S = 4.0
"""Between the two readings that rates need: net-snmp's agent renews its counters every 3 s."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave."""

    links: tuple[LinkStatus, ...]
    """Those with an end at a polled device, in the model's order."""
    silent: tuple[tuple[str, str], ...]
    """Devices that did not answer, with why; sorted."""


async def poll_once(
    network: Network,
    settings: Settings,
    secrets: Secrets,
    devices: Collection[str],
    *,
    rates: bool = True,
    credentials: Credentials | None = None,
    clock: Clock | None = None,
) -> Round:
    """Ask `devices` twice, APART_S apart, or for states alone as soon as can be. SecretError.

    A device is silent when it answered neither time. `since` is not known to a single round.
    """
    clock = clock or SystemClock()
    wanted = [each for each in targets(network, credentials) if each.device in devices]
    raise_file_limit(len(wanted) + FILES_BESIDE)
    client = open_client(settings.poll, secrets)
    agents = [
        DeviceAgent(each, client.session(each), clock.monotonic, clock.wall) for each in wanted
    ]
    links = Links(wanted, settings.alarms, APART_S)
    slots = asyncio.Semaphore(settings.poll.concurrency)
    problems: dict[str, str] = {}

    async def ask(agent: DeviceAgent) -> None:
        async with slots:
            poll = await _within(agent, settings.poll.deadline_s, clock)
        links.fold(poll)
        problems[poll.device] = poll.problem

    await asyncio.gather(*map(ask, agents))
    if rates:
        await clock.wait(asyncio.Event(), APART_S)
        await asyncio.gather(*map(ask, agents))
    else:
        await asyncio.gather(*(ask(agent) for agent in agents if problems[agent.target.device]))
    await client.close()
    found = _statuses(network, links, clock.wall(), settings.alarms.stale_after_s)
    return Round(found, tuple((name, problems[name]) for name in sorted(links.silent())))


async def _within(agent: DeviceAgent, deadline_s: float, clock: Clock) -> DevicePoll:
    began = clock.monotonic()
    try:
        async with asyncio.timeout(deadline_s):
            return await agent.poll()
    except TimeoutError:
        return agent.failed(began, say("snmp.timeout", seconds=f"{deadline_s:g}"))


def _statuses(
    network: Network, links: Links, now: float, stale_after_s: float
) -> tuple[LinkStatus, ...]:
    links.rejudge(now)
    verdicts = links.verdicts()
    samples = {sample.link: sample for sample in links.last_samples(now)}
    found = []
    for link in network.links.values():
        verdict = verdicts.get(link.id)
        if verdict is None:
            continue
        subject = Subject(SubjectKind.LINK, link.id)
        entry = StateEntry(subject, now, verdict.state, Fault.NONE, verdict.reason)
        status = link_status(link.id, link.bandwidth_bps, entry, samples.get(link.id))
        found.append(aged(status, now, stale_after_s))
    return tuple(found)
